"""What signing in needs of a command's context, so that nothing here imports all of it."""

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
    """The clients, stores and prompts that a sign-in needs."""

    @property
    def arguments(self) -> Arguments:
        """The global options."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment variables of the process."""

    @property
    def console(self) -> Console:
        """The console for messages and prompts."""

    @property
    def clock(self) -> Clock:
        """The clock."""

    @property
    def browser(self) -> Callable[[str], bool]:
        """Opens a page in the browser; returns whether it could."""

    @property
    def folders(self) -> AppPaths:
        """The folders of this user."""

    @property
    def system_root(self) -> Path:
        """The folder in which the system describes itself."""

    @property
    def failpoint(self) -> Callable[[str], None]:
        """Tests end the process here."""

    @property
    def credentials(self) -> CredentialStore:
        """The credentials that are stored between commands."""

    @property
    def host(self) -> Host:
        """The server to talk to."""

    @property
    def project_in_use(self) -> ProjectFile | None:
        """The `mtribes.toml` that was read, if any."""

    def variable(self, name: str) -> str | None:
        """Return an environment variable; None if it is not set, or blank."""

    def client_for(self, host: Host) -> Client:
        """Return a client of a server, with the credentials for it."""
