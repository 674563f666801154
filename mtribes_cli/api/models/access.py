"""The JSON of tokens, members, invitations and service accounts. Unknown fields are ignored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from mtribes_cli.api.decoding import JsonObject


@dataclass(frozen=True)
class Token:
    """A personal access token; `token` is its text, told when it is made and never again."""

    id: str
    name: str
    scopes: tuple[str, ...]
    organizations: tuple[str, ...]
    spaces: tuple[str, ...]
    created: str | None
    expires: str | None
    last_used: str | None
    owner: str | None

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """An entity of dataType token."""
        fields = JsonObject(value, place)
        return cls(
            fields.text("id"),
            fields.text("name"),
            fields.texts("scopes"),
            fields.texts("organizations"),
            fields.texts("spaces"),
            fields.optional_text("created"),
            fields.optional_text("expires"),
            fields.optional_text("last_used"),
            fields.optional_text("owner"),
        )


@dataclass(frozen=True)
class CreatedToken:
    """A new token, and its text."""

    token: Token
    secret: str

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """The answer of `POST /v2/tokens`."""
        return cls(Token.read(value, place), JsonObject(value, place).secret("token"))


@dataclass(frozen=True)
class Member:
    """Somebody who belongs to an organization."""

    email: str
    name: str | None
    role: str

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """An entity of dataType member."""
        fields = JsonObject(value, place)
        return cls(fields.text("email"), fields.optional_text("name"), fields.text("role"))


@dataclass(frozen=True)
class Invitation:
    """Somebody who is invited; `link` is told when they are, and never again."""

    id: str
    email: str
    role: str
    expires: str | None
    link: str | None

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """An entity of dataType invitation."""
        fields = JsonObject(value, place)
        return cls(
            fields.text("id"),
            fields.text("email"),
            fields.text("role"),
            fields.optional_text("expires"),
            fields.optional_text("link"),
        )


@dataclass(frozen=True)
class ServiceAccount:
    """A program that belongs to an organization."""

    id: str
    name: str
    client_id: str
    scopes: tuple[str, ...]
    created: str | None

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """An entity of dataType service_account."""
        fields = JsonObject(value, place)
        return cls(
            fields.text("id"),
            fields.text("name"),
            fields.text("client_id"),
            fields.texts("scopes"),
            fields.optional_text("created"),
        )


@dataclass(frozen=True)
class CreatedServiceAccount:
    """A new service account, and its secret."""

    account: ServiceAccount
    secret: str

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """The answer of `POST .../service-accounts`."""
        return cls(ServiceAccount.read(value, place), JsonObject(value, place).secret("client_secret"))


@dataclass(frozen=True)
class AuditEntry:
    """Something that was done in an organization: when, by whom, from where, and what it was done to."""

    id: str
    at: str
    actor: Actor
    action: str
    target: str
    space: str | None
    environment: str | None
    address: str
    details: Mapping[str, object]

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """Read an entity of dataType audit_entry."""
        fields = JsonObject(value, place)
        return cls(
            fields.text("id"),
            fields.text("at"),
            Actor.read(fields.mapping("actor"), f"{place}.actor"),
            fields.text("action"),
            fields.text("target"),
            fields.optional_text("space"),
            fields.optional_text("environment"),
            fields.text("address"),
            fields.mapping("details"),
        )


@dataclass(frozen=True)
class Actor:
    """Who did something, as they were called then."""

    kind: str  # person, service
    id: str
    name: str

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """Read `{kind, id, name}`."""
        fields = JsonObject(value, place)
        return cls(fields.text("kind"), fields.text("id"), fields.text("name"))
