"""The changes to the tribes of a Space: author, time and note; and the diff of any two revisions, tribe by tribe."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from typing import Any

from starlette.responses import Response

from templates_server.features.console.navigation import Link
from templates_server.features.console.platform_api import RouteRequest, invoke
from templates_server.features.console.shell import show
from templates_server.features.console.visit import Visit, page
from templates_server.features.pages.renderer import PageContent
from templates_server.features.spaces.history import api as histories
from templates_server.features.spaces.history.schemas import Revision
from templates_server.features.tribes import api as tribes
from templates_server.http.conditional_requests import LARGEST_REVISION
from templates_server.primitives.integers import whole_number
from templates_server.primitives.yaml_json import write_yaml

REVISIONS_ON_A_PAGE = 50
MOST_SHOWN_CHANGES = 50  # tribes
MOST_SHOWN_LINES = 400  # of a tribe
CONTEXT_LINES = 3
NO_REVISION = "Enter two revision numbers, such as 1 and 2."

Documents = Mapping[str, Any]


@dataclass(frozen=True)
class DiffLine:
    """A line of a text diff: `mark` is +, - or a blank; … stands for omitted equal lines."""

    mark: str
    text: str


@dataclass(frozen=True)
class TribeChange:
    """The difference of one tribe between two revisions."""

    key: str
    what: str
    lines: Sequence[DiffLine]
    is_cut: bool


@dataclass(frozen=True)
class Diff:
    """A diff of two revisions: the first of the changed tribes, and the number of them."""

    before: int
    after: int
    changes: Sequence[TribeChange]
    number: int


@page
async def history_page(visit: Visit) -> Response:
    """Show a page of revisions, newest first; `?from=` and `?to=` select two to compare, `?tribe=` a single tribe."""
    query = visit.call.query
    asked = RouteRequest(query={"limit": str(REVISIONS_ON_A_PAGE), "cursor": query.get("cursor", "")})
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
    return await show(visit, PageContent("console/tribe_history", values, status), here="tribes", crumbs=crumbs)


def _asked_revisions(query: Mapping[str, str], revisions: Sequence[Revision]) -> tuple[int | None, int | None]:
    """Return the revisions to compare: by default the newest one and the one before it."""
    newest = revisions[0].revision if revisions else 0
    after = whole_number(query.get("to") or str(newest), most=LARGEST_REVISION)
    before = whole_number(query.get("from") or str(max((after or 0) - 1, 0)), most=LARGEST_REVISION)
    return before, after


async def _diff(visit: Visit, before: int | None, after: int | None, key: str) -> Diff | None:
    """Return the diff of two revisions, None if one is not a number; raise NotFound if one does not exist."""
    if before is None or after is None:
        return None
    first, second = [await documents_at(visit, revision) for revision in (before, after)]
    return await asyncio.to_thread(_compare, first, second, before, after, key)


async def documents_at(visit: Visit, revision: int) -> Documents:
    """Return the tribes of a revision, by key; raise NotFound if it does not exist."""
    found = await invoke(visit, tribes.read, RouteRequest(query={"revision": str(revision)}))
    documents: Documents = found.one["tribes"]
    return documents


def _compare(first: Documents, second: Documents, before: int, after: int, key: str) -> Diff:
    keys = [key] if key else sorted(first.keys() | second.keys())
    changed = [name for name in keys if first.get(name) != second.get(name)]
    changes = [change_of(name, first.get(name), second.get(name)) for name in changed[:MOST_SHOWN_CHANGES]]
    return Diff(before, after, changes, len(changed))


def change_of(key: str, before: Any, after: Any) -> TribeChange:
    """Return the difference between two documents of a tribe; None stands for an absent one."""
    what = "added" if before is None else "deleted" if after is None else "changed"
    lines = list(islice(_lines(before, after), MOST_SHOWN_LINES + 1))
    return TribeChange(key, what, lines[:MOST_SHOWN_LINES], len(lines) > MOST_SHOWN_LINES)


def _lines(before: Any, after: Any) -> Iterator[DiffLine]:
    first, second = ([] if each is None else write_yaml(each).splitlines() for each in (before, after))
    for line in islice(difflib.unified_diff(first, second, lineterm="", n=CONTEXT_LINES), 3, None):
        yield DiffLine("…", "") if line.startswith("@@") else DiffLine(line[0], line[1:])
