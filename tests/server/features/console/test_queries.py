"""Pages of the console ask the database for a bounded number of things, however much there is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Engine, event, select

from templates_server.features.accounts.token_store import PersonalToken, create_personal_token
from templates_server.features.tribes import store
from templates_server.primitives.revisions import NewRevision
from templates_server.primitives.timestamps import DAY, system_clock
from templates_server.security.authorization import Role, Scope
from templates_server.storage.tables import spaces
from tests.server.features.auth.flows import Browser, Someone, signed_in_browser, someone
from tests.server.features.console.daily_count_rows import add_days, add_sizes
from tests.server.features.console.delivery_space import delivery_space
from tests.server.features.console.people import colleague, new_space, put_user, put_visitor
from tests.server.features.console.test_authorisation import PARAMETER, address_of, rows
from tests.servers import RunningServer

MOST_STATEMENTS = 24
FEW, MANY = 2, 30
TRIES = 3  # what runs beside them asks the database too, now and then
TRIBE = "gold"
QUERIES = {"review": "?deed=publish&collection=home", "{template}": "?key=home&deed=remove"}
"""What the last part of a page's path is opened with, where it shows nothing otherwise."""


def statements_of(work: Callable[[], object]) -> int:
    """How many statements this process sends to databases meanwhile."""
    sent: list[str] = []

    def note(*arguments: object) -> None:
        sent.append(str(arguments[2]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return len([statement for statement in sent if statement.startswith(("SELECT", "UPDATE", "INSERT", "DELETE"))])


def add_to(server: RunningServer, person: Someone, number: int) -> None:
    """So many Spaces, with days that are closed, and members more."""
    for _ in range(number):
        days = {day: [day] * 6 for day in range(1, 101)}
        add_days(server, new_space(server, person), "production", days)
        colleague(server, person, Role.VIEWER)


def add_tribes(server: RunningServer, person: Someone, space: str, number: int) -> None:
    """Have a Space have so many tribes besides those that its delivery names."""
    everybody = {"name": "x", "audience": "all", "match": "all", "filters": []}
    keys = (TRIBE, "night", *(f"tribe-{each}" for each in range(number)))
    tribes = {key: {**everybody, "category": key} for key in keys}
    new = NewRevision({"space": space, "tribes": tribes}, None, person.account_id, system_clock())

    def work(connection: Connection) -> None:
        (space_id,) = connection.execute(select(spaces.c.id).where(spaces.c.key == space)).scalars()
        store.store_tribes(connection, space_id, new)

    server.database.write_sync(work)


def add_people(server: RunningServer, space: str, number: int) -> None:
    """So many users with tags of their own, and as many visitors; the first are always the same."""
    for each in range(number):
        put_user(server, space, "production", f"user-{each}", tags=[f"tag-{each}", "everybody"])
        put_visitor(server, space, "production", f"visitor-{each}")


def add_tokens(server: RunningServer, person: Someone, number: int) -> None:
    """So many personal access tokens, each narrowed to the organization."""
    now = system_clock()
    token = PersonalToken("CI", [Scope.CODE_READ], now + DAY, [person.organization_id])

    def work(connection: Connection) -> None:
        for _ in range(number):
            create_personal_token(connection, person.account_id, token=token, now=now)

    server.database.write_sync(work)


def counts(browser: Browser, person: Someone, space: str) -> dict[str, int]:
    """The statements of every page."""
    names = {"organization": person.organization, "space": space, "environment": "production", "tribe": TRIBE}
    names |= {"user": "user-0", "visitor": "visitor-0", "entity": "home.top", "template": "collection"}
    paths = ["/console", "/account", "/account/tokens", *(row.path for row in rows() if row.method == "GET")]
    paths = [path for path in paths if set(PARAMETER.findall(path)) <= names.keys()]
    found = {}
    for path in paths:
        address = address_of(path, names) + QUERIES.get(path.rpartition("/")[2], "")
        assert browser.get(address).status_code == 200
        tries = [statements_of(lambda address=address: browser.get(address)) for _ in range(TRIES)]  # type: ignore[misc]
        found[path] = min(tries)
    return found


@pytest.mark.slow
def test_more_spaces_members_and_people_take_no_more_statements(server: RunningServer) -> None:
    person = someone(server)
    browser = signed_in_browser(server, person)
    space = delivery_space(server, person).key
    add_to(server, person, FEW)
    add_tribes(server, person, space, FEW)
    add_people(server, space, FEW)
    add_tokens(server, person, FEW)
    few = counts(browser, person, space)
    add_to(server, person, MANY)
    add_tribes(server, person, space, MANY)
    add_sizes(server, space, "production", TRIBE, {day: day for day in range(1, 401)})
    add_people(server, space, MANY)
    add_tokens(server, person, MANY)
    many = counts(browser, person, space)
    assert {path: number for path, number in many.items() if number > few[path] + 1} == {}  # one may note the use
    assert 0 < max(many.values()) <= MOST_STATEMENTS, many
