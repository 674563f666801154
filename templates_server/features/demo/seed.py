"""Creates the demo data once and reports how to access it.

Secrets are derived from the server's own key: they are the same at every start, differ between servers, and are never
stored in plain text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import msgspec
from sqlalchemy import Connection

from templates_server.features.accounts import store as accounts_store
from templates_server.features.accounts.demo_people import PEOPLE, DemoMember
from templates_server.features.demo import store
from templates_server.features.demo.schemas import DemoFacts, DemoPerson, DemoServiceAccount
from templates_server.features.people import store as users_store
from templates_server.features.people.apply_changes import UserChange
from templates_server.features.people.profile_parser import read_user
from templates_server.features.spaces import parser as spaces_reading
from templates_server.features.spaces import store as spaces_store
from templates_server.features.spaces.delivery import parser as delivery_reading
from templates_server.features.spaces.delivery import store as delivery_store
from templates_server.features.tribes import parser as tribes_reading
from templates_server.features.tribes import serializer as tribes_writing
from templates_server.features.tribes import store as tribes_store
from templates_server.primitives.ids import base62
from templates_server.primitives.revisions import NewRevision
from templates_server.primitives.yaml_json import read_yaml
from templates_server.security.authorization import Role
from templates_server.security.secrets import RANDOM_LENGTH, SecretKind, add_checksum
from templates_server.security.server_key import ServerKey

PURPOSE = "demo"
PASSWORD_CHARACTERS = 20
CLIENT_ID_CHARACTERS = 22
MAX_DEPTH = 32
ORGANIZATIONS = {"acme": "Acme", "borealis": "Borealis Media"}
SPACES = {"vod": "acme", "world": "acme", "sports": "borealis"}
"""The organization of each Space."""
SPACES_WITH_USERS = frozenset({"vod"})


@dataclass(frozen=True)
class _Seed:
    """A seeding run: its target, its time and its secrets."""

    connection: Connection
    now: int
    facts: DemoFacts
    hash_password: Callable[[str], str]


def seed(connection: Connection, now: int, *, key: ServerKey, hash_password: Callable[[str], str]) -> DemoFacts:
    """Fill an empty database, or change nothing if it was seeded before. Return how to access the demo.

    Raise Conflict when the database has other data with the same keys or addresses.
    """
    facts = _facts(key)
    if accounts_store.find_account_by_email(connection, facts.people[0].email) is None:
        _fill(_Seed(connection, now, facts, hash_password))
    return msgspec.structs.replace(facts, spaces=_keys(connection))


def _facts(key: ServerKey) -> DemoFacts:
    return DemoFacts(
        [_person(key, person) for person in PEOPLE],
        add_checksum(f"{SecretKind.PERSONAL}_{_derive(key, 'token', RANDOM_LENGTH)}"),
        DemoServiceAccount(
            f"svc_{_derive(key, 'client id', CLIENT_ID_CHARACTERS)}",
            add_checksum(f"{SecretKind.SERVICE}_{_derive(key, 'client secret', RANDOM_LENGTH)}"),
        ),
        {},
    )


def _person(key: ServerKey, person: DemoMember) -> DemoPerson:
    password = _derive(key, f"password of {person.email}", PASSWORD_CHARACTERS)
    return DemoPerson(person.email, password, person.role, person.organization)


def _derive(key: ServerKey, what: str, length: int) -> str:
    return base62(int.from_bytes(key.derive(PURPOSE, what)), length)


def _fill(seeding: _Seed) -> None:
    connection, now = seeding.connection, seeding.now
    organizations = {
        key: accounts_store.create_organization(connection, key, name=name, now=now)
        for key, name in ORGANIZATIONS.items()
    }
    administrator, *_ = [_add_person(seeding, organizations, number) for number in range(len(seeding.facts.people))]
    store.add_token(connection, seeding.facts.token, account_id=administrator, now=now)
    store.add_service_account(connection, seeding.facts.service_account, organization_id=organizations["acme"], now=now)
    for key, organization in SPACES.items():
        _add_space(seeding, key, organizations[organization], author=administrator)


def _add_person(seeding: _Seed, organizations: Mapping[str, str], number: int) -> str:
    """Add an account and return its id. Each is slightly newer than the previous one, so the first stays first."""
    person = seeding.facts.people[number]
    account_id = accounts_store.create_account(
        seeding.connection,
        person.email,
        name=f"{ORGANIZATIONS[person.organization]} {person.role}",
        password_hash=seeding.hash_password(person.password),
        now=seeding.now + number,
    )
    accounts_store.add_member(
        seeding.connection, organizations[person.organization], account_id=account_id, role=Role(person.role)
    )
    return account_id


def _add_space(seeding: _Seed, key: str, organization_id: str, *, author: str) -> None:
    connection, now = seeding.connection, seeding.now
    model = spaces_reading.read_model(_document(f"{key}-space"), space=key, name=key)
    space_id = spaces_store.create_space(connection, organization_id, key=key, name=model.name, now=now)
    spaces_store.store_model(connection, space_id, NewRevision(spaces_reading.to_document(model), 0, author, now))
    tribes = tribes_writing.to_document(tribes_reading.read_tribes(_document(f"{key}-tribes"), space=key), space=key)
    tribes_store.store_tribes(connection, space_id, NewRevision(tribes, 0, author, now))
    for environment in delivery_store.list_environments(connection, space_id):
        surroundings = delivery_reading.ParseContext(model, environment.name, tribes["tribes"].keys())
        document = {**_document(f"{key}-production"), "environment": environment.name}
        delivery = delivery_reading.read_delivery(document, surroundings)
        canonical = delivery_reading.to_document(delivery, space=key, environment=environment.name)
        delivery_store.store_delivery(connection, environment.id, NewRevision(canonical, 0, author, now))
        spaces_store.create_key(connection, environment.id, name="Demo", now=now)
        if key in SPACES_WITH_USERS:
            users_store.upsert_users(connection, environment.id, _users(key), now=now)


def _users(key: str) -> Sequence[UserChange]:
    """Return the users shipped with the package, in the form the API accepts."""
    lines = resources.files(__package__).joinpath(f"{key}-users.ndjson").read_bytes().splitlines()
    read = [read_user(msgspec.json.decode(line)) for line in lines]
    return [UserChange(user_id, change) for user_id, change, _ in read]


def _document(name: str) -> Any:
    """Return a document shipped with the package."""
    content = resources.files(__package__).joinpath(f"{name}.yaml").read_bytes()
    return read_yaml(content, max_depth=MAX_DEPTH)


def _keys(connection: Connection) -> dict[str, dict[str, str]]:
    """Return the oldest active key of each environment, for those of the Spaces that still exist."""
    found: dict[str, dict[str, str]] = {}
    for key, space_id in store.find_spaces(connection, SPACES).items():
        environments = delivery_store.list_environments(connection, space_id)
        alive = {
            environment.name: [key.key for key in spaces_store.list_keys(connection, environment.id) if not key.revoked]
            for environment in environments
        }
        found[key] = {name: keys[0] for name, keys in alive.items() if keys}
    return dict(sorted(found.items(), key=lambda item: list(SPACES).index(item[0])))
