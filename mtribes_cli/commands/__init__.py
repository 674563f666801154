"""The words of the command line. Each has a module here with an `app`; only the one asked for is imported."""

from typing import NamedTuple


class CommandSpec(NamedTuple):
    """The first word of a command: where it is, and what help says of it."""

    name: str
    module: str
    help: str
    has_verbs: bool = False
    nested: tuple[str, ...] = ()  # verbs that have verbs themselves


_ALL = (
    CommandSpec("setup", "setup", "Sign in, choose what to generate, create mtribes.toml, and generate code."),
    CommandSpec("update", "update", "Update the generated code. Pass --check to only check it."),
    CommandSpec("status", "status", "Show your sign-in, and whether the generated code is up to date."),
    CommandSpec("login", "login", "Sign in to a server."),
    CommandSpec("logout", "logout", "Sign out on this machine and on the server."),
    CommandSpec("whoami", "whoami", "Show the signed-in user and their access."),
    CommandSpec("open", "open", "Open a page of the server in your browser."),
    CommandSpec("token", "token", "Manage your personal access tokens for CI and scripts.", has_verbs=True),
    CommandSpec(
        "org",
        "organization",
        "Manage organizations, their members and service accounts.",
        has_verbs=True,
        nested=("member", "service-account"),
    ),
    CommandSpec("space", "space", "Manage Spaces and their models, from which code is generated.", has_verbs=True),
    CommandSpec(
        "env",
        "environment",
        "Manage what environments deliver, their API keys and signed IDs.",
        has_verbs=True,
        nested=("key", "signing"),
    ),
    CommandSpec("user", "user", "List, search, import, tag, export and delete users.", has_verbs=True),
    CommandSpec(
        "visitor", "visitor", "List, tag, export and delete visitors (people who have not signed in).", has_verbs=True
    ),
    CommandSpec("tag", "tag", "List and delete tags of users and visitors.", has_verbs=True),
    CommandSpec("tribe", "tribe", "Manage tribes: groups of people defined by filters.", has_verbs=True),
    CommandSpec("session", "session", "Explain what an app shows to a person, and why.", has_verbs=True),
    CommandSpec("event", "event", "Record, follow and export events from apps.", has_verbs=True),
    CommandSpec("doctor", "doctor", "Diagnose problems with the installation and the connection to the server."),
    CommandSpec("help", "help", "Show exit codes, environment variables and files."),
    CommandSpec("completion", "completion", "Set up shell completion.", has_verbs=True),
)
WORDS = {word.name: word for word in _ALL}
