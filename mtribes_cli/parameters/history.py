"""Histories of documents as tables: who made which revision, when and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from mtribes_cli.api.models.history import Revision
from mtribes_cli.context import Context
from mtribes_cli.terminal.result import Result, Table
from mtribes_cli.terminal.sanitize import shorten, wrap

DEFAULT_LIMIT = 100
WHEN_WIDTH, WHO_WIDTH, NOTE_WIDTH = 16, 24, 26  # with a revision of eight digits a line has 80 columns
_TO_THE_MINUTE = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}):\d{2}(?:\.\d+)?Z")


def history(context: Context, found: Sequence[Revision], *, limit: int, empty: str) -> Result:
    """Return the newest revisions, at most so many; where there are more, say that on stderr."""
    if len(found) > limit:
        context.console.notice(f"Only the newest {limit:,} revisions are listed. Pass a larger --limit for more.")
    listed = found[:limit]
    rows = [row for revision in listed for row in _rows(revision)]
    table = Table(("REVISION", "WHEN (UTC)", "WHO", "NOTE"), rows, empty=empty)
    return Result([asdict(one) for one in listed], (table,))


def _rows(revision: Revision) -> Iterator[Sequence[str]]:
    """Return a line, and more where the note is long."""
    who = shorten(revision.author.name or revision.author.id, WHO_WIDTH)
    first, *rest = wrap(revision.note or "", NOTE_WIDTH)
    yield str(revision.revision), to_the_minute(revision.at), who, first
    yield from (("", "", "", line) for line in rest)


def to_the_minute(at: str) -> str:
    """Return a time as tables have it, such as `2026-11-30 12:00`."""
    match = _TO_THE_MINUTE.fullmatch(at)
    return f"{match[1]} {match[2]}" if match else shorten(at, WHEN_WIDTH)
