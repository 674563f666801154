"""Global options, extracted from argv wherever they stand before `--`. A command's own options are not parsed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from mtribes_cli.errors import UsageError


class GlobalOption(NamedTuple):
    """An option that every command accepts."""

    names: tuple[str, ...]
    help: str
    value: str | None = None  # what stands for the value in help; None: a switch


GLOBAL_OPTIONS = (
    GlobalOption(
        ("--host",), "Server URL (default: MTRIBES_HOST, mtribes.toml, or the server you signed in to).", "URL"
    ),
    GlobalOption(("-C",), "Run as if started in this folder.", "DIR"),
    GlobalOption(("--json",), "Print one JSON envelope instead of text."),
    GlobalOption(("--quiet",), "Hide progress and notices."),
    GlobalOption(("--verbose",), "Show requests and their timing."),
    GlobalOption(("--no-color",), "Disable color, like NO_COLOR."),
    GlobalOption(("--version",), "Print the version."),
    GlobalOption(("--help", "-h"), "Print help."),
)
ALIASES: Mapping[str, str] = {"--org": "--organization", "--env": "--environment"}

_BY_NAME = {name: option for option in GLOBAL_OPTIONS for name in option.names}


@dataclass(frozen=True)
class Arguments:
    """An argv in order: the global options, and the words of the command."""

    words: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    switches: frozenset[str] = frozenset()

    def on(self, name: str) -> bool:
        """Return whether a switch such as `--json` was given."""
        return name in self.switches


def extract_global_options(argv: Sequence[str]) -> Arguments:
    """Return the global options of `argv`, and all the rest in its order.

    A value that looks like a global option is written `--name=--json`.
    Raises UsageError if a value is missing or a switch is given one.
    """
    words: list[str] = []
    values: dict[str, str] = {}
    switches: set[str] = set()
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        if word == "--":
            words += [word, *rest]
            break
        name, equals, value = _split(word)
        option = _BY_NAME.get(name)
        if option is None:
            words.append(ALIASES.get(name, name) + equals + value)
        elif option.value is None:
            switches.add(_switch(option, has_value=bool(equals)))
        else:
            values[option.names[0]] = value if equals else _take(option, rest)
    return Arguments(tuple(words), values, frozenset(switches))


def _split(word: str) -> tuple[str, str, str]:
    if word.startswith("--"):
        return word.partition("=")
    if word.startswith("-C") and word != "-C":
        return "-C", "=", word[2:].removeprefix("=")
    return word, "", ""


def _switch(option: GlobalOption, *, has_value: bool) -> str:
    if has_value:
        raise UsageError(f"{option.names[0]} does not take a value.", f"Pass {option.names[0]} without a value.")
    return option.names[0]


def _take(option: GlobalOption, rest: list[str]) -> str:
    if not rest or rest[0] == "--" or rest[0] in _BY_NAME:
        raise UsageError(
            f"{option.names[0]} requires a value.",
            f"Use the form {option.names[0]} {option.value}. Run with --help for usage.",
        )
    return rest.pop(0)
