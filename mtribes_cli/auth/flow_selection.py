"""Chooses how to sign in: with a browser on this machine, or with a code for another one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mtribes_cli.auth.host_trust import require_own_project
from mtribes_cli.auth.token_provider import from_environment
from mtribes_cli.errors import NotSignedInError
from mtribes_cli.files.bounded_reader import MAX_SYSTEM_FILE_BYTES, read_regular_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mtribes_cli.api.server_url import Host
    from mtribes_cli.auth.context import AuthContext
    from mtribes_cli.auth.credential_store import TokenSet

CONTAINER_FILES = (".dockerenv", "run/.containerenv")
CONTAINER_GROUPS = ("docker", "kubepods", "containerd", "libpod", "lxc")
SSH_VARIABLES = ("SSH_CONNECTION", "SSH_TTY")
WSL_VARIABLES = ("WSL_DISTRO_NAME", "WSL_INTEROP")


def sign_in_by_best_flow(context: AuthContext, host: Host) -> TokenSet:
    """Sign in by the best flow and store it. Raises NotSignedInError at once if nobody is at the terminal."""
    from mtribes_cli.auth.browser_flow import sign_in_with_browser  # noqa: PLC0415 - start-up time
    from mtribes_cli.auth.device_flow import sign_in_with_code  # noqa: PLC0415 - start-up time

    require_own_project(context)
    if not context.console.is_interactive:
        raise NotSignedInError(
            "Cannot sign in without a terminal.",
            "Set MTRIBES_HOST and MTRIBES_TOKEN (or MTRIBES_CLIENT_ID and MTRIBES_CLIENT_SECRET), pipe a "
            "token to `mtribes login --with-token`, or sign in on another device with `mtribes login "
            "--device`. Pass --browser to use a browser anyway.",
        )
    reason = reason_for_code(context.environment, context.system_root)
    if reason is None:
        return sign_in_with_browser(context, host, offers_code=True)
    context.console.notice(f"Signing in with a code because {reason}. Pass --browser to use a browser on this machine.")
    return sign_in_with_code(context, host)


Outcome = TypeVar("Outcome")


def ensure_signed_in(context: AuthContext, work: Callable[[], Outcome]) -> Outcome:
    """Run `work`, which sends requests; if nobody is signed in and somebody is at the terminal, sign in first."""
    try:
        return work()
    except NotSignedInError:
        if from_environment(context) or not context.console.is_interactive:
            raise
        sign_in_by_best_flow(context, context.host)
        return work()


def reason_for_code(environment: Mapping[str, str], system_root: Path) -> str | None:
    """Return why a browser on this machine would be of no use; None if it would."""
    if any(environment.get(name) for name in SSH_VARIABLES):
        return "this is an SSH session"
    if not sys.platform.startswith("linux"):
        return None
    if _is_wsl(environment, system_root):
        return "this is WSL"
    if _is_container(system_root):
        return "this is a container"
    if not any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")):
        return "no display is available"
    return None


def _is_wsl(environment: Mapping[str, str], system_root: Path) -> bool:
    return any(environment.get(name) for name in WSL_VARIABLES) or "microsoft" in _text_of(
        system_root / "proc/sys/kernel/osrelease"
    )


def _is_container(system_root: Path) -> bool:
    groups = _text_of(system_root / "proc/1/cgroup")
    return any((system_root / name).exists() for name in CONTAINER_FILES) or any(
        name in groups for name in CONTAINER_GROUPS
    )


def _text_of(path: Path) -> str:
    """Return the text of a file of the system in lower case; "" if it cannot be read."""
    try:
        return read_regular_file(path, MAX_SYSTEM_FILE_BYTES).decode("utf-8", "replace").lower()
    except OSError:
        return ""
