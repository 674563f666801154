"""Who changed the tribes of a Space, when and why; what differs between any two revisions, tribe by tribe."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from typing import Any

from starlette.responses import Response

from templates_server.console.navigation import Link
from templates_server.console.platform import Asked, invoke
from templates_server.console.shell import show
from templates_server.console.visits import Visit, page
from templates_server.documents import write_yaml
from templates_server.exchange import LARGEST_REVISION
from templates_server.histories import api as histories
from templates_server.histories.models import Revision
from templates_server.numbers import whole_number
from templates_server.pages.render import Page
from templates_server.tribes import api as tribes

REVISIONS_ON_A_PAGE = 50
MOST_SHOWN_CHANGES = 50  # tribes
MOST_SHOWN_LINES = 400  # of a tribe
CONTEXT_LINES = 3
NO_REVISION = "Give two revisions by their numbers, such as 1 and 2."

Documents = Mapping[str, Any]


@dataclass(frozen=True)
class DiffLine:
    """A line of two texts: `mark` is +, - or a blank; … where equal lines are left out."""

    mark: str
    text: str


@dataclass(frozen=True)
class TribeChange:
    """What differs in one tribe between two revisions."""

    key: str
    what: str
    lines: Sequence[DiffLine]
    is_cut: bool


@dataclass(frozen=True)
class Diff:
    """Two revisions beside each other: the first of the tribes that differ, and how many do."""

    before: int
    after: int
    changes: Sequence[TribeChange]
    number: int


@page
async def history_page(visit: Visit) -> Response:
    """A page of revisions, the newest first; `?from=` and `?to=` are two to compare, `?tribe=` one tribe alone."""
    query = visit.call.query
    asked = Asked(query={"limit": str(REVISIONS_ON_A_PAGE), "cursor": query.get("cursor", "")})
    found = await invoke(visit, histories.list_tribe_revisions, asked)
    revisions: Sequence[Revision] = found.data
    key = query.get("tribe", "")
    before, after = _asked_revisions(query, revisions)
    diff = await _diff(visit, before, after, key)
    values: dict[str, Any] = {
        "revisions": revisions,
        "cursor": found.cursor,
        "key": key,
        "before": before,
        "after": after,
        "diff": diff,
        "problem": "" if diff else NO_REVISION,
    }
    status = HTTPStatus.OK if diff else HTTPStatus.UNPROCESSABLE_ENTITY
    crumbs = [Link("History", "", is_here=True)]
    return await show(visit, Page("console/tribe_history", values, status), here="tribes", crumbs=crumbs)


def _asked_revisions(query: Mapping[str, str], revisions: Sequence[Revision]) -> tuple[int | None, int | None]:
    """The revisions to compare: the newest one and the one before it unless others are asked for."""
    newest = revisions[0].revision if revisions else 0
    after = whole_number(query.get("to") or str(newest), most=LARGEST_REVISION)
    before = whole_number(query.get("from") or str(max((after or 0) - 1, 0)), most=LARGEST_REVISION)
    return before, after


async def _diff(visit: Visit, before: int | None, after: int | None, key: str) -> Diff | None:
    """The difference of two revisions, None where one is no number; NotFound where there is none of it."""
    if before is None or after is None:
        return None
    first, second = [await documents_at(visit, revision) for revision in (before, after)]
    return await asyncio.to_thread(_compare, first, second, before, after, key)


async def documents_at(visit: Visit, revision: int) -> Documents:
    """The tribes of a revision, by key; NotFound where there is none of that number."""
    found = await invoke(visit, tribes.read, Asked(query={"revision": str(revision)}))
    documents: Documents = found.one["tribes"]
    return documents


def _compare(first: Documents, second: Documents, before: int, after: int, key: str) -> Diff:
    keys = [key] if key else sorted(first.keys() | second.keys())
    changed = [name for name in keys if first.get(name) != second.get(name)]
    changes = [change_of(name, first.get(name), second.get(name)) for name in changed[:MOST_SHOWN_CHANGES]]
    return Diff(before, after, changes, len(changed))


def change_of(key: str, before: Any, after: Any) -> TribeChange:
    """What differs between two documents of a tribe; None for one that was not there."""
    what = "added" if before is None else "deleted" if after is None else "changed"
    lines = list(islice(_lines(before, after), MOST_SHOWN_LINES + 1))
    return TribeChange(key, what, lines[:MOST_SHOWN_LINES], len(lines) > MOST_SHOWN_LINES)


def _lines(before: Any, after: Any) -> Iterator[DiffLine]:
    first, second = ([] if each is None else write_yaml(each).splitlines() for each in (before, after))
    for line in islice(difflib.unified_diff(first, second, lineterm="", n=CONTEXT_LINES), 3, None):
        yield DiffLine("…", "") if line.startswith("@@") else DiffLine(line[0], line[1:])
