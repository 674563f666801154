"""What the Platform API reads and gives about users, tags and visitors."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from templates_server.http.route_docs import ParameterDocs

Scalar = str | int | float | bool
Email = Annotated[
    str, Meta(max_length=254, description="An e-mail address with one @ followed by a domain with a dot.")
]
Phone = Annotated[str, Meta(min_length=1, max_length=64)]
TimeZone = Annotated[str, Meta(description="An IANA time zone name.", examples=["Europe/Berlin"])]
Locale = Annotated[str, Meta(max_length=64, description="A BCP 47 language tag.", examples=["pt-BR"])]
Tag = Annotated[str, Meta(description="Lowercase, one to three levels separated by /.", examples=["sports/football"])]
Tags = Annotated[list[Tag], Meta(max_length=256)]
Platform = Literal["browser", "android", "ios", "roku", "server", "other"]
Joined = Annotated[str, Meta(description="A date (RFC 3339).", examples=["2026-11-21"])]
Attributes = Annotated[
    dict[str, Scalar | None], Meta(max_length=200, description="Merged by name; null removes an attribute.")
]

WITH_TAG = ParameterDocs("tag", Tag, "Only people with this tag or a tag below it.", example="sports/football")
WITH_ATTRIBUTE = ParameterDocs(
    "attribute",
    str,
    "Only people with this attribute value, as `name=value`. `2` matches both the text and the number.",
    example="plan=gold",
)


class UserPatch(msgspec.Struct, frozen=True):
    """The changes to a user. Absent fields do not change; null clears a field."""

    email: Email | UnsetType | None = UNSET
    phone: Phone | UnsetType | None = UNSET
    timezone: TimeZone | UnsetType | None = UNSET
    locale: Locale | UnsetType | None = UNSET
    joined: Joined | UnsetType | None = UNSET
    tags: Tags | UnsetType | None = UNSET
    add_tags: Tags | UnsetType | None = UNSET
    remove_tags: Tags | UnsetType | None = UNSET
    attributes: Attributes | UnsetType | None = UNSET


class UserUpsert(UserPatch, frozen=True, kw_only=True):
    """A user to insert or update: `tags` replaces all of them, after that `add_tags` come and `remove_tags` go.

    A `user_id` has no control characters, and no blank or invisible character at its beginning or end.
    """

    user_id: Annotated[str, Meta(min_length=1, max_length=256)]


class User(msgspec.Struct, frozen=True):
    """A stored user. `joined` is a date; the other times are RFC 3339, or null if the user was never seen."""

    user_id: str
    email: str | None
    phone: str | None
    timezone: str | None
    locale: str | None
    joined: str | None
    tags: tuple[str, ...]
    attributes: dict[str, Scalar]
    created: str
    updated: str
    first_seen: str | None
    last_seen: str | None


class Upserted(msgspec.Struct, frozen=True):
    """The result of upserting one user."""

    user_id: str
    result: Literal["created", "updated", "unchanged"]


class UserTag(msgspec.Struct, frozen=True):
    """A tag with the number of users and visitors that have it."""

    tag: str
    users: int
    visitors: int


class TagRemoval(msgspec.Struct, frozen=True):
    """A tag that is being deleted, and how many users and visitors still have it."""

    tag: str
    users: int
    visitors: int


class Visitor(msgspec.Struct, frozen=True):
    """A person who has not been identified."""

    anonymous_id: str
    email: str | None
    phone: str | None
    timezone: str | None
    locale: str | None
    tags: tuple[str, ...]
    attributes: dict[str, Scalar]
    created: str
    updated: str
    first_seen: str | None
    last_seen: str | None


class Removed(msgspec.Struct, frozen=True):
    """The number of deleted objects by kind."""

    profile: int
    visitors: int
    devices: int
    sessions: int
    events: int


class Erasure(msgspec.Struct, frozen=True):
    """The result of deleting a user and all their data."""

    user_id: str
    removed: Removed


class RemovedOfVisitor(msgspec.Struct, frozen=True):
    """The number of objects deleted with a visitor, by kind."""

    profile: int
    devices: int
    sessions: int
    events: int


class VisitorErasure(msgspec.Struct, frozen=True):
    """The result of deleting a visitor and all their data."""

    anonymous_id: str
    removed: RemovedOfVisitor


class MergedVisitor(msgspec.Struct, frozen=True):
    """A visitor who was merged into the user."""

    anonymous_id: str
    merged: str


class Device(msgspec.Struct, frozen=True):
    """A device of the user; `data` is additional data sent by the app."""

    device_id: str
    token: str | None
    os: str | None
    model: str | None
    app_build: str | None
    app_version: str | None
    data: dict[str, Any] | None
    first_seen: str
    last_seen: str


class Session(msgspec.Struct, frozen=True):
    """One run of an app; what the app said of itself, null where it did not.

    `unknown` is what its generated code could not use in the session before.
    """

    session: str
    started: str
    code_hash: str | None
    code_language: str | None
    app_version: str | None
    app_build: str | None
    app_platform: Platform | None
    os_version: str | None
    unknown: list[str]


class LastSession(msgspec.Struct, frozen=True):
    """What tribes know of the session that began last, even when it is kept no more; the versions as they compare."""

    started: str
    app_version: str | None
    app_platform: Platform | None
    os_version: str | None


class Event(msgspec.Struct, frozen=True):
    """An event of the user."""

    id: str
    name: str
    session: str | None
    entity: str | None
    data: dict[str, Any] | None
    metadata: dict[str, str] | None
    happened: str
    received: str


class Everything(msgspec.Struct, frozen=True):
    """All data of a user, oldest first."""

    user: User
    last_session: LastSession | None
    visitors: list[MergedVisitor]
    devices: list[Device]
    sessions: list[Session]
    events: list[Event]


class VisitorEverything(msgspec.Struct, frozen=True):
    """All data of a visitor, oldest first."""

    visitor: Visitor
    last_session: LastSession | None
    devices: list[Device]
    sessions: list[Session]
    events: list[Event]
