"""Who may do what in the console: every page and every form by role, by a stranger, from another organization."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import httpx
import pytest

from templates_server.features.pages.browser_session import BrowserContext as Cookied
from templates_server.features.pages.browser_session import form_token
from templates_server.http.response import Surface
from templates_server.routes import ROUTES
from templates_server.security.authorization import Role
from tests.server.features.auth.flows import Browser, signed_in_browser, someone
from tests.server.features.console.people import colleague, deeds_of, new_space, put_user
from tests.server.features.pages.test_every_page import PURPOSES, session_cookie
from tests.servers import RunningServer

ORGANIZATION = "/console/organizations/{organization}"
SPACE = "/console/spaces/{space}"
HERE = f"{SPACE}/environments/{{environment}}"
OK, SEE_OTHER, NOT_FOUND = 200, 303, 404
TABLE = f"""
GET  {ORGANIZATION}                                                   200 200 200
POST {ORGANIZATION}                                                   303 303 403
POST {ORGANIZATION}/rename                                            303 403 403
POST {ORGANIZATION}/delete                                            422 403 403
GET  {ORGANIZATION}/members                                           200 200 403
POST {ORGANIZATION}/members                                           200 403 403
POST {ORGANIZATION}/members/role                                      404 403 403
POST {ORGANIZATION}/members/remove                                    404 403 403
POST {ORGANIZATION}/members/invitations/{{invitation}}/withdraw       404 403 403
GET  {ORGANIZATION}/service-accounts                                  200 200 403
POST {ORGANIZATION}/service-accounts                                  200 200 403
POST {ORGANIZATION}/service-accounts/{{service_account}}/revoke       404 404 403
GET  {ORGANIZATION}/audit                                             200 403 403
GET  {SPACE}                                                          200 200 200
POST {SPACE}/rename                                                   303 303 403
POST {SPACE}/delete                                                   422 422 403
GET  {SPACE}/model                                                    200 200 200
POST {SPACE}/model                                                    422 422 403
GET  {SPACE}/model/edit                                               200 200 403
GET  {SPACE}/model/parts/{{template}}                                 404 404 403
POST {SPACE}/model/parts/{{template}}                                 404 404 403
GET  {SPACE}/model/history                                            200 200 403
GET  {SPACE}/model/code                                               200 200 200
GET  {SPACE}/model/code/{{language}}                                  404 404 404
GET  {SPACE}/model/code/{{language}}/{{file*}}                        404 404 404
GET  {HERE}                                                           200 200 200
GET  {HERE}/keys                                                      200 200 200
POST {HERE}/keys                                                      303 303 403
POST {HERE}/keys/{{key}}/revoke                                       404 404 403
POST {HERE}/keys/signed-ids                                           303 303 403
GET  {HERE}/imports                                                    200 200 403
POST {HERE}/imports                                                    422 422 403
GET  {HERE}/imports/{{upload}}                                         404 404 403
POST {HERE}/imports/{{upload}}/columns                                 404 404 403
POST {HERE}/imports/{{upload}}/start                                   404 404 403
POST {HERE}/imports/{{upload}}/discard                                 404 404 403
GET  {HERE}/imports/{{upload}}/rejects                                 404 404 403
GET  {HERE}/live                                                      200 200 403
GET  {HERE}/live/stream                                               200 200 403
GET  {HERE}/tribes                                                    200 200 200
GET  {HERE}/tribe-history                                             200 200 403
GET  {HERE}/new-tribe                                                 200 200 403
POST {HERE}/new-tribe                                                 303 303 403
GET  {HERE}/tribes/{{tribe}}                                          404 404 404
GET  {HERE}/tribes/{{tribe}}/edit                                     404 404 403
POST {HERE}/tribes/{{tribe}}/edit                                     303 303 403
POST {HERE}/tribes/{{tribe}}/delete                                   303 303 403
GET  {HERE}/tribes/{{tribe}}/explanation                              404 404 403
POST {HERE}/tribes/{{tribe}}/exports                                  404 404 403
GET  {HERE}/tribes/{{tribe}}/exports/{{export}}                       404 404 404
GET  {HERE}/tribes/{{tribe}}/exports/{{export}}/content               404 404 403
GET  {HERE}/users                                                     200 200 403
GET  {HERE}/users/{{user}}                                            404 404 403
GET  {HERE}/users/{{user}}/everything                                 404 404 403
POST {HERE}/users/{{user}}/tags                                       404 404 403
POST {HERE}/users/{{user}}/tags/remove                                404 404 403
POST {HERE}/users/{{user}}/erase                                      404 404 403
GET  {HERE}/visitors                                                  200 200 403
GET  {HERE}/visitors/{{visitor}}                                      404 404 403
POST {HERE}/visitors/{{visitor}}/tags                                 404 404 403
POST {HERE}/visitors/{{visitor}}/tags/remove                          404 404 403
GET  {HERE}/visitors/{{visitor}}/everything                           404 404 403
POST {HERE}/visitors/{{visitor}}/erase                                404 404 403
GET  {HERE}/user-tags                                                 200 200 403
POST {HERE}/user-tags/delete                                          303 303 403
GET  {HERE}/delivery                                                  200 200 200
GET  {HERE}/delivery/entities/{{entity}}                              404 404 404
GET  {HERE}/delivery/entities/{{entity}}/scenario                     404 404 403
POST {HERE}/delivery/entities/{{entity}}/scenario                     404 404 403
GET  {HERE}/delivery/review                                           400 400 403
POST {HERE}/delivery/push                                            400 400 403
GET  {HERE}/delivery/compare                                          200 200 200
GET  {HERE}/delivery/history                                          200 200 403
GET  {HERE}/delivery/preview                                          200 200 403
"""
"""What administrators, developers and viewers get. A deed of a part that is not there is 404 for whoever may."""
FIELDS: Mapping[str, str] = {
    "name": "Radio",
    "organization_name": "Wireless & Co",
    "email": "new@example.com",
    "role": "viewer",
    "member": "nobody@example.com",
    "scopes": "code:read",
    "deed": "require",
    "tribe": "wireless-fans",
    "tag": "sports/football",
    "confirmation": "none",
}
QUERIES: Mapping[str, str] = {f"{HERE}/live/stream": "?wait=0"}
PARAMETER = re.compile(r"\{(\w+)\*?\}")


@dataclass(frozen=True)
class Row:
    """A page or a form, and what each role gets."""

    method: str
    path: str
    statuses: Mapping[Role, int]


def rows() -> list[Row]:
    """The table."""
    found = []
    for line in filter(None, TABLE.splitlines()):
        method, path, *statuses = line.split()
        by_role = zip((Role.ADMINISTRATOR, Role.DEVELOPER, Role.VIEWER), map(int, statuses), strict=True)
        found.append(Row(method, path, dict(by_role)))
    return found


def address_of(path: str, names: Mapping[str, str]) -> str:
    """A path with its parameters filled in; what has no name is called `none`."""
    return PARAMETER.sub(lambda match: names.get(match[1], "none"), path) + QUERIES.get(path, "")


def ask(server: RunningServer, browser: Browser, row: Row, **names: str) -> httpx.Response:
    """Open the page, or send the form as the page would have it."""
    path = address_of(row.path, names)
    if row.method == "GET":
        return browser.get(path)
    key = server.app.services.server_key
    token = form_token(key, Cookied(session_cookie(browser)), PURPOSES[row.path])
    fields = {**FIELDS, "space_key": f"{names.get('space', 'x')}-2", "form_token": token}
    return browser.send("POST", path, fields=fields)


def test_every_page_and_form_of_the_console_has_a_row() -> None:
    pages = [
        f"{route.method} {route.path}" for route in ROUTES if "{" in route.path and route.path.startswith("/console/")
    ]
    assert sorted(f"{row.method} {row.path}" for row in rows()) == sorted(pages)
    assert {route.surface for route in ROUTES if route.path.startswith("/console")} == {Surface.PAGE}


@pytest.mark.slow
@pytest.mark.parametrize("role", Role)
def test_each_role_may_do_what_the_table_says_and_no_more(server: RunningServer, role: Role) -> None:
    owner = someone(server)
    names = {
        "organization": owner.organization,
        "space": new_space(server, owner, name="Wireless"),
        "environment": "staging",
    }
    put_user(server, names["space"], "staging", "ada", tags=[FIELDS["tag"]])
    browser = signed_in_browser(server, colleague(server, owner, role))
    for row in rows():
        before = len(deeds_of(server, owner))
        answer = ask(server, browser, row, **names)
        assert answer.status_code == row.statuses[role], (row, answer.text)
        is_done = row.method == "POST" and answer.status_code in {OK, SEE_OTHER}
        assert len(deeds_of(server, owner)) == before + is_done, row


def test_elsewhere_is_as_if_it_were_nowhere(server: RunningServer) -> None:
    owner, person = someone(server), someone(server)
    theirs = {
        "organization": owner.organization,
        "space": new_space(server, owner, name="Wireless"),
        "environment": "staging",
    }
    nowhere = {"organization": "nowhere", "space": "nowhere", "environment": "staging"}
    browser = signed_in_browser(server, person)
    for row in rows():
        refusals = [ask(server, browser, row, **names) for names in (theirs, nowhere)]
        assert [refusal.status_code for refusal in refusals] == [NOT_FOUND, NOT_FOUND], row
        assert refusals[0].content == refusals[1].content
    assert deeds_of(server, owner) == []


def test_strangers_are_asked_to_sign_in(server: RunningServer) -> None:
    owner = someone(server)
    names = {
        "organization": owner.organization,
        "space": new_space(server, owner, name="Wireless"),
        "environment": "staging",
    }
    for row in rows():
        path = address_of(row.path, names)
        fields = {"form_token": "x"} if row.method == "POST" else None
        answer = Browser(server).send(row.method, path, fields=fields)
        assert answer.status_code == SEE_OTHER, row
        assert answer.headers["location"].startswith("/sign-in?next=%2Fconsole%2F"), row
    assert deeds_of(server, owner) == []


def test_a_viewer_is_told_nobody_s_name_or_address(server: RunningServer) -> None:
    owner = someone(server)
    names = {
        "organization": owner.organization,
        "space": new_space(server, owner, name="Wireless"),
        "environment": "staging",
    }
    mine = signed_in_browser(server, owner)
    rename = next(row for row in rows() if row.path.endswith("/rename"))
    assert ask(server, mine, rename, **names).status_code == SEE_OTHER
    viewer = signed_in_browser(server, colleague(server, owner, Role.VIEWER))
    shown = [ask(server, viewer, row, **names) for row in rows() if row.method == "GET"]
    assert owner.email in mine.get(f"/console/spaces/{names['space']}").text
    assert owner.email in mine.get("/console").text
    for page in (*shown, viewer.get("/console")):
        assert f">{owner.email}" not in page.text
        assert f"by {owner.email}" not in page.text
