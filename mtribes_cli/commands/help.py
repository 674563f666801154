"""`mtribes help`: tables that belong to no command."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from mtribes_cli.help_text import program_help
from mtribes_cli.help_topics import TOPICS
from mtribes_cli.result import Document, Result, Table

app = typer.Typer(rich_markup_mode=None, add_completion=False)


class TopicName(StrEnum):
    """What there is a table for."""

    EXIT_CODES = "exit-codes"
    ENVIRONMENT = "environment"
    FILES = "files"


@app.command("help")
def help_command(
    topic: Annotated[
        TopicName | None, typer.Argument(metavar="[TOPIC]", help=f"One of {', '.join(TopicName)}.")
    ] = None,
) -> Result:
    """Show exit codes, environment variables or files; without a topic, the commands.

    $ mtribes help exit-codes
    """
    return Result(None, (Document(program_help() + "\n"),)) if topic is None else show_topic(topic)


def show_topic(name: TopicName) -> Result:
    """The table of a topic."""
    topic = TOPICS[name]
    rows = [dict(zip(("name", "meaning"), row, strict=True)) for row in topic.rows]
    return Result({"topic": str(name), "entries": rows}, (topic.summary, Table(topic.columns, topic.rows)))
