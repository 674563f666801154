"""The parts of the README that are made from the programs: commands and settings of both, the URL table, the statuses.

    python -m tests.repo.reference          write them into README.md, and what shells complete (see completions.py)

Each part stands between `<!-- made: NAME -->` and `<!-- end: NAME -->`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from typer.main import get_command

from mtribes_cli.cli import typer_command
from mtribes_cli.commands import WORDS
from mtribes_cli.global_options import GLOBAL_OPTIONS
from templates_server.commands.main import app as server_app
from templates_server.features.api_docs.statuses import WHEN
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.routes import ROUTES
from tests.repo.completions import write_made_files

README = Path(__file__).parents[2] / "README.md"
CREDENTIALS = {
    Surface.PLATFORM: "bearer token",
    Surface.CLIENT: "`pk_` key",
    Surface.OFREP: "`pk_` key",
    Surface.OAUTH: "as OAuth 2 says",
    Surface.PAGE: "browser session",
    Surface.SYSTEM: "none",
}


def made_parts() -> dict[str, str]:
    """Every part by its name, as Markdown."""
    return {name: "\n".join(make()) for name, make in PARTS.items()}


def rewritten(readme: str) -> str:
    """The README with every part as it must be; ValueError for a part that it has no place for."""
    for name, text in made_parts().items():
        pattern = re.compile(f"(<!-- made: {name} -->\n).*?(\n<!-- end: {name} -->)", re.DOTALL)
        readme, count = pattern.subn(functools.partial(_filled, text), readme)
        if count != 1:
            raise ValueError(f"README.md needs one place for {name!r}, it has {count}")
    return readme


def _filled(text: str, place: re.Match[str]) -> str:
    return f"{place[1]}{text}{place[2]}"


def _command_line() -> Iterator[str]:
    yield from _table("Global option", [(_global_usage(option), option.help) for option in GLOBAL_OPTIONS])
    for name, word in WORDS.items():
        yield from _command(f"mtribes {name}", typer_command(word))


def _server_command() -> Iterator[str]:
    yield from _commands("mtribes-server", get_command(server_app))


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
    yield f"\n#### `{' '.join([path, *(_argument(argument) for argument in arguments)])}`"
    yield from _paragraphs(command.help or "")
    rows = [(_option_usage(option), _option_help(option)) for option in options if "--help" not in option.opts]
    if rows:
        yield ""
        yield from _table("Option", rows)


def _paragraphs(text: str) -> Iterator[str]:
    """Help as Markdown: paragraphs stay, example lines (indented) become code."""
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


def _url_table() -> Iterator[str]:
    yield "| method | path | with | scope | what it does |"
    yield "|---|---|---|---|---|"
    for route in ROUTES:
        credentials = "none" if route.is_open else CREDENTIALS[route.surface]
        summary = f"Deprecated: `{_shown(route.successor)}`." if route.successor else route.summary
        cells = (route.method, f"`{_shown(route.path)}`", credentials, _permission(route), summary)
        yield f"| {' | '.join(cells)} |"


def _statuses() -> Iterator[str]:
    yield "| status | when |"
    yield "|---|---|"
    for status, when in WHEN.items():
        yield f"| {int(status)} | {when} |"


def _shown(path: str) -> str:
    return re.sub(r"\{(\w+)\*?\}", r":\1", path)


def _permission(route: Route) -> str:
    scope = f"`{route.scope}`" if route.scope else ""
    return f"{scope} {route.role or ''}".strip()


def _table(heading: str, rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield f"| {heading} | |"
    yield "|---|---|"
    for usage, help_text in rows:
        yield f"| `{_in_cell(usage)}` | {_in_cell(help_text)} |"


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|")


PARTS: dict[str, Callable[[], Iterator[str]]] = {
    "command line": _command_line,
    "server command": _server_command,
    "URL table": _url_table,
    "statuses": _statuses,
}

if __name__ == "__main__":
    write_made_files()
    README.write_text(rewritten(README.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
