"""Words, arguments and options of every command, as a TAB needs them.

Made from the commands by `python -m tests.repo.reference`.
"""

# ruff: noqa: E501 - a line an option
# fmt: off
Value = str | tuple[str, ...] | None  # files, folders, text, or the choices; None: it takes none
Option = tuple[tuple[str, ...], Value, bool, str]  # names, value, whether it may be repeated, what it means
Command = tuple[tuple[tuple[str, str], ...], tuple[tuple[Value, bool], ...], tuple[Option, ...]]  # verbs, arguments

ALIASES = {"--org": "--organization", "--env": "--environment"}
GLOBAL_OPTIONS: tuple[Option, ...] = (
    (("--host",), "text", False, "The server; else MTRIBES_HOST, mtribes.toml, or where you signed in."),
    (("-C",), "folders", False, "Work as if started in this folder."),
    (("--json",), None, False, "Print one JSON envelope instead of text."),
    (("--quiet",), None, False, "No progress and no notices."),
    (("--verbose",), None, False, "Say what is sent where, and how long it takes."),
    (("--no-color",), None, False, "No colour, as with NO_COLOR."),
    (("--version",), None, False, "Print the version."),
    (("--help", "-h"), None, False, "Print help for the command."),
)
COMMANDS: dict[str, Command] = {
    "": (
        (
            ("setup", "Sign in, choose what to generate, write mtribes.toml, generate."),
            ("update", "Bring the generated code in step; --check only looks."),
            ("status", "Say who is signed in where, and whether the code is in step."),
            ("login", "Sign in to a server."),
            ("logout", "Sign out, here and at the server."),
            ("whoami", "Say who is signed in, and what they may do."),
            ("org", "Organizations that you belong to."),
            ("space", "Spaces and their models: what code is generated from."),
            ("env", "Environments: what is delivered, and the keys of apps."),
            ("doctor", "Say what is wrong here or on the way to the server, and what to do."),
            ("completion", "Let your shell complete words of mtribes."),
        ),
        (),
        (),
    ),
    "setup": (
        (),
        (),
        (
            (("--organization",), "text", False, "The organization of the Space."),
            (("--space",), "text", False, "The Space to generate from."),
            (("--target",), ("typescript:", "javascript:"), True, "What to generate, and where; repeat for more."),
            (("--local",), None, False, "Use your own local server; start it where none runs."),
            (("--yes",), None, False, "Ask nothing."),
        ),
    ),
    "update": (
        (),
        (),
        (
            (("--target",), "folders", True, "Only the target with this output; repeat for several."),
            (("--force",), None, False, "Overwrite generated files that were edited."),
            (("--dry-run",), None, False, "Say what would change; write nothing."),
            (("--diff",), None, False, "Show what would change in each file; write nothing."),
            (("--revision",), "text", False, "Generate from this revision of the Space."),
            (("--check",), None, False, "Write nothing; exit 3 when files or mtribes.toml are out of step."),
            (("--latest",), None, False, "With --check: exit 3 also when the server has something newer."),
            (("--offline",), None, False, "With --check: ask no server."),
        ),
    ),
    "status": (
        (),
        (),
        (),
    ),
    "login": (
        (),
        (),
        (
            (("--browser",), None, False, "By a browser, even if none seems to be here."),
            (("--device",), None, False, "By a code that you enter in a browser elsewhere."),
            (("--with-token",), None, False, "By a token that is read from stdin."),
        ),
    ),
    "logout": (
        (),
        (),
        (),
    ),
    "whoami": (
        (),
        (),
        (),
    ),
    "org": (
        (
            ("list", "List the organizations that you belong to."),
        ),
        (),
        (),
    ),
    "org list": (
        (),
        (),
        (),
    ),
    "space": (
        (
            ("list", "List the Spaces that you can see, or those of one organization."),
            ("show", "Show one Space."),
            ("create", "Create a Space with an empty model."),
            ("pull", "Write the model of a Space to stdout or a file."),
            ("push", "Replace the model of a Space by a document; the Space is the one that the document names."),
            ("validate", "Check a model; every problem is listed by its path, and nothing is stored."),
            ("diff", "Show what a model would change in generated code; exit 3 if code that uses it would break."),
        ),
        (),
        (),
    ),
    "space list": (
        (),
        (),
        (
            (("--organization",), "text", False, "The organization; else mtribes.toml's."),
        ),
    ),
    "space show": (
        (),
        (
            ("text", False),
        ),
        (),
    ),
    "space create": (
        (),
        (
            ("text", False),
        ),
        (
            (("--organization",), "text", False, "The organization; else mtribes.toml's."),
            (("--name",), "text", False, "What people call it; else the key."),
        ),
    ),
    "space pull": (
        (),
        (
            ("text", False),
        ),
        (
            (("--output",), "files", False, "Write it to this file instead of stdout."),
            (("--revision",), "text", False, "An older model."),
            (("--format",), ("yaml", "json"), False, "Else by the file's extension; YAML on stdout."),
        ),
    ),
    "space push": (
        (),
        (
            ("files", False),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--force",), None, False, "Replace what is there, whoever changed it."),
        ),
    ),
    "space validate": (
        (),
        (
            ("files", False),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
        ),
    ),
    "space diff": (
        (),
        (
            ("files", False),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
        ),
    ),
    "env": (
        (
            ("list", "List the environments of a Space and what is live in each."),
            ("pull", "Write what an environment delivers to stdout or a file."),
            ("push", "Replace what an environment delivers by a document."),
            ("publish", "Make collections live."),
            ("unpublish", "Take collections off; apps then see their entities as not enabled."),
            ("key", "The public keys (pk_...) of an environment: one a platform is advised."),
        ),
        (),
        (),
    ),
    "env list": (
        (),
        (),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
        ),
    ),
    "env pull": (
        (),
        (),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
            (("--output",), "files", False, "Write it to this file instead of stdout."),
            (("--format",), ("yaml", "json"), False, "Else by the file's extension; YAML on stdout."),
        ),
    ),
    "env push": (
        (),
        (
            ("files", False),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
            (("--force",), None, False, "Replace what is there, whoever changed it."),
        ),
    ),
    "env publish": (
        (),
        (
            ("text", True),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "env unpublish": (
        (),
        (
            ("text", True),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "env key": (
        (
            ("create", "Create a key; it stands alone on stdout."),
            ("list", "List the keys of an environment, revoked ones too."),
            ("revoke", "Revoke a key; apps that use it get fallbacks from then on."),
        ),
        (),
        (),
    ),
    "env key create": (
        (),
        (),
        (
            (("--name",), "text", False, "What it is for, such as a platform."),
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "env key list": (
        (),
        (),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "env key revoke": (
        (),
        (
            ("text", False),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "doctor": (
        (),
        (),
        (),
    ),
    "completion": (
        (
            ("install", "Write the script of your shell to where it looks for it; no settings of the shell are changed."),
            ("show", "Print the script of a shell."),
        ),
        (),
        (),
    ),
    "completion install": (
        (),
        (
            (("bash", "zsh", "fish", "powershell"), False),
        ),
        (),
    ),
    "completion show": (
        (),
        (
            (("bash", "zsh", "fish", "powershell"), False),
        ),
        (),
    ),
}
