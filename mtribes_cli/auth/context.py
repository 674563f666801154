"""What signing in works with: a part of a command's context, so that nothing here imports the whole of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mtribes_cli.api.client.client import Client
    from mtribes_cli.api.server_url import Host
    from mtribes_cli.auth.credential_store import CredentialStore
    from mtribes_cli.clock import Clock
    from mtribes_cli.files.app_paths import AppPaths
    from mtribes_cli.global_options import Arguments
    from mtribes_cli.project.project_file import ProjectFile
    from mtribes_cli.terminal.console import Console


class AuthContext(Protocol):
    """The clients, stores and people that a sign-in needs."""

    @property
    def arguments(self) -> Arguments:
        """The global options."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables of the process."""

    @property
    def console(self) -> Console:
        """Where a person is told and asked."""

    @property
    def clock(self) -> Clock:
        """Time."""

    @property
    def browser(self) -> Callable[[str], bool]:
        """What shows a page to the person; whether it could."""

    @property
    def folders(self) -> AppPaths:
        """Where files of this user are."""

    @property
    def system_root(self) -> Path:
        """Where the system tells what it is."""

    @property
    def failpoint(self) -> Callable[[str], None]:
        """Tests end the process here."""

    @property
    def credentials(self) -> CredentialStore:
        """Sign-ins that are kept between commands."""

    @property
    def host(self) -> Host:
        """The server that is meant."""

    @property
    def project_in_use(self) -> ProjectFile | None:
        """The `mtribes.toml` that was read, if one was."""

    def variable(self, name: str) -> str | None:
        """A variable of the environment; None where it is not set, or blank."""

    def client_for(self, host: Host) -> Client:
        """A server, with the credentials for it."""
