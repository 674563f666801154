"""The JSON that the CLI sends and reads, as frozen types. Unknown fields are ignored, wrong types are told by place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from mtribes_cli.api.decoding import JsonObject

MAX_LIFETIME_SECONDS = 366 * 24 * 3600
DEFAULT_INTERVAL_SECONDS = 5  # RFC 8628, 3.2
MAX_INTERVAL_SECONDS = 300
"""A token that is said to live longer is renewed by then."""
ERASED_KINDS = ("profile", "visitors", "devices", "sessions", "events")


@dataclass(frozen=True)
class Membership:
    """An organization, and what somebody is there."""

    key: str
    role: str | None

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """One `{key, role}`."""
        fields = JsonObject(value, place)
        return cls(fields.text("key"), fields.optional_text("role"))


@dataclass(frozen=True)
class Me:
    """Who is signed in."""

    kind: str  # person, service
    email: str | None
    name: str | None
    organizations: tuple[Membership, ...]
    scopes: tuple[str, ...]
    expires: str | None

    @property
    def label(self) -> str:
        """What to call them."""
        return self.email or self.name or self.kind

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """`GET /v2/me`."""
        fields = JsonObject(value, place)
        return cls(
            fields.text("kind"),
            fields.optional_text("email"),
            fields.optional_text("name"),
            fields.many("organizations", Membership.read),
            fields.texts("scopes"),
            fields.optional_text("expires"),
        )


@dataclass(frozen=True)
class Organization:
    """A tenant."""

    id: str
    key: str
    name: str
    role: str | None
    created: str | None

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """An entity of dataType organization."""
        fields = JsonObject(value, place)
        return cls(
            fields.text("id"),
            fields.text("key"),
            fields.text("name"),
            fields.optional_text("role"),
            fields.optional_text("created"),
        )


@dataclass(frozen=True)
class Space:
    """A project of an organization."""

    id: str
    key: str
    name: str
    organization: str
    revision: int
    created: str | None
    updated: str | None

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """An entity of dataType space."""
        fields = JsonObject(value, place)
        return cls(
            fields.text("id"),
            fields.text("key"),
            fields.text("name"),
            fields.text("organization"),
            fields.whole("revision"),
            fields.optional_text("created"),
            fields.optional_text("updated"),
        )


@dataclass(frozen=True)
class PushedModel:
    """What became of a model that was sent."""

    revision: int
    code_hash: str
    changed: bool

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """The answer of `PUT /v2/spaces/:space/model`."""
        fields = JsonObject(value, place)
        return cls(fields.whole("revision"), fields.text("code_hash"), fields.flag("changed"))


@dataclass(frozen=True)
class ChangedIdentifier:
    """A name in the generated code of one language, before and after."""

    language: str
    before: str | None
    after: str | None

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """One of a change's identifiers."""
        fields = JsonObject(value, place)
        return cls(fields.text("language"), fields.optional_text("before"), fields.optional_text("after"))


@dataclass(frozen=True)
class ModelChange:
    """One difference between two models."""

    path: str
    kind: str  # added, removed, retyped
    breaking: bool
    identifiers: tuple[ChangedIdentifier, ...]

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """One of the changes of `POST /v2/spaces/:space/model/diff`."""
        fields = JsonObject(value, place)
        return cls(
            fields.text("path"),
            fields.text("kind"),
            fields.flag("breaking"),
            fields.many("identifiers", ChangedIdentifier.read),
        )


@dataclass(frozen=True)
class ModelDiff:
    """What a document would change for generated code."""

    revision: int  # compared with
    breaking: bool
    changes: tuple[ModelChange, ...]

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """The answer of `POST /v2/spaces/:space/model/diff`."""
        fields = JsonObject(value, place)
        return cls(fields.whole("revision"), fields.flag("breaking"), fields.many("changes", ModelChange.read))


@dataclass(frozen=True)
class Environment:
    """Production, staging or development of a Space."""

    name: str
    revision: int
    published: tuple[str, ...]
    keys: int  # alive

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """An entity of dataType environment."""
        fields = JsonObject(value, place)
        return cls(fields.text("name"), fields.whole("revision"), fields.texts("published"), fields.whole("keys"))


@dataclass(frozen=True)
class PushedDelivery:
    """What became of a delivery document that was sent."""

    revision: int
    changed: bool

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """The answer of `PUT .../delivery`."""
        fields = JsonObject(value, place)
        return cls(fields.whole("revision"), fields.flag("changed"))


@dataclass(frozen=True)
class Published:
    """Which collections are live after publishing or unpublishing some."""

    revision: int
    published: tuple[str, ...]

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """The answer of `POST .../publish` and `.../unpublish`."""
        fields = JsonObject(value, place)
        return cls(fields.whole("revision"), fields.texts("published"))


@dataclass(frozen=True)
class SignedIds:
    """Whether an environment takes signed user ids only, and the secret for it."""

    required: bool
    secret: str

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """An entity of dataType signed_ids."""
        fields = JsonObject(value, place)
        return cls(fields.flag("required"), fields.text("secret"))


@dataclass(frozen=True)
class EnvironmentKey:
    """A public key of an environment, `pk_...`."""

    id: str
    name: str
    key: str
    created: str | None
    revoked: str | None

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """An entity of dataType key."""
        fields = JsonObject(value, place)
        return cls(
            fields.text("id"),
            fields.text("name"),
            fields.text("key"),
            fields.optional_text("created"),
            fields.optional_text("revoked"),
        )


@dataclass(frozen=True)
class User:
    """What is kept of a user of an environment; times are as the server writes them."""

    user_id: str
    email: str | None
    phone: str | None
    timezone: str | None
    locale: str | None
    joined: str | None  # a day
    tags: tuple[str, ...]
    attributes: Mapping[str, object]
    created: str | None
    updated: str | None
    first_seen: str | None
    last_seen: str | None

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """An entity of dataType user."""
        fields = JsonObject(value, place)
        return cls(
            fields.text("user_id"),
            fields.optional_text("email"),
            fields.optional_text("phone"),
            fields.optional_text("timezone"),
            fields.optional_text("locale"),
            fields.optional_text("joined"),
            fields.texts("tags"),
            fields.mapping("attributes"),
            fields.optional_text("created"),
            fields.optional_text("updated"),
            fields.optional_text("first_seen"),
            fields.optional_text("last_seen"),
        )


@dataclass(frozen=True)
class EventName:
    """A name of events that arrive: how often, whether the model has it, and how many were not as the model says."""

    name: str
    events: int
    modelled: bool
    differing: int
    metadata_keys: tuple[str, ...]
    first: str
    last: str

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """An entity of dataType event_name."""
        fields = JsonObject(value, place)
        return cls(
            fields.text("name"),
            fields.whole("events"),
            fields.flag("modelled"),
            fields.whole("differing"),
            fields.texts("metadata_keys"),
            fields.text("first"),
            fields.text("last"),
        )


@dataclass(frozen=True)
class UserTag:
    """A tag, and how many users and visitors have it."""

    tag: str
    users: int
    visitors: int

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """An entity of dataType user_tag."""
        fields = JsonObject(value, place)
        return cls(fields.text("tag"), fields.whole("users"), fields.optional_whole("visitors") or 0)


@dataclass(frozen=True)
class Erasure:
    """How much of each kind was removed with a user."""

    user_id: str
    removed: Mapping[str, int]

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """The answer of `DELETE .../users/:user`."""
        fields = JsonObject(value, place)
        removed = JsonObject(fields.mapping("removed"), f"{place}.removed")
        return cls(fields.text("user_id"), {kind: removed.whole(kind) for kind in ERASED_KINDS})


@dataclass(frozen=True)
class CodeTarget:
    """What to render: sent."""

    language: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class GeneratedFile:
    """One file of generated code, as the server claims it; whether to trust path and hash is the reader's to check."""

    path: str
    content: str
    sha256: str

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """One of a target's files."""
        fields = JsonObject(value, place)
        return cls(fields.text("path"), fields.text("content"), fields.text("sha256"))


@dataclass(frozen=True)
class GeneratedTarget:
    """All files of one language."""

    language: str
    options: Mapping[str, str]
    files: tuple[GeneratedFile, ...]

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """One of the targets of `POST /v2/spaces/:space/code`."""
        fields = JsonObject(value, place)
        return cls(fields.text("language"), fields.text_mapping("options"), fields.many("files", GeneratedFile.read))


@dataclass(frozen=True)
class GeneratedCode:
    """The answer to a code request; without targets where `unchanged`."""

    revision: int
    code_hash: str
    generator: str
    unchanged: bool
    targets: tuple[GeneratedTarget, ...]

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """The answer of `POST /v2/spaces/:space/code`."""
        fields = JsonObject(value, place)
        return cls(
            fields.whole("revision"),
            fields.text("code_hash"),
            fields.text("generator"),
            fields.flag("unchanged"),
            fields.many("targets", GeneratedTarget.read),
        )


@dataclass(frozen=True)
class OAuthServer:
    """The metadata of the authorization server (RFC 8414)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str | None
    device_authorization_endpoint: str | None

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """`/.well-known/oauth-authorization-server`."""
        fields = JsonObject(value, place)
        return cls(
            fields.text("issuer"),
            fields.text("authorization_endpoint"),
            fields.text("token_endpoint"),
            fields.optional_text("revocation_endpoint"),
            fields.optional_text("device_authorization_endpoint"),
        )


@dataclass(frozen=True)
class DeviceCodes:
    """The answer of the device authorization endpoint (RFC 8628, 3.2)."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str | None
    expires_in_seconds: int
    interval_seconds: int

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """Codes, and where to enter one of them."""
        fields = JsonObject(value, place)
        interval = fields.optional_whole("interval")
        return cls(
            fields.secret("device_code"),
            fields.text("user_code"),
            fields.text("verification_uri"),
            fields.optional_text("verification_uri_complete"),
            min(max(fields.whole("expires_in"), 0), MAX_LIFETIME_SECONDS),
            min(max(DEFAULT_INTERVAL_SECONDS if interval is None else interval, 1), MAX_INTERVAL_SECONDS),
        )


@dataclass(frozen=True)
class IssuedToken:
    """The answer of the token endpoint (RFC 6749, 5.1)."""

    access_token: str
    expires_in_seconds: int
    refresh_token: str | None

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """An access token, and perhaps the token that renews it."""
        fields = JsonObject(value, place)
        return cls(
            fields.secret("access_token"),
            min(max(fields.optional_whole("expires_in") or 0, 0), MAX_LIFETIME_SECONDS),
            fields.secret("refresh_token") if fields.optional_text("refresh_token") else None,
        )
