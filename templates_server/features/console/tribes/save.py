"""A tribe is saved: nobody's change is lost, and who was overtaken is told by what."""

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
"""Others may save other tribes of the Space meanwhile: the revision is that of all."""
EXISTS = "A tribe with this key already exists. Choose another key, or edit that tribe."


@dataclass(frozen=True)
class TribeDraft:
    """A tribe as somebody would have it, made from the tribes of a revision."""

    key: str
    document: Any
    revision: int
    note: str = ""


@dataclass(eq=False)
class TribeConflictError(Exception):
    """Somebody saved the tribe meanwhile: what it is now (None: deleted), and what it was."""

    revision: int
    theirs: Any
    before: Any
    last: Revision | None


async def save(visit: Visit, draft: TribeDraft) -> None:
    """Store the tribe; TribeConflictError when another saved it since the draft, else as the API refuses it."""
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
    """Store a tribe whose key is free; Conflict where it is not."""
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
    """The revision of the Space's tribes, and their documents by key."""
    found = (await invoke(visit, tribes.read)).one
    return found["revision"], found["tribes"]


def is_same(draft: TribeDraft, document: Any) -> bool:
    """Whether what is stored is the draft: it was sent twice."""
    return document is not None and to_tribe_document(read_tribe(draft.document, key=draft.key)) == document


async def _replace(visit: Visit, draft: TribeDraft, revision: int) -> None:
    asked = RouteRequest(draft.document, {"note": draft.note}, {"If-Match": str(revision)})
    await invoke(visit, tribes.replace_one, asked, tribe=draft.key)


async def _check_untouched(visit: Visit, draft: TribeDraft, revision: int, present: Mapping[str, Any]) -> None:
    """Raise TribeConflictError unless the tribe is what it was at the draft's revision."""
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
    """The newest revision of the tribes, where the visitor may know of it."""
    if not is_permitted(visit, histories.list_tribe_revisions):
        return None
    found = await invoke(visit, histories.list_tribe_revisions, RouteRequest(query={"limit": "1"}))
    return next(iter(found.data), None)
