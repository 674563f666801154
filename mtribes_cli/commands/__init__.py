"""The words of the command line. Each has a module here with an `app`; only the one asked for is imported."""

from typing import NamedTuple


class Word(NamedTuple):
    """The first word of a command: where it is, and what help says of it."""

    name: str
    module: str
    help: str
    has_verbs: bool = False
    nested: tuple[str, ...] = ()  # verbs that have verbs themselves


_ALL = (
    Word("setup", "setup", "Sign in, choose what to generate, write mtribes.toml, generate."),
    Word("update", "update", "Bring the generated code in step; --check only looks."),
    Word("status", "status", "Say who is signed in where, and whether the code is in step."),
    Word("login", "login", "Sign in to a server."),
    Word("logout", "logout", "Sign out, here and at the server."),
    Word("whoami", "whoami", "Say who is signed in, and what they may do."),
    Word("open", "open", "Show a page of the server in your browser."),
    Word("token", "token", "Your personal access tokens: for CI and scripts.", has_verbs=True),
    Word(
        "org",
        "organization",
        "Organizations: create, rename, delete them; members and service accounts.",
        has_verbs=True,
        nested=("member", "service-account"),
    ),
    Word("space", "space", "Spaces and their models: what code is generated from.", has_verbs=True),
    Word(
        "env",
        "environment",
        "Environments: what is delivered, the keys of apps, signed ids.",
        has_verbs=True,
        nested=("key", "signing"),
    ),
    Word("user", "user", "List, search, import, tag, export and delete users.", has_verbs=True),
    Word(
        "visitor", "visitor", "List, tag, export and delete visitors, who have not said who they are.", has_verbs=True
    ),
    Word("tag", "tag", "List the tags of users and visitors, and delete them.", has_verbs=True),
    Word("tribe", "tribe", "Tribes: filters over people, who is in them, and why.", has_verbs=True),
    Word("session", "session", "Sessions of apps: what somebody is shown, and why.", has_verbs=True),
    Word("event", "event", "What people do in apps.", has_verbs=True),
    Word("doctor", "doctor", "Say what is wrong here or on the way to the server, and what to do."),
    Word("completion", "completion", "Let your shell complete words of mtribes.", has_verbs=True),
)
WORDS = {word.name: word for word in _ALL}
