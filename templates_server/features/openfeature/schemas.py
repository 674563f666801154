"""What the protocol's clients send and get, as the description tells of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Value = bool | int | float | str | dict[str, Any]
ErrorCode = Literal["PARSE_ERROR", "TARGETING_KEY_MISSING", "INVALID_CONTEXT", "FLAG_NOT_FOUND", "GENERAL"]
Reason = Literal["TARGETING_MATCH", "STATIC", "DISABLED"]


class SentContext(msgspec.Struct, frozen=True):
    """Whose flags are evaluated. `targetingKey` is the user's id.

    Every other member that is text, a number or a boolean is a field of a session: it decides, and is not stored.
    Members of other types are ignored. `user_signature` is needed where the environment takes signed ids only.
    """

    targetingKey: Annotated[str, Meta(min_length=1, max_length=256)]  # noqa: N815 - the name on the wire
    user_signature: str | None = None


class SentEvaluation(msgspec.Struct, frozen=True):
    """An evaluation request."""

    context: SentContext


class Evaluation(msgspec.Struct, frozen=True):
    """A flag. Without a `value` it is unset: the default of the app's code counts.

    `variant` is the name of the scenario, `none` without one. `reason`: a targeted scenario was chosen, it is the
    default one, or the entity is not enabled.
    """

    key: str
    reason: Reason
    variant: str
    value: Value | msgspec.UnsetType = msgspec.UNSET


class EventStreamEntry(msgspec.Struct, frozen=True):
    """A change stream. The URL grants access for a few minutes and must not be logged."""

    type: Literal["sse"]
    url: str
    inactivityDelaySec: Annotated[int, Meta(ge=1)]  # noqa: N815 - the name on the wire


class BulkEvaluation(msgspec.Struct, frozen=True):
    """All flags of the environment, and the change streams."""

    flags: list[Evaluation]
    eventStreams: list[EventStreamEntry]  # noqa: N815 - the name on the wire
