"""The places where each shell looks for completions of this user, and the choice of the shell."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import NamedTuple

from mtribes_cli.completion.scripts import SCRIPTS
from mtribes_cli.errors import UsageError
from mtribes_cli.files.bounded_reader import MAX_SHELL_FILE_BYTES, MAX_SYSTEM_FILE_BYTES, read_regular_file

_NAMES = {**{name: name for name in SCRIPTS}, "pwsh": "powershell"}


class InstallPath(NamedTuple):
    """A file that a shell reads, and what the user must do so that it does."""

    path: Path
    advice: Sequence[str]


def shell_of(environment: Mapping[str, str]) -> str:
    """Return the shell that started this process, else the user's own. Raises UsageError if it is unknown."""
    names = (_parent_name(), environment.get("SHELL", ""), "powershell" if os.name == "nt" else "")
    for name in names:
        known = _NAMES.get(Path(name.removeprefix("-")).stem.lower())
        if known:
            return known
    raise UsageError("Could not detect your shell.", f"Specify it: {', '.join(SCRIPTS)}.")


def install_path(shell: str, environment: Mapping[str, str], config_folder: Path) -> InstallPath:
    """Return where `shell` finds the completions of this user."""
    home = _home(environment)
    match shell:
        case "bash":
            return _bash(environment, home)
        case "zsh":
            return _zsh(environment, home)
        case "fish":
            path = _folder(environment, "XDG_CONFIG_HOME", home / ".config") / "fish" / "completions" / "mtribes.fish"
            return InstallPath(path, ["fish loads it automatically."])
    path = config_folder / "mtribes.ps1"
    quoted = str(path).replace("'", "''")
    return InstallPath(
        path, ["To load it in PowerShell, add this line to your profile (the file in $PROFILE):", f"  . '{quoted}'"]
    )


def _bash(environment: Mapping[str, str], home: Path) -> InstallPath:
    data = _folder(environment, "XDG_DATA_HOME", home / ".local" / "share") / "bash-completion"
    path = _folder(environment, "BASH_COMPLETION_USER_DIR", data) / "completions" / "mtribes"
    by_hand = "The bash-completion package loads it automatically. Without that package, add this line to ~/.bashrc:"
    return InstallPath(path, [by_hand, f"  . {quote(str(path))}"])


def _zsh(environment: Mapping[str, str], home: Path) -> InstallPath:
    folder = _folder(environment, "XDG_DATA_HOME", home / ".local" / "share") / "zsh" / "site-functions"
    path = folder / "_mtribes"
    settings = _folder(environment, "ZDOTDIR", home) / ".zshrc"
    if _is_read_by_zsh(folder, environment, settings):
        return InstallPath(path, ["zsh loads it automatically. If completion is outdated, run: rm -f ~/.zcompdump*"])
    lines = [f"  fpath=({quote(str(folder))} $fpath)", "  autoload -Uz compinit && compinit"]
    return InstallPath(
        path, [f"To load it in zsh, add these lines to {settings} (the first one before any compinit):", *lines]
    )


def _is_read_by_zsh(folder: Path, environment: Mapping[str, str], settings: Path) -> bool:
    if str(folder) in environment.get("FPATH", "").split(":"):
        return True
    try:
        text = read_regular_file(settings, MAX_SHELL_FILE_BYTES).decode("utf-8", "replace")
    except OSError:
        return False
    return any(str(folder) in line for line in text.splitlines() if not line.lstrip().startswith("#"))


def _folder(environment: Mapping[str, str], variable: str, otherwise: Path) -> Path:
    """Return the folder in a variable; the XDG rules ignore a relative path."""
    said = Path(environment.get(variable, ""))
    return said if said.is_absolute() else otherwise


def _home(environment: Mapping[str, str]) -> Path:
    home = environment.get("HOME")
    try:
        return Path(home) if home else Path.home()
    except RuntimeError as error:
        raise UsageError("Could not determine your home folder.", "Set HOME.") from error


def _parent_name() -> str:
    """Return the name of the parent process, where the system tells it in a file."""
    try:
        return read_regular_file(Path(f"/proc/{os.getppid()}/comm"), MAX_SYSTEM_FILE_BYTES).decode("utf-8").strip()
    except (OSError, ValueError):
        return ""
