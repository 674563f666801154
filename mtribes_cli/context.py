"""Everything that a command works with, each part made on first use. Tests replace parts."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from mtribes_cli.clock import Clock
from mtribes_cli.errors import UsageError
from mtribes_cli.files.app_paths import AppPaths, environment_variable
from mtribes_cli.global_options import Arguments
from mtribes_cli.terminal.console import Console, Style, standard_streams

if TYPE_CHECKING:
    from mtribes_cli.api.client.authorized_session import TokenProvider
    from mtribes_cli.api.client.client import Client
    from mtribes_cli.api.server_url import Host
    from mtribes_cli.auth.credential_store import CredentialStore
    from mtribes_cli.project.project_file import ProjectFile
    from mtribes_cli.settings import Settings


def open_in_browser(url: str) -> bool:
    """Ask the system's browser to open `url`; return whether it agreed."""
    import webbrowser  # noqa: PLC0415 - only a sign-in needs it

    try:
        return webbrowser.open(url)
    except (webbrowser.Error, OSError):
        return False


def _current_folder() -> Path:
    """Return the working folder of the process; if it was removed, the first use of it fails."""
    try:
        return Path.cwd()
    except OSError:
        return Path()


@dataclass(frozen=True)
class Context:
    """The context of one command."""

    arguments: Arguments = field(default_factory=Arguments)
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    streams: tuple[TextIO, TextIO, TextIO] = field(default_factory=standard_streams)  # in, out, err
    started_in: Path = field(default_factory=_current_folder)
    clock: Clock = field(default_factory=Clock)
    browser: Callable[[str], bool] = open_in_browser
    own_folders: AppPaths | None = None  # None: the system's
    system_root: Path = Path("/")  # where the system tells what it is: a container, WSL
    failpoint: Callable[[str], None] = lambda _name: None  # tests end the process here

    meant_host: Host | None = None  # what a command found out itself; None: flags, variables and `mtribes.toml` say it

    resources: ExitStack = field(default_factory=ExitStack)  # closed when the command has ended

    def for_command(self, arguments: Arguments) -> Context:
        """Return the context with the global options of one command."""
        return replace(self, arguments=arguments)

    def variable(self, name: str) -> str | None:
        """Return an environment variable; None if it is not set, or blank."""
        return environment_variable(self.environment, name)

    @cached_property
    def working_folder(self) -> Path:
        """The folder of relative paths: `-C`, resolved as `cd` does, or the process's working folder."""
        folder = self.arguments.values.get("-C")
        if not folder:
            return self.started_in
        resolved = Path(os.path.realpath(self.started_in / folder))
        if not resolved.is_dir():
            raise UsageError(f"No folder {folder}.", "Pass an existing folder to -C.")
        return resolved

    @cached_property
    def console(self) -> Console:
        """The console for results and messages."""
        stdin, stdout, stderr = self.streams
        on = self.arguments.on
        style = Style(json=on("--json"), quiet=on("--quiet"), verbose=on("--verbose"), color=not on("--no-color"))
        now_seconds = self.clock.now_seconds
        return Console(style, self.environment, stdin=stdin, stdout=stdout, stderr=stderr, now_seconds=now_seconds)

    @cached_property
    def folders(self) -> AppPaths:
        """The folders of the user."""
        return self.own_folders or AppPaths.of_this_user(self.environment)

    @cached_property
    def project(self) -> ProjectFile | None:
        """The `mtribes.toml` in effect, if there is one."""
        from mtribes_cli.project.project_file import find_project  # noqa: PLC0415 - start-up time

        return find_project(self.working_folder)

    @property
    def project_in_use(self) -> ProjectFile | None:
        """The project file, if it has been used by now."""
        found: ProjectFile | None = self.__dict__.get("project")
        return found

    def talking_to(self, host: Host) -> Context:
        """Return the context with `host` as the server to talk to."""
        world = replace(self, meant_host=host)
        if "project" in self.__dict__:
            world.__dict__["project"] = self.project  # which was read, and counts as in use
        return world

    @cached_property
    def settings(self) -> Settings:
        """The settings from flags, variables and `mtribes.toml`."""
        from mtribes_cli.settings import Settings  # noqa: PLC0415 - start-up time

        return Settings(
            self.variable,
            host_flag=self.arguments.values.get("--host"),
            project=lambda: self.project,
            stored_hosts=self.credentials.hosts,
            server_folder=self.folders.server,
        )

    @cached_property
    def credentials(self) -> CredentialStore:
        """The credentials that are stored between commands."""
        from mtribes_cli.auth.credential_store import CredentialStore  # noqa: PLC0415 - start-up time

        return CredentialStore(self.folders.config, self.console, self.failpoint)

    @cached_property
    def host(self) -> Host:
        """The server to talk to."""
        return self.meant_host or self.settings.host()

    @cached_property
    def client(self) -> Client:
        """The client of the server, signed in as far as there are credentials."""
        return self.client_for(self.host)

    def client_for(self, host: Host) -> Client:
        """Return the client of another server, with the credentials for it."""
        from mtribes_cli.api.client.client import Client  # noqa: PLC0415 - start-up time
        from mtribes_cli.auth.token_provider import HostTokenProvider  # noqa: PLC0415 - start-up time

        client = Client(host.url, HostTokenProvider(self, host), console=self.console, clock=self.clock)
        self.resources.callback(client.close)
        return client

    def client_with(self, tokens: TokenProvider) -> Client:
        """Return the client of the server, with other credentials."""
        from mtribes_cli.api.client.client import Client  # noqa: PLC0415 - start-up time

        client = Client(self.host.url, tokens, console=self.console, clock=self.clock)
        self.resources.callback(client.close)
        return client
