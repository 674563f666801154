"""The folders for files of this user."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from mtribes_cli.files.errors import NO_HOME


class AppPaths(NamedTuple):
    """The folders for files of this user."""

    config: Path  # credentials, servers that are trusted
    state: Path  # journals, locks, tracebacks
    server: Path  # the data folder of the local server

    @classmethod
    def of_this_user(cls, environment: Mapping[str, str]) -> AppPaths:
        """Return the folders of the system for this user; `MTRIBES_DATA` names that of the local server."""
        import platformdirs  # noqa: PLC0415 - start-up time

        server = environment_variable(environment, "MTRIBES_DATA")
        return cls(
            config=_folder(platformdirs.user_config_path, "mtribes"),
            state=_folder(platformdirs.user_state_path, "mtribes"),
            server=_named_folder(server) if server else _folder(platformdirs.user_data_path, "mtribes-server"),
        )


def environment_variable(environment: Mapping[str, str], name: str) -> str | None:
    """Return a variable without surrounding blanks (or a line end, as from `$(cat FILE)`); None if it is blank."""
    return environment.get(name, "").strip() or None


def _named_folder(name: str) -> Path:
    """Return a folder by its name, as the server reads it."""
    try:
        return Path(name).expanduser().absolute()
    except RuntimeError:
        return Path(NO_HOME)


def _folder(find: Callable[..., Path], name: str) -> Path:
    """Return a folder that the system names; without a home, a folder that cannot exist."""
    try:
        folder = find(name, appauthor=False)
    except RuntimeError:
        return Path(NO_HOME)
    return folder if folder.is_absolute() else Path(NO_HOME)
