"""What flags, environment variables and `mtribes.toml` say together: host, organization, Space, environment.

Reading `mtribes.toml` itself is in `project_file`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mtribes_cli.api.server_url import NAMED_BY_PROJECT, Host, host_from
from mtribes_cli.errors import NotSignedInError, UsageError

if TYPE_CHECKING:
    from mtribes_cli.project.project_file import ProjectFile


class Settings:
    """The settings of one command. Each error names the flag that would set it."""

    def __init__(
        self,
        variable: Callable[[str], str | None],
        *,
        host_flag: str | None,
        project: Callable[[], ProjectFile | None],
        stored_hosts: Callable[[], Sequence[str]],
        server_folder: Path,
    ) -> None:
        self._variable = variable
        self._host_flag = host_flag
        self._project = project
        self._stored_hosts = stored_hosts
        self._server_folder = server_folder

    def host(self) -> Host:
        """Return the host: `--host`, else `MTRIBES_HOST`, else `mtribes.toml`, else that of the only sign-in.

        Raises NotSignedInError if none of them names it.
        """
        said = (
            (self._host_flag, "--host"),
            (self._variable("MTRIBES_HOST"), "MTRIBES_HOST"),
        )
        for text, said_by in said:
            if text:
                return host_from(text, said_by=said_by, server_folder=self._server_folder)
        project = self._project()
        if project:
            return host_from(project.host, said_by=NAMED_BY_PROJECT, server_folder=self._server_folder)
        stored = self._stored_hosts()
        if len(stored) == 1:
            return Host(stored[0], "your sign-in")
        what = (
            f"You are signed in to {len(stored)} servers, but did not specify one" if stored else "No server specified"
        )
        raise NotSignedInError(
            f"{what}.",
            "Pass --host URL (`--host local` for a local server), set MTRIBES_HOST, or run `mtribes setup`.",
        )

    def organization(self, flag: str | None) -> str:
        """Return the organization's key, from the flag or `mtribes.toml`."""
        return self._needed(flag, "organization")

    def space(self, flag: str | None) -> str:
        """Return the Space's key, from the flag or `mtribes.toml`."""
        return self._needed(flag, "space")

    def environment(self, flag: str | None) -> str:
        """Return `production`, `staging` or `development`, from the flag or `mtribes.toml`; there is no default."""
        return self._needed(flag, "environment")

    def _needed(self, flag: str | None, name: str) -> str:
        value = flag or getattr(self._project(), name, None)
        if not isinstance(value, str) or not value:
            raise UsageError(f"No {name} specified.", f'Pass --{name}, or set `{name} = "..."` in mtribes.toml.')
        return value
