"""What the Platform API gives about revisions."""

from __future__ import annotations

import msgspec


class Author(msgspec.Struct, frozen=True):
    """Who made a revision: `kind` is `person` or `service`.

    `name` is a person's e-mail address or a service account's name, as it is now; null where there is none any more.
    """

    kind: str
    id: str
    name: str | None


class Revision(msgspec.Struct, frozen=True):
    """A revision of a document; `note` is null if there is none."""

    revision: int
    at: str
    author: Author
    note: str | None
