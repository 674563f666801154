"""Names that people choose are text on every page of the console."""

from __future__ import annotations

import html
from http import HTTPStatus
from urllib.parse import quote

import pytest
from sqlalchemy import Connection, update

from templates_server.security.authorization import Role
from templates_server.storage import tables
from tests.server.features.auth.flows import signed_in_browser, someone
from tests.server.features.console.people import new_space, put_user, put_visitor, submit
from tests.server.features.console.test_authorisation import PARAMETER, Row, address_of, rows
from tests.servers import RunningServer

NAMES = (
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "{{ 7 * 7 }}{% raw %}",
    "</code></title><script>alert(1)</script>",
    "javascript:alert(1)",
    "\u202egnp.exe & \N{PILE OF POO}",
)
FILES = (
    "/console/spaces/{space}/environments/{environment}/users/{user}/everything",
    "/console/spaces/{space}/environments/{environment}/visitors/{visitor}/everything",
    "/console/spaces/{space}/environments/{environment}/live/stream",
)
"""What a browser saves, or a script reads, and does not show."""


def needs_query(row: Row) -> bool:
    """Whether the page shows nothing unless its address says what."""
    return row.statuses[Role.ADMINISTRATOR] == HTTPStatus.BAD_REQUEST


@pytest.mark.slow
def test_names_are_shown_as_they_are_and_open_no_tag(server: RunningServer) -> None:
    for name in NAMES:
        person = someone(server)
        rename(server, person.organization_id, person.account_id, name)
        space = new_space(server, person, name=name)
        browser = signed_in_browser(server, person)
        keys = f"/console/spaces/{space}/environments/production/keys"
        accounts = f"/console/organizations/{person.organization}/service-accounts"
        submit(browser, browser.get(keys), keys, name=name)
        submit(browser, browser.get(accounts), accounts, name=name[:128], scopes="code:read")
        person_id, tag = f"a{name}", name.replace("/", "-").lower()
        put_user(server, space, "production", person_id, tags=[tag], attributes={name[:64]: name})
        put_visitor(server, space, "production", person_id)
        names = {"organization": person.organization, "space": space, "environment": "production"}
        names |= dict.fromkeys(("user", "visitor"), quote(person_id, safe=""))
        pages = [row.path for row in rows() if row.method == "GET" and row.path not in FILES and not needs_query(row)]
        paths = [address_of(path, names) for path in pages if set(PARAMETER.findall(path)) <= names.keys()]
        for path in ["/console", "/account", "/account/tokens", f"/console/search?q=a&space={space}", *paths]:
            page = browser.get(path)
            assert page.status_code == 200, (path, name)
            if "<" in name:
                assert name not in page.text, path
            assert html.escape(name).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in page.text, path


def rename(server: RunningServer, organization_id: str, account_id: str, name: str) -> None:
    """Call an organization and a person like that, whatever would refuse it."""

    def work(connection: Connection) -> None:
        for table, its_id in ((tables.organizations, organization_id), (tables.accounts, account_id)):
            connection.execute(update(table).where(table.c.id == its_id).values(name=name))

    server.database.write_sync(work)
