"""The manual's reference of commands as Markdown, made from the commands themselves; no command needs this.

`python -m tests.repo.reference` writes it into the manual.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from mtribes_cli.cli import typer_command
from mtribes_cli.commands import WORDS
from mtribes_cli.global_options import GLOBAL_OPTIONS
from mtribes_cli.help_topics import TOPICS


def command_line_reference() -> str:
    """Return the reference of every command of `mtribes`, after its global options."""
    return "\n".join(_command_line())


def program_reference(program: str, command: Any) -> str:
    """Return the reference of every command of another Typer program."""
    return "\n".join(_commands(program, command)).lstrip("\n")


def topic_table(name: str) -> str:
    """Return the table of a help topic."""
    topic = TOPICS[name]
    return "\n".join(_table(topic.columns, topic.rows))


def variable_table(command: Any) -> str:
    """Return the environment variables that set the options of a command."""
    rows = [
        (variable, option.opts[0], " ".join((option.help or "").split()))
        for option in command.params
        for variable in [option.envvar]
        if variable
    ]
    lines = [f"| `{variable}` | `{option}` | {_in_cell(help_text)} |" for variable, option, help_text in rows]
    return "\n".join(["| Variable | Option | Meaning |", "|---|---|---|", *lines])


def _command_line() -> Iterator[str]:
    yield from _table(("Global option", "Meaning"), [(_global_usage(option), option.help) for option in GLOBAL_OPTIONS])
    for name, word in WORDS.items():
        yield from _command(f"mtribes {name}", typer_command(word))


def _global_usage(option: Any) -> str:
    return ", ".join(option.names) + (f" {option.value}" if option.value else "")


def _commands(path: str, group: Any) -> Iterator[str]:
    for name, command in group.commands.items():
        yield from _command(f"{path} {name}", command)


def _command(path: str, command: Any) -> Iterator[str]:
    if hasattr(command, "commands"):
        yield from _commands(path, command)
        return
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    options = [
        parameter for parameter in command.params if parameter.param_type_name == "option" and not parameter.hidden
    ]
    yield f"\n## `{' '.join([path, *(_argument(argument) for argument in arguments)])}`"
    yield from _paragraphs(command.help or "")
    rows = [(_option_usage(option), _option_help(option)) for option in options if "--help" not in option.opts]
    if rows:
        yield ""
        yield from _table(("Option", "Meaning"), rows)


def _paragraphs(text: str) -> Iterator[str]:
    """Return help as Markdown: paragraphs stay, example lines (indented) become code."""
    for paragraph in re.split(r"\n\s*\n", text.replace("\b\n", "").strip()):
        lines = paragraph.splitlines()
        examples = [line for line in lines if line.strip().startswith("$ ")]
        if examples:
            yield from ("", "```sh", *(line.strip().removeprefix("$ ") for line in examples), "```")
        else:
            yield from ("", " ".join(line.strip() for line in lines))


def _argument(argument: Any) -> str:
    name = str(argument.metavar or argument.name.upper()).strip("[]")
    return name if argument.required else f"[{name}]"


def _option_usage(option: Any) -> str:
    names = ", ".join([*option.opts, *option.secondary_opts])
    value = "" if option.is_flag else f" {option.metavar or _choices(option) or option.type.name.upper()}"
    return names + value + (" (repeat)" if option.multiple else "")


def _choices(option: Any) -> str:
    return "|".join(str(getattr(choice, "value", choice)) for choice in getattr(option.type, "choices", ()))


def _option_help(option: Any) -> str:
    help_text = " ".join((option.help or "").split())
    variable = f" Variable: `{option.envvar}`." if option.envvar else ""
    return help_text + variable


def _table(columns: tuple[str, str], rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield f"| {columns[0]} | {columns[1]} |"
    yield "|---|---|"
    for usage, help_text in rows:
        yield f"| `{_in_cell(usage)}` | {_in_cell(help_text)} |"


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|")
