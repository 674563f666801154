"""Which events and sessions a stream tells of. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from templates_server.features.people.identity import ClaimedIdentity


class StreamFilter(msgspec.Struct, frozen=True, omit_defaults=True):
    """Only events of a name, and only those of a person, where these are given. A name leaves sessions out."""

    name: str | None = None
    person_id: str | None = None

    def may_match(self, name: str | None, stated: ClaimedIdentity) -> bool:
        """Return whether what arrives may be wanted; `name` is None for a session.

        Whom a visitor was merged into is not known yet: `matches` decides that.
        """
        if self.name is not None and name != self.name:
            return False
        person_id = self.person_id
        return person_id is None or stated.user is None or stated.user.person_id == person_id

    def matches(self, name: str | None, person_id: str) -> bool:
        """Return whether what has arrived is wanted."""
        if self.name is not None and name != self.name:
            return False
        return self.person_id is None or person_id == self.person_id


EVERYTHING = StreamFilter()
_DECODER = msgspec.json.Decoder(list[StreamFilter])


def filters_as_text(filters: Sequence[StreamFilter]) -> str:
    """Return filters as JSON, each once; where one of them takes everything, that one alone."""
    each = list(dict.fromkeys(filters))
    return msgspec.json.encode([EVERYTHING] if EVERYTHING in each else each).decode()


def filters_from_text(text: str) -> Sequence[StreamFilter]:
    """Return what `filters_as_text` wrote."""
    return _DECODER.decode(text)
