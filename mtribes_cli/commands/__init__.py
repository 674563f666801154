"""The words of the command line. Each has a module here with an `app`; only the one asked for is imported."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """The first word of a command: where it is, and what help says of it."""

    module: str
    help: str
    has_verbs: bool = False


WORDS = {
    "setup": Word("setup", "Sign in, choose what to generate, write mtribes.toml, generate."),
    "update": Word("update", "Bring the generated code in step; --check only looks."),
    "status": Word("status", "Say who is signed in where, and whether the code is in step."),
    "login": Word("login", "Sign in to a server."),
    "logout": Word("logout", "Sign out, here and at the server."),
    "whoami": Word("whoami", "Say who is signed in, and what they may do."),
    "org": Word("organization", "Organizations that you belong to.", has_verbs=True),
    "space": Word("space", "Spaces and their models: what code is generated from.", has_verbs=True),
    "env": Word("environment", "Environments: what is delivered, and the keys of apps.", has_verbs=True),
}
