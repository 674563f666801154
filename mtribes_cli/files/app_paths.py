"""The folders in which files of this user are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from mtribes_cli.files.errors import NO_HOME


class AppPaths(NamedTuple):
    """Where files of the user's are kept."""

    config: Path  # credentials, servers that are trusted
    state: Path  # journals, locks, tracebacks
    server: Path  # the data folder of the local server

    @classmethod
    def of_this_user(cls, environment: Mapping[str, str]) -> AppPaths:
        """The folders that the system provides; `MTRIBES_DATA` says where the local server's is."""
        import platformdirs  # noqa: PLC0415 - start-up time

        server = environment_variable(environment, "MTRIBES_DATA")
        return cls(
            config=_folder(platformdirs.user_config_path, "mtribes"),
            state=_folder(platformdirs.user_state_path, "mtribes"),
            server=_named_folder(server) if server else _folder(platformdirs.user_data_path, "mtribes-server"),
        )


def environment_variable(environment: Mapping[str, str], name: str) -> str | None:
    """Return a variable without blanks around it (or a line end, as `$(cat FILE)` may leave); None for a blank one."""
    return environment.get(name, "").strip() or None


def _named_folder(name: str) -> Path:
    """A folder by its name, as the server reads it."""
    try:
        return Path(name).expanduser().absolute()
    except RuntimeError:
        return Path(NO_HOME)


def _folder(find: Callable[..., Path], name: str) -> Path:
    """What the system names; where it knows no home for this user, a folder in which nothing is and can be."""
    try:
        folder = find(name, appauthor=False)
    except RuntimeError:
        return Path(NO_HOME)
    return folder if folder.is_absolute() else Path(NO_HOME)
