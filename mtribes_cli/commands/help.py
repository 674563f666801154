"""`mtribes help`: tables that belong to no command."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from mtribes_cli.help_topics import TOPICS
from mtribes_cli.terminal.result import Result, Table

app = typer.Typer(rich_markup_mode=None, add_completion=False)


class TopicName(StrEnum):
    """What there is a table for."""

    EXIT_CODES = "exit-codes"
    ENVIRONMENT = "environment"
    FILES = "files"


@app.command("help")
def help_command(
    name: Annotated[TopicName, typer.Argument(metavar="TOPIC", help=f"One of {', '.join(TopicName)}.")],
) -> Result:
    """Show exit codes, environment variables or files.

    $ mtribes help exit-codes
    """
    topic = TOPICS[name]
    rows = [dict(zip(("name", "meaning"), row, strict=True)) for row in topic.rows]
    return Result({"topic": str(name), "entries": rows}, (topic.summary, Table(topic.columns, topic.rows)))
