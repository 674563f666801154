"""All that a command works with, each part made when it is first used. Tests put other parts in their place."""

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
    from mtribes_cli.api.client import Client, TokenProvider
    from mtribes_cli.api.server_url import Host
    from mtribes_cli.auth.credential_store import CredentialStore
    from mtribes_cli.project.project_file import ProjectFile
    from mtribes_cli.settings import Settings


def open_in_browser(url: str) -> bool:
    """Ask the system's browser to show `url`; whether it said yes."""
    import webbrowser  # noqa: PLC0415 - only a sign-in needs it

    try:
        return webbrowser.open(url)
    except (webbrowser.Error, OSError):
        return False


def _current_folder() -> Path:
    """Where this process works; if it has been removed, whoever looks into it will say so."""
    try:
        return Path.cwd()
    except OSError:
        return Path()


@dataclass(frozen=True)
class Context:
    """The world of one command."""

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
        """The same world, with the global options of one command."""
        return replace(self, arguments=arguments)

    def variable(self, name: str) -> str | None:
        """A variable of the environment; None where it is not set, or blank."""
        return environment_variable(self.environment, name)

    @cached_property
    def working_folder(self) -> Path:
        """Where relative paths start: `-C`, which is resolved as `cd` does, or where the process was started."""
        folder = self.arguments.values.get("-C")
        if not folder:
            return self.started_in
        resolved = Path(os.path.realpath(self.started_in / folder))
        if not resolved.is_dir():
            raise UsageError(f"No folder {folder}.", "Pass an existing folder to -C.")
        return resolved

    @cached_property
    def console(self) -> Console:
        """Where results and messages go."""
        stdin, stdout, stderr = self.streams
        on = self.arguments.on
        style = Style(json=on("--json"), quiet=on("--quiet"), verbose=on("--verbose"), color=not on("--no-color"))
        return Console(style, self.environment, stdin=stdin, stdout=stdout, stderr=stderr)

    @cached_property
    def folders(self) -> AppPaths:
        """The user's folders."""
        return self.own_folders or AppPaths.of_this_user(self.environment)

    @cached_property
    def project(self) -> ProjectFile | None:
        """The `mtribes.toml` that holds here, if there is one."""
        from mtribes_cli.project.project_file import find_project_file, read_project_file  # noqa: PLC0415 - start-up time

        path = find_project_file(self.working_folder)
        return read_project_file(path) if path else None

    @property
    def project_in_use(self) -> ProjectFile | None:
        """The same, if anything of it was asked for by now."""
        found: ProjectFile | None = self.__dict__.get("project")
        return found

    def talking_to(self, host: Host) -> Context:
        """The same world, in which `host` is the server that is meant."""
        world = replace(self, meant_host=host)
        if "project" in self.__dict__:
            world.__dict__["project"] = self.project  # which was read, and counts as in use
        return world

    @cached_property
    def settings(self) -> Settings:
        """What flags, variables and `mtribes.toml` say together."""
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
        """Sign-ins that are kept between commands."""
        from mtribes_cli.auth.credential_store import CredentialStore  # noqa: PLC0415 - start-up time

        return CredentialStore(self.folders.config, self.console, self.failpoint)

    @cached_property
    def host(self) -> Host:
        """The server that is meant."""
        return self.meant_host or self.settings.host()

    @cached_property
    def client(self) -> Client:
        """The server that is meant, signed in as far as there are credentials."""
        return self.client_for(self.host)

    def client_for(self, host: Host) -> Client:
        """Another server, with the credentials for it."""
        from mtribes_cli.api.client import Client  # noqa: PLC0415 - start-up time
        from mtribes_cli.auth.token_provider import HostTokenProvider  # noqa: PLC0415 - start-up time

        client = Client(host.url, HostTokenProvider(self, host), console=self.console, clock=self.clock)
        self.resources.callback(client.close)
        return client

    def client_with(self, tokens: TokenProvider) -> Client:
        """The server that is meant, with other credentials."""
        from mtribes_cli.api.client import Client  # noqa: PLC0415 - start-up time

        client = Client(self.host.url, tokens, console=self.console, clock=self.clock)
        self.resources.callback(client.close)
        return client
