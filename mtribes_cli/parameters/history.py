"""Histories of documents as tables: who made which revision, when and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from mtribes_cli.api.models.history import Revision
from mtribes_cli.context import Context
from mtribes_cli.numbers import counted
from mtribes_cli.terminal.result import Kind, Result, Table
from mtribes_cli.terminal.sanitize import shorten, wrap

DEFAULT_LIMIT = 100
WHEN_WIDTH, WHO_WIDTH, NOTE_WIDTH = 16, 24, 26  # with a revision of eight digits a line has 80 columns
KINDS = (Kind.NUMBER, Kind.TIME, Kind.TEXT, Kind.TEXT)
_TO_THE_MINUTE = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}):\d{2}(?:\.\d+)?Z")


def history(context: Context, found: Sequence[Revision], *, limit: int, empty: str) -> Result:
    """Return the newest revisions, up to the limit; if there are more, say so on stderr."""
    if len(found) > limit:
        tell_limit(context, limit, "newest", "revision")
    listed = found[:limit]
    rows = [row for revision in listed for row in _rows(revision)]
    whole = [(str(one.revision), one.at, one.author.name or one.author.id, one.note or "") for one in listed]
    at_terminal = Table(("REVISION", "WHEN", "WHO", "NOTE"), whole, kinds=KINDS)
    table = Table(("REVISION", "WHEN (UTC)", "WHO", "NOTE"), rows, empty=empty, at_terminal=at_terminal)
    return Result([asdict(one) for one in listed], (table,))


def tell_limit(context: Context, limit: int, first: str, noun: str, plural: str | None = None) -> None:
    """Say on stderr that only the `first` (or newest) ones are listed, and that there are more."""
    listed = f"{noun} is" if limit == 1 else f"{counted(limit, noun, plural)} are"
    context.console.notice(f"Only the {first} {listed} listed. Pass a larger --limit for more.")


def _rows(revision: Revision) -> Iterator[Sequence[str]]:
    """Return the line of a revision, and more lines if the note is long."""
    who = shorten(revision.author.name or revision.author.id, WHO_WIDTH)
    first, *rest = wrap(revision.note or "", NOTE_WIDTH)
    yield str(revision.revision), to_the_minute(revision.at), who, first
    yield from (("", "", "", line) for line in rest)


def to_the_minute(at: str) -> str:
    """Return a time as in tables, such as `2026-11-30 12:00`."""
    match = _TO_THE_MINUTE.fullmatch(at)
    return f"{match[1]} {match[2]}" if match else shorten(at, WHEN_WIDTH)
