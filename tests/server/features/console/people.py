"""People and Spaces for the console's tests, and what stands on its pages."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Sequence

import httpx
from sqlalchemy import Connection, select

from templates_server.features.accounts import store as accounts_store
from templates_server.features.people import store as users_store
from templates_server.features.people.apply_changes import UserChange
from templates_server.features.people.identity import claim_identity
from templates_server.features.people.profile_parser import read_user
from templates_server.features.people.sighting_store import Sighting, record_sightings
from templates_server.features.spaces import store as spaces_store
from templates_server.primitives.timestamps import system_clock
from templates_server.security.authorization import Role
from templates_server.storage import tables
from tests.server.features.auth.flows import PASSWORD_HASH, Browser, Someone
from tests.servers import RunningServer

NUMBERS = itertools.count(1)
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


def new_space(server: RunningServer, person: Someone, *, name: str = "Radio") -> str:
    """The key of a new Space of the person's organization."""
    key = f"space-{next(NUMBERS)}-{person.organization.removeprefix('org-')}"
    now = system_clock()
    server.database.write_sync(
        lambda connection: spaces_store.create_space(connection, person.organization_id, key=key, name=name, now=now)
    )
    return key


def colleague(server: RunningServer, person: Someone, role: Role) -> Someone:
    """Somebody else in the person's organization."""
    number = next(NUMBERS)

    def work(connection: Connection) -> Someone:
        email = f"colleague-{number}.{person.email}"
        account_id = accounts_store.create_account(
            connection, email, name="Grace Hopper", password_hash=PASSWORD_HASH, now=system_clock()
        )
        accounts_store.add_member(connection, person.organization_id, account_id=account_id, role=role)
        return Someone(account_id, email, person.organization_id, person.organization)

    return server.database.write_sync(work)


def put_user(server: RunningServer, space: str, environment: str, user_id: str, **fields: object) -> None:
    """Insert or update a user, by what the Platform API takes of one."""
    found, change, problems = read_user({"user_id": user_id, **fields}, "")
    assert not list(problems)
    environment_id = environment_id_of(server, space, environment)
    server.database.write_sync(
        lambda connection: users_store.upsert_users(
            connection, environment_id, [UserChange(found, change)], now=system_clock()
        )
    )


def put_visitor(server: RunningServer, space: str, environment: str, anonymous_id: str) -> None:
    """A visitor, as if an app had told of them."""
    who = claim_identity(anonymous_id, None)
    assert who is not None
    presence = Sighting(environment_id_of(server, space, environment), who, system_clock())
    server.database.write_sync(lambda connection: record_sightings(connection, [presence]))


def environment_id_of(server: RunningServer, space: str, environment: str) -> str:
    """The id of an environment of a Space."""
    there, its_space = tables.environments.c, tables.spaces.c
    query = (
        select(there.id)
        .join_from(tables.environments, tables.spaces)
        .where(its_space.key == space, there.name == environment)
    )
    return str(server.database.read_sync(lambda connection: connection.execute(query).scalar_one()))


def forms_of(page: httpx.Response) -> dict[str, list[dict[str, str]]]:
    """The hidden fields of a page's forms, by where they are sent."""
    found: dict[str, list[dict[str, str]]] = {}
    for action, content in re.findall(
        r'<form[^>]* method="post" action="([^"]+)"[^>]*>(.*?)</form>', page.text, re.DOTALL
    ):
        fields = {name: html.unescape(value) for name, value in HIDDEN.findall(content)}
        found.setdefault(html.unescape(action), []).append(fields)
    return found


def submit(browser: Browser, page: httpx.Response, action: str, **fields: str) -> httpx.Response:
    """Send the first form of a page that goes there."""
    return browser.send("POST", action, fields={**forms_of(page)[action][0], **fields})


def text_of(page: httpx.Response) -> str:
    """What a page says, without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def deeds_of(server: RunningServer, person: Someone) -> Sequence[tuple[str, str]]:
    """What the audit log of the person's organization has: the actions, and who did them, in order."""
    entries = tables.audit_entries.c
    query = select(entries.action, entries.actor).where(entries.organization_id == person.organization_id)
    rows = server.database.read_sync(lambda connection: connection.execute(query.order_by(entries.id)).all())
    return [(row.action, row.actor) for row in rows]
