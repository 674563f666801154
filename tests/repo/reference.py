"""Brings files that are made from the programs in step with them: parts of the manual, and what shells complete.

    python -m tests.repo.reference

Each part of a page is between `<!-- made: NAME -->` and `<!-- end: NAME -->`. The parts are made beside the
programs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from typer.main import get_command

from mtribes_cli.command_reference import command_line_reference, program_reference, topic_table, variable_table
from mtribes_cli.completion_generator import write_made_files
from templates_server.commands.main import app
from templates_server.features.api_docs.reference_tables import route_table, status_table
from templates_server.routes import ROUTES
from tests.manual import DOCS

SERVER = get_command(app)
PARTS: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "reference/cli.md": {"command line": command_line_reference},
    "reference/server-cli.md": {"server command": lambda: program_reference("mtribes-server", SERVER)},
    "reference/http-api.md": {"statuses": status_table, "URL table": lambda: route_table(ROUTES)},
    "reference/exit-codes.md": {"exit codes": lambda: topic_table("exit-codes")},
    "reference/environment-variables.md": {
        "environment variables": lambda: topic_table("environment"),
        "server variables": lambda: variable_table(getattr(SERVER, "commands")["start"]),  # noqa: B009 - no type has it
    },
}


def made_pages() -> dict[str, str]:
    """Each page that has made parts, as it must be; ValueError for a part that its page has no place for."""
    return {page: _rewritten(page, parts) for page, parts in PARTS.items()}


def _rewritten(page: str, parts: Mapping[str, Callable[[], str]]) -> str:
    text = (DOCS / page).read_text(encoding="utf-8")
    for name, make in parts.items():
        begin, end = f"<!-- made: {name} -->\n", f"<!-- end: {name} -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ValueError(f"{page} needs one place for {name!r}")
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}{make().strip()}\n{end}{rest.partition(end)[2]}"
    return text


if __name__ == "__main__":
    write_made_files()
    for name, text in made_pages().items():
        (DOCS / name).write_text(text, encoding="utf-8", newline="\n")
