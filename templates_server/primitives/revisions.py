"""Documents with revisions: what is stored, and on which condition a change is accepted. No SQL, no HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from templates_server.errors import PreconditionFailed


@dataclass(frozen=True)
class StoredDocument:
    """A document at a revision; at revision 0, where nothing was stored yet, an empty one."""

    revision: int
    value: Any


@dataclass(frozen=True)
class NewRevision:
    """A document to store: `expected` is the revision that it was made from, None for whichever is there.

    `note` is what its author says of it, None for nothing.
    """

    document: Mapping[str, Any]
    expected: int | None
    author: str
    now: int
    note: str | None = None


@dataclass(frozen=True)
class StoreResult:
    """The result of storing a document: `changed` is False if an equal one was already stored."""

    revision: int
    changed: bool


def check_revision(present: int, expected: int | None) -> None:
    """Raise PreconditionFailed, naming the current revision, unless the change is based on it."""
    if expected is not None and expected != present:
        raise PreconditionFailed(
            f"The current revision is {present}, but the change is based on {expected}. Fetch it again and repeat "
            "your change, or send `If-Match: *` to replace any revision.",
            headers={"ETag": entity_tag(present)},
        )


def entity_tag(revision: int) -> str:
    """Return a revision as an entity tag (RFC 9110, 8.8.3)."""
    return f'"{revision}"'


def to_json(document: Mapping[str, Any]) -> str:
    """Return a canonical document as it is stored: in its own order, without blanks."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
