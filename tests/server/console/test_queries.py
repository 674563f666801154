"""Pages of the console ask the database for a bounded number of things, however much there is."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine, event

from templates_server.access import Role
from tests.server.console.people import colleague, new_space
from tests.server.console.test_authorisation import PARAMETER, rows
from tests.server.oauth.flows import Browser, Someone, signed_in_browser, someone
from tests.servers import RunningServer

MOST_STATEMENTS = 24
FEW, MANY = 2, 30


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


def add_to(server: RunningServer, person: Someone, number: int) -> str:
    """So many Spaces and members more; the key of a Space."""
    for _ in range(number):
        key = new_space(server, person)
        colleague(server, person, Role.VIEWER)
    return key


def counts(browser: Browser, person: Someone, space: str) -> dict[str, int]:
    """The statements of every page."""
    names = {"organization": person.organization, "space": space, "environment": "production"}
    paths = ["/console", "/account", "/account/tokens", *(row.path for row in rows() if row.method == "GET")]
    found = {}
    for path in paths:
        address = PARAMETER.sub(lambda match: names[match[1]], path)
        assert browser.get(address).status_code == 200
        found[path] = statements_of(lambda address=address: browser.get(address))  # type: ignore[misc]
    return found


def test_more_spaces_and_members_take_no_more_statements(server: RunningServer) -> None:
    person = someone(server)
    browser = signed_in_browser(server, person)
    space = add_to(server, person, FEW)
    few = counts(browser, person, space)
    add_to(server, person, MANY)
    many = counts(browser, person, space)
    assert {path: number for path, number in many.items() if number > few[path] + 1} == {}  # one may note the use
    assert 0 < max(many.values()) <= MOST_STATEMENTS, many
