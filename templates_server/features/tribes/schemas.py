"""What the Platform API reads and gives about tribes; the rules of their parts are in `reading`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from templates_server.http.route_docs import ParameterDocs

Name = Annotated[str, Meta(max_length=200)]
Description = Annotated[str, Meta(max_length=2000)]
KeyText = Annotated[str, Meta(pattern="^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=64)]
OperatorWord = Literal[
    "exists", "not_exists", "equals", "not_equals", "in", "not_in", "contains", "not_contains", "starts_with",
    "ends_with", "greater_than", "greater_or_equal", "less_than", "less_or_equal", "between", "before", "after",
    "on_day", "less_than_days_ago", "more_than_days_ago", "version_equals", "version_at_least", "version_below",
]  # fmt: skip
DataOperatorWord = Literal[
    "exists", "not_exists", "equals", "not_equals", "in", "not_in", "contains", "not_contains", "starts_with",
    "ends_with", "greater_than", "greater_or_equal", "less_than", "less_or_equal", "between",
]  # fmt: skip
OutcomeWord = Literal["matched", "not_matched", "cannot_be_known_here"]
Scalar = str | int | float | bool

OF_USER = ParameterDocs("user", str, "The `user_id` of the user.", example="ada", in_samples=True)
OF_VISITOR = ParameterDocs("anonymous_id", str, "The `anonymous_id` of a visitor, instead of a user.")
FIELDS = ParameterDocs(
    "fields",
    str,
    "The fields that an app would send when the session starts, as a JSON object.",
    example='{"campaign":"spring"}',
)


class DataConditionDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A condition on a value in the data of an event; `path` has its keys, outermost first."""

    path: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=64)]],
        Meta(min_length=1, max_length=8, examples=[["price", "amount"]]),
    ]
    operator: DataOperatorWord
    value: Any = None


Percent = Annotated[float, Meta(ge=0, le=100, description="At most two decimal places.")]


class ShareDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"starts": "from", "ends": "to"}):
    """A random share of all people for a salt, from a percentage (inclusive) to another (exclusive)."""

    salt: Annotated[str, Meta(min_length=1, max_length=64, examples=["spring"])]
    starts: Percent
    ends: Percent


class FilterDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A filter: one of attribute, contextual, behaviour (each with operator and value), tag, event, share."""

    attribute: Annotated[str, Meta(examples=["joined", "device.os", "app.version", "attributes.plan"])] | None = None
    contextual: Annotated[str, Meta(examples=["fields.campaign"])] | None = None
    behaviour: Literal["sessions_30_days", "days_since_seen"] | None = None
    operator: OperatorWord | None = None
    value: Any = None
    tag: Annotated[str, Meta(examples=["sports/football"])] | None = None
    event: Annotated[str, Meta(max_length=256, examples=["video/completed"])] | None = None
    condition: Literal["have_done", "have_not_done"] | None = None
    frequency: Any = None
    timeframe: Any = None
    metadata: Annotated[dict[str, str], Meta(max_length=3)] | None = None
    data: Annotated[list[DataConditionDocument], Meta(max_length=3)] | None = None
    share: ShareDocument | None = None


class TribeDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A set of filters over people."""

    name: Name | None = None
    description: Description | None = None
    category: Name | None = None
    audience: Literal["users", "visitors", "all"] | None = None
    match: Literal["any", "all"] | None = None
    filters: Annotated[list[FilterDocument], Meta(max_length=10)] | None = None


class Tribe(TribeDocument, frozen=True, kw_only=True):
    """A tribe by its key, at a revision of all tribes of the Space."""

    key: KeyText
    revision: int


class SentTribe(TribeDocument, frozen=True, kw_only=True):
    """The tribe to store; `revision` is the revision that it is based on."""

    key: KeyText | None = None
    revision: Annotated[int, Meta(ge=0)] | None = None


class Tribes(msgspec.Struct, frozen=True):
    """All tribes of a Space at a revision."""

    space: str
    revision: int
    tribes: dict[str, TribeDocument]


class SentTribes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The tribes to store; `revision` is the revision that they are based on."""

    space: str | None = None
    revision: Annotated[int, Meta(ge=0)] | None = None
    tribes: dict[str, TribeDocument | None] | None = None


class TribesPut(msgspec.Struct, frozen=True):
    """The result of storing tribes. Identical tribes create no new revision."""

    revision: int
    changed: bool


class TribePut(msgspec.Struct, frozen=True):
    """The result of storing a tribe. An identical tribe creates no new revision."""

    revision: int
    changed: bool


class Count(msgspec.Struct, frozen=True):
    """The number of users and visitors in a tribe."""

    tribe: str
    count: int


class ExplainedFilter(msgspec.Struct, frozen=True):
    """The result of a filter; `found` is a scalar, a time, the matching tags, a bucket, a count, or null."""

    filter: dict[str, Any]
    outcome: OutcomeWord
    asked: str
    found: Scalar | list[str] | None
    why: str


class Explanation(msgspec.Struct, frozen=True):
    """Why a person is in a tribe or not."""

    tribe: str
    name: str
    person: str
    kind: Literal["user", "visitor"]
    outcome: OutcomeWord
    in_audience: bool
    audience: Literal["users", "visitors", "all"]
    match: Literal["any", "all"]
    why: str
    filters: list[ExplainedFilter]
