"""What the shells complete, made from the commands: the table that answers a TAB, and the four scripts that ask it.

`python -m tests.repo.reference` writes them, with the reference of the manual. No command needs this.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from mtribes_cli.cli import typer_command
from mtribes_cli.commands import WORDS
from mtribes_cli.completion.scripts import SCRIPTS
from mtribes_cli.global_options import ALIASES, GLOBAL_OPTIONS
from mtribes_cli.project.project_file import ENVIRONMENTS, LANGUAGES

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "mtribes_cli" / "completion" / "command_table.py"
FILES, FOLDERS, TEXT = "files", "folders", "text"  # what `completion.engine` offers for a value; for text nothing
BY_OPTION = {"--environment": ENVIRONMENTS}
BY_METAVAR = {
    "FILE": FILES,
    "DIR": FOLDERS,
    "OUTPUT": FOLDERS,
    "LANGUAGE:OUTPUT": tuple(f"{language}:" for language in LANGUAGES),
}
HEADING = '''\
"""Words, arguments and options of every command, as a TAB needs them.

Made from the commands by `python -m tests.repo.reference`.
"""

# ruff: noqa: E501 - a line an option
# fmt: off
Value = str | tuple[str, ...] | None  # files, folders, text, or the choices; None: it takes none
Option = tuple[tuple[str, ...], Value, bool, str]  # names, value, whether it is repeatable, what it means
Command = tuple[tuple[tuple[str, str], ...], tuple[tuple[Value, bool], ...], tuple[Option, ...]]  # verbs, arguments
'''


def made_files() -> dict[Path, str]:
    """Return the text of every generated file."""
    scripts = {ROOT / "completions" / script.file_name: script.text for script in SCRIPTS.values()}
    return {TABLE: table_text(), **scripts}


def write_made_files() -> None:
    """Write the generated files."""
    for path, text in made_files().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def table_text() -> str:
    """Return the text of the module `command_table`."""
    return "".join(f"{line}\n" for line in _table_lines())


def _table_lines() -> Iterator[str]:
    yield HEADING
    yield f"ALIASES = {{{', '.join(f'{_literal(alias)}: {_literal(name)}' for alias, name in ALIASES.items())}}}"
    yield "GLOBAL_OPTIONS: tuple[Option, ...] = ("
    for option in GLOBAL_OPTIONS:
        value = BY_METAVAR.get(option.value, TEXT) if option.value else None
        yield f"    {_literal((option.names, value, False, option.help))},"
    yield ")"
    yield "COMMANDS: dict[str, Command] = {"
    yield from _entry("", [(name, word.help) for name, word in WORDS.items()])
    for name, word in WORDS.items():
        yield from _commands(name, typer_command(word))
    yield "}"


def _commands(path: str, command: Any) -> Iterator[str]:
    verbs = getattr(command, "commands", {})
    if not verbs:
        yield from _entry(path, arguments=_arguments(command), options=_options(command))
        return
    yield from _entry(path, [(name, _first_line(verb.help)) for name, verb in verbs.items()])
    for name, verb in verbs.items():
        yield from _commands(f"{path} {name}", verb)


def _entry(
    path: str, verbs: Iterable[object] = (), *, arguments: Iterable[object] = (), options: Iterable[object] = ()
) -> Iterator[str]:
    yield f"    {_literal(path)}: ("
    yield from _rows(verbs)
    yield from _rows(arguments)
    yield from _rows(options)
    yield "    ),"


def _rows(rows: Iterable[object]) -> Iterator[str]:
    lines = [f"            {_literal(row)}," for row in rows]
    yield from ["        (", *lines, "        ),"] if lines else ["        (),"]


def _arguments(command: Any) -> Iterator[tuple[object, bool]]:
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            yield _value(parameter), parameter.nargs != 1


def _options(command: Any) -> Iterator[tuple[object, ...]]:
    for parameter in command.params:
        if parameter.param_type_name == "option" and not parameter.hidden and "--help" not in parameter.opts:
            for names in filter(None, (parameter.opts, parameter.secondary_opts)):
                yield tuple(names), _value(parameter), bool(parameter.multiple), _first_line(parameter.help)


def _value(parameter: Any) -> object:
    if getattr(parameter, "is_flag", False):
        return None
    choices = tuple(str(getattr(choice, "value", choice)) for choice in getattr(parameter.type, "choices", ()))
    by_option = [BY_OPTION[name] for name in parameter.opts if name in BY_OPTION]
    metavar = (parameter.metavar or "").strip("[].")
    return choices or next(iter(by_option), None) or BY_METAVAR.get(metavar, TEXT)


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]


def _literal(value: object) -> str:
    """Return a Python literal in ASCII, as a shell may have any encoding. ValueError if it would break a reply."""
    if isinstance(value, str):
        if not (value.isascii() and value.isprintable()):
            raise ValueError(f"{value!r} is not plain ASCII, so a shell could not show it")
        return json.dumps(value)
    if isinstance(value, Sequence):
        inner = ", ".join(_literal(item) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(value)
