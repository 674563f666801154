"""Help as plain text. Typer describes a command's own options; the lists of commands and global options are ours."""

from collections.abc import Sequence
from typing import Any

from mtribes_cli.commands import WORDS
from mtribes_cli.global_options import GLOBAL_OPTIONS
from mtribes_cli.terminal.sanitize import columns, wrap

WIDTH = 80
INDENT = "  "

_PURPOSE = "Model an app as a Space, decide who sees what, and generate typed code for it."
_SECRETS = (
    "MTRIBES_TOKEN, or MTRIBES_CLIENT_ID with MTRIBES_CLIENT_SECRET, replaces signing\n"
    "in. They are sent only to a server given by --host or MTRIBES_HOST, or one you\nsigned in to."
)
_EXIT_CODES = (
    "Exit codes: 0 success, 1 failed, 2 usage error, 3 completed with problems,\n"
    "4 not authorized, 70 internal error, 75 temporarily unavailable,\n130 interrupted."
)


def program_help() -> str:
    """Return the help of `mtribes` alone."""
    commands = _section("Commands", [(name, word.help) for name, word in WORDS.items()])
    start = (
        "Get started with `mtribes setup`. Run `mtribes COMMAND --help` for usage.\n"
        "Run `mtribes help TOPIC` for exit-codes, environment or files."
    )
    return "\n".join(
        [
            "Usage: mtribes COMMAND [OPTIONS]",
            "",
            _PURPOSE,
            start,
            "",
            *commands,
            "",
            *_globals(),
            "",
            _SECRETS,
            _EXIT_CODES,
        ]
    )


def command_help(call: Any) -> str:
    """Return Typer's help of the command of the context `call`, its verbs in full, and the global options."""
    own = _without_help_option(call.get_help().splitlines())
    verbs = getattr(call.command, "commands", {})
    if verbs:
        rows = [(name, verb.help.partition("\n")[0]) for name, verb in verbs.items()]
        own = [*own[: own.index("Commands:")], *_section("Commands", rows)]
    return "\n".join([*own, "", *_globals()]).replace("\n\n\n", "\n\n")


def _without_help_option(lines: list[str]) -> list[str]:
    """Remove `--help`, which is a global option, and a heading that then has nothing under it."""
    kept = [line for line in lines if not line.strip().startswith("--help")]
    return [
        line
        for number, line in enumerate(kept)
        if not (line == "Options:" and (number + 1 == len(kept) or not kept[number + 1].strip()))
        and not (line == "" and number > 0 and kept[number - 1] == "Options:")
    ]


def _globals() -> list[str]:
    rows = [
        (", ".join(option.names) + (f" {option.value}" if option.value else ""), option.help)
        for option in GLOBAL_OPTIONS
    ]
    return _section("Global options, before or after the command", rows)


def _section(title: str, rows: Sequence[tuple[str, str]]) -> list[str]:
    room = WIDTH - len(INDENT) * 2 - max(len(name) for name, _ in rows)
    folded = [
        (name if number == 0 else "", line) for name, text in rows for number, line in enumerate(wrap(text, room))
    ]
    return [f"{title}:", *(f"{INDENT}{line}" for line in columns(folded))]
