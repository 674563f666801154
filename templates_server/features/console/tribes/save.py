"""Saving a tribe without losing changes of others: a conflict shows what has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from templates_server.errors import Conflict, NotFound, PreconditionFailed
from templates_server.features.console.platform_api import RouteRequest, invoke, is_permitted
from templates_server.features.console.tribes.history import documents_at
from templates_server.features.console.visit import Visit
from templates_server.features.spaces.history import api as histories
from templates_server.features.spaces.history.schemas import Revision
from templates_server.features.tribes import api as tribes
from templates_server.features.tribes.parser import read_tribe
from templates_server.features.tribes.serializer import to_tribe_document

ATTEMPTS = 3
"""The number of attempts: others may save other tribes of the Space meanwhile, which share its revision."""
EXISTS = "A tribe with this key already exists. Choose another key, or edit that tribe."


@dataclass(frozen=True)
class TribeDraft:
    """A person's version of a tribe, based on the tribes of a revision."""

    key: str
    document: Any
    revision: int
    note: str = ""


@dataclass(eq=False)
class TribeConflictError(Exception):
    """The error for a tribe that another person has saved: its current version (None if deleted), and the base."""

    revision: int
    theirs: Any
    before: Any
    last: Revision | None


async def save(visit: Visit, draft: TribeDraft) -> None:
    """Store the tribe; raise TribeConflictError if it was saved since the draft, else the API's own errors."""
    revision = draft.revision
    for _ in range(ATTEMPTS):
        try:
            await _replace(visit, draft, revision)
        except PreconditionFailed:
            revision, present = await present_tribes(visit)
            if is_same(draft, present.get(draft.key)):
                return
            await _check_untouched(visit, draft, revision, present)
        else:
            return
    raise Conflict("Someone else is saving tribes of this Space. Save again.")


async def create(visit: Visit, draft: TribeDraft) -> None:
    """Store a new tribe; raise Conflict if its key exists."""
    for _ in range(ATTEMPTS):
        revision, present = await present_tribes(visit)
        if is_same(draft, present.get(draft.key)):
            return
        if draft.key in present:
            raise Conflict(EXISTS, path="key")
        try:
            await _replace(visit, draft, revision)
        except PreconditionFailed:
            continue
        return
    raise Conflict("Someone else is saving tribes of this Space. Save again.")


async def present_tribes(visit: Visit) -> tuple[int, Mapping[str, Any]]:
    """Return the revision of the Space's tribes, and their documents by key."""
    found = (await invoke(visit, tribes.read)).one
    return found["revision"], found["tribes"]


def is_same(draft: TribeDraft, document: Any) -> bool:
    """Return whether the stored tribe equals the draft: it was sent twice."""
    return document is not None and to_tribe_document(read_tribe(draft.document, key=draft.key)) == document


async def _replace(visit: Visit, draft: TribeDraft, revision: int) -> None:
    asked = RouteRequest(draft.document, {"note": draft.note}, {"If-Match": str(revision)})
    await invoke(visit, tribes.replace_one, asked, tribe=draft.key)


async def _check_untouched(visit: Visit, draft: TribeDraft, revision: int, present: Mapping[str, Any]) -> None:
    """Raise TribeConflictError unless the tribe is the same as at the draft's revision."""
    before = (await _documents_of(visit, draft.revision)).get(draft.key)
    theirs = present.get(draft.key)
    if theirs != before:
        raise TribeConflictError(revision, theirs, before, await _last_change(visit))


async def _documents_of(visit: Visit, revision: int) -> Mapping[str, Any]:
    try:
        return await documents_at(visit, revision)
    except NotFound:
        return {}


async def _last_change(visit: Visit) -> Revision | None:
    """Return the newest revision of the tribes, if the visitor may see it."""
    if not is_permitted(visit, histories.list_tribe_revisions):
        return None
    found = await invoke(visit, histories.list_tribe_revisions, RouteRequest(query={"limit": "1"}))
    return next(iter(found.data), None)
