"""Pages of the console ask the database for a bounded number of things, however much there is."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine, event

from templates_server.access import Role
from tests.server.console.delivery_space import delivery_space
from tests.server.console.people import colleague, new_space
from tests.server.console.test_authorisation import address_of, rows
from tests.server.oauth.flows import Browser, Someone, signed_in_browser, someone
from tests.servers import RunningServer

MOST_STATEMENTS = 24
FEW, MANY = 2, 30
QUERIES = {"review": "?deed=publish&collection=home"}
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
    """So many Spaces and members more."""
    for _ in range(number):
        new_space(server, person)
        colleague(server, person, Role.VIEWER)


def counts(browser: Browser, person: Someone, space: str) -> dict[str, int]:
    """The statements of every page."""
    names = {
        "organization": person.organization,
        "space": space,
        "environment": "production",
        "entity": "home.top",
    }
    paths = ["/console", "/account", "/account/tokens", *(row.path for row in rows() if row.method == "GET")]
    found = {}
    for path in paths:
        address = address_of(path, names) + QUERIES.get(path.rpartition("/")[2], "")
        assert browser.get(address).status_code == 200
        found[path] = statements_of(lambda address=address: browser.get(address))  # type: ignore[misc]
    return found


def test_more_spaces_and_members_take_no_more_statements(server: RunningServer) -> None:
    person = someone(server)
    browser = signed_in_browser(server, person)
    space = delivery_space(server, person).key
    add_to(server, person, FEW)
    few = counts(browser, person, space)
    add_to(server, person, MANY)
    many = counts(browser, person, space)
    assert {path: number for path, number in many.items() if number > few[path] + 1} == {}  # one may note the use
    assert 0 < max(many.values()) <= MOST_STATEMENTS, many
