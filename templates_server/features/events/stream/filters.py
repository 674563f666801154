"""The filters that select the events and sessions of a stream. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from templates_server.features.people.identity import ClaimedIdentity


class StreamFilter(msgspec.Struct, frozen=True, omit_defaults=True):
    """A filter by event name and by person, both optional. A name excludes sessions."""

    name: str | None = None
    person_id: str | None = None

    def may_match(self, name: str | None, stated: ClaimedIdentity) -> bool:
        """Return whether an arrival may match; `name` is None for a session.

        The user that a visitor was merged into is not known yet: `matches` decides that.
        """
        if self.name is not None and name != self.name:
            return False
        person_id = self.person_id
        return person_id is None or stated.user is None or stated.user.person_id == person_id

    def matches(self, name: str | None, person_id: str) -> bool:
        """Return whether an arrival matches."""
        if self.name is not None and name != self.name:
            return False
        return self.person_id is None or person_id == self.person_id


EVERYTHING = StreamFilter()
_DECODER = msgspec.json.Decoder(list[StreamFilter])


def filters_as_text(filters: Sequence[StreamFilter]) -> str:
    """Return distinct filters as JSON; if one of them matches everything, only that one."""
    each = list(dict.fromkeys(filters))
    return msgspec.json.encode([EVERYTHING] if EVERYTHING in each else each).decode()


def filters_from_text(text: str) -> Sequence[StreamFilter]:
    """Parse the output of `filters_as_text`."""
    return _DECODER.decode(text)
