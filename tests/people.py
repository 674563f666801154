"""People and services for tests: rows in the database, and clients that carry their tokens. Nobody signs in here."""

from __future__ import annotations

import itertools
import json
from collections.abc import Collection
from dataclasses import dataclass

import httpx

from templates_server.primitives.ids import new_id, random_text
from templates_server.primitives.timestamps import DAY, system_clock
from templates_server.security.authorization import ALL_SCOPES, Role, Scope
from templates_server.security.secrets import SecretKind, hash_secret, new_secret
from templates_server.storage.database import Database
from templates_server.storage.tables import accounts, memberships, organizations, service_accounts, tokens
from tests.servers import RunningServer

NUMBERS = itertools.count(1)
NO_PASSWORD = "!"


@dataclass(frozen=True)
class Organization:
    """A tenant with a key of its own."""

    id: str
    key: str


@dataclass(frozen=True)
class Grant:
    """What a token may do: its scopes, ids of organizations and Spaces that narrow it; `personal` or `access`."""

    scopes: Collection[Scope] = ALL_SCOPES
    limits: Collection[str] = ()
    kind: str = "personal"


FULL = Grant()
OF_A_SIGN_IN = Grant(kind="access")


@dataclass(frozen=True)
class Person:
    """A member of an organization (or a service account of it) with a bearer token."""

    id: str
    email: str
    organization: Organization
    token: str

    def client(self, server: RunningServer, **headers: str) -> httpx.Client:
        """A client that acts as them."""
        return server.client(Authorization=f"Bearer {self.token}", **headers)


def unique(word: str) -> str:
    """A key that no other test uses, such as `vod-12-x3f`."""
    return f"{word}-{next(NUMBERS)}-x{random_text(6).lower()}"


def add_organization(database: Database, key: str | None = None) -> Organization:
    """A new organization."""
    organization = Organization(new_id("org"), key or unique("org"))
    row = {"id": organization.id, "key": organization.key, "name": organization.key, "created": system_clock()}
    database.write_sync(lambda connection: connection.execute(organizations.insert(), row))
    return organization


def add_person(
    database: Database, organization: Organization, *, role: Role = Role.ADMINISTRATOR, grant: Grant = FULL
) -> Person:
    """A new member with a token."""
    account = {
        "id": new_id("acc"),
        "email": f"{unique(role)}@example.com",
        "name": f"A {role}",
        "password_hash": NO_PASSWORD,
        "created": system_clock(),
    }
    membership = {"organization_id": organization.id, "account_id": account["id"], "role": role}
    database.write_sync(
        lambda connection: (
            connection.execute(accounts.insert(), account),
            connection.execute(memberships.insert(), membership),
        )
    )
    token = add_token(database, grant, account_id=str(account["id"]))
    return Person(str(account["id"]), str(account["email"]), organization, token)


def add_service(database: Database, organization: Organization, *, grant: Grant = OF_A_SIGN_IN) -> Person:
    """A new service account with an access token."""
    row = {
        "id": new_id("svc"),
        "organization_id": organization.id,
        "name": "A service",
        "secret_hash": hash_secret(new_secret(SecretKind.SERVICE)),
        "scopes": " ".join(sorted(grant.scopes)),
        "created": system_clock(),
    }
    database.write_sync(lambda connection: connection.execute(service_accounts.insert(), row))
    token = add_token(database, grant, service_account_id=str(row["id"]))
    return Person(str(row["id"]), "", organization, token)


def add_token(
    database: Database, grant: Grant, *, account_id: str | None = None, service_account_id: str | None = None
) -> str:
    """The text of a new bearer token that lives for a day."""
    secret = new_secret(SecretKind.ACCESS if grant.kind == "access" else SecretKind.PERSONAL)
    now = system_clock()
    row = {
        "token_hash": hash_secret(secret),
        "id": new_id("tok"),
        "kind": grant.kind,
        "account_id": account_id,
        "service_account_id": service_account_id,
        "name": "of a test",
        "scopes": " ".join(sorted(grant.scopes)),
        "limits": json.dumps(sorted(grant.limits)),
        "created": now,
        "expires": now + DAY,
    }
    database.write_sync(lambda connection: connection.execute(tokens.insert(), row))
    return secret


def add_space(server: RunningServer, person: Person, *, key: str | None = None) -> str:
    """The key of a new, empty Space of the person's organization, made through the API."""
    wanted = key or unique("space")
    with person.client(server) as client:
        answer = client.post(f"/v2/organizations/{person.organization.key}/spaces", json={"key": wanted})
    assert answer.status_code == 201, answer.text
    return wanted
