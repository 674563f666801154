"""What an app is told while its session runs."""

from __future__ import annotations

import msgspec

from templates_server.features.sessions.schemas import EntityState


class StatesChange(msgspec.Struct, frozen=True):
    """The entities that have changed since what the app was told last, by `collection.child`.

    `revision` stands for all that the app has been told by now: it is sent along with the next question.
    """

    revision: str
    states: dict[str, EntityState]
