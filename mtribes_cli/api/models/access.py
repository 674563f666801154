"""The JSON of tokens, members, invitations and service accounts. Unknown fields are ignored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from mtribes_cli.api.decoding import Field, JsonObject, Model


@dataclass(frozen=True)
class Token(Model):
    """A personal access token; `token` is its text, sent only when it is created."""

    id: str
    name: str
    scopes: tuple[str, ...]
    organizations: tuple[str, ...]
    spaces: tuple[str, ...]
    created: str | None
    expires: str | None
    last_used: str | None
    owner: str | None


@dataclass(frozen=True)
class CreatedToken(Model):
    """A new token with its text."""

    token: Annotated[Token, Field(is_embedded=True)]
    secret: Annotated[str, Field("token", JsonObject.secret)]


@dataclass(frozen=True)
class Member(Model):
    """A member of an organization."""

    email: str
    name: str | None
    role: str


@dataclass(frozen=True)
class Invitation(Model):
    """An invitation; `link` is sent only when it is created."""

    id: str
    email: str
    role: str
    expires: str | None
    link: str | None


@dataclass(frozen=True)
class ServiceAccount(Model):
    """A service account of an organization."""

    id: str
    name: str
    client_id: str
    scopes: tuple[str, ...]
    created: str | None


@dataclass(frozen=True)
class CreatedServiceAccount(Model):
    """A new service account with its secret."""

    account: Annotated[ServiceAccount, Field(is_embedded=True)]
    secret: Annotated[str, Field("client_secret", JsonObject.secret)]


@dataclass(frozen=True)
class AuditEntry(Model):
    """An entry of the audit log: what was done, when, by whom, from where, and to what."""

    id: str
    at: str
    actor: Actor
    action: str
    target: str
    space: str | None
    environment: str | None
    address: str
    details: Mapping[str, object]


@dataclass(frozen=True)
class Actor(Model):
    """Who did something, with the name they had then."""

    kind: str  # person, service
    id: str
    name: str
