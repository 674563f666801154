"""What the Platform API says of the names of events."""

from __future__ import annotations

import msgspec


class EventNameView(msgspec.Struct, frozen=True):
    """A name of events that arrive. `events` counts all that arrived since the name is known, `first` being when.

    `differing` are those that were not as the model said when they arrived. At most 50 `metadata_keys` are told.
    """

    name: str
    events: int
    modelled: bool
    differing: int
    metadata_keys: list[str]
    first: str
    last: str
