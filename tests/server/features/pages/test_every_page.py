"""What holds for every page and every answer, walked through the URL table: forms, headers, cookies, ways on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from templates_server.features.pages.browser_session import BrowserContext as Cookied
from templates_server.features.pages.browser_session import form_token, local_path
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.routes import ROUTES
from templates_server.settings import Settings
from tests.people import add_organization, add_person
from tests.server.features.auth.flows import Browser, authorization, signed_in_browser, someone
from tests.servers import RunningServer, running_server

CONSENT = f"/oauth/authorize?{urlencode(sorted(authorization().items()))}"
USER_CODE = "BCDFGHJK"
HERE = "/console/spaces/{space}/environments/{environment}"
PURPOSES = {
    "/sign-in": "sign-in",
    "/sign-out": "sign-out",
    "/oauth/authorize": f"consent {CONSENT}",
    "/device": "device code",
    "/device/decision": f"device consent {USER_CODE}",
    "/invitation/{code}": "invitation x",
    "/account/tokens": "create token",
    "/account/tokens/{token}/revoke": "revoke token",
    "/account/password": "change password",
    "/account/sign-out-everywhere": "sign out everywhere",
    "/console/organizations/{organization}": "create space",
    "/console/organizations/{organization}/members": "invite member",
    "/console/organizations/{organization}/members/role": "change role",
    "/console/organizations/{organization}/members/remove": "remove member",
    "/console/organizations/{organization}/members/invitations/{invitation}/withdraw": "withdraw invitation",
    "/console/organizations/{organization}/service-accounts": "create service account",
    "/console/organizations/{organization}/service-accounts/{service_account}/revoke": "revoke service account",
    "/console/spaces/{space}/rename": "rename space",
    "/console/organizations": "create organization",
    "/console/organizations/{organization}/rename": "rename organization",
    "/console/organizations/{organization}/delete": "delete organization",
    "/console/spaces/{space}/delete": "delete space",
    "/console/spaces/{space}/model": "save model",
    "/console/spaces/{space}/model/parts/{template}": "change model",
    f"{HERE}/keys": "create key",
    f"{HERE}/keys/{{key}}/revoke": "revoke key",
    f"{HERE}/keys/signed-ids": "signed ids",
    f"{HERE}/imports": "upload import",
    f"{HERE}/imports/{{upload}}/columns": "map import",
    f"{HERE}/imports/{{upload}}/start": "start import",
    f"{HERE}/imports/{{upload}}/discard": "discard import",
    f"{HERE}/new-tribe": "create tribe",
    f"{HERE}/tribes/{{tribe}}/edit": "change tribe",
    f"{HERE}/tribes/{{tribe}}/delete": "delete tribe",
    f"{HERE}/tribes/{{tribe}}/exports": "download tribe",
    f"{HERE}/users/{{user}}/tags": "add tag",
    f"{HERE}/users/{{user}}/tags/remove": "remove tag",
    f"{HERE}/users/{{user}}/erase": "erase user",
    f"{HERE}/visitors/{{visitor}}/erase": "erase visitor",
    f"{HERE}/visitors/{{visitor}}/tags": "add visitor tag",
    f"{HERE}/visitors/{{visitor}}/tags/remove": "remove visitor tag",
    f"{HERE}/user-tags/delete": "delete user tag",
    f"{HERE}/delivery/entities/{{entity}}/scenario": "edit scenario",
    f"{HERE}/delivery/push": "push delivery",
}
FIELDS = {
    "email": "a@b.example",
    "password": "x",
    "decision": "cancel",
    "user_code": USER_CODE,
    "next": "/",
    "name": "x",
}
FORMS = sorted(route.path for route in ROUTES if route.surface is Surface.PAGE and route.method == "POST")


def address_of(path: str) -> str:
    return CONSENT if path == "/oauth/authorize" else filled(path)


def session_cookie(browser: Browser) -> str:
    (value,) = (str(cookie.value) for cookie in browser.cookies.jar if not cookie.name.endswith(("_known", "_notice")))
    return value


def token_for(server: RunningServer, browser: Browser, purpose: str) -> str:
    return form_token(server.app.services.server_key, Cookied(session_cookie(browser)), purpose)


def send(browser: Browser, path: str, token: str | None, origin: str | None = "") -> httpx.Response:
    fields = {**FIELDS, **({} if token is None else {"form_token": token})}
    return browser.send("POST", address_of(path), fields=fields, origin=origin)


@pytest.mark.parametrize("path", FORMS)
def test_a_form_is_taken_from_our_own_page_in_this_browser_alone(server: RunningServer, path: str) -> None:
    person = someone(server)
    browser, other = signed_in_browser(server, person), signed_in_browser(server, person)
    right = token_for(server, browser, PURPOSES[path])
    elsewhere = [token_for(server, browser, purpose) for form, purpose in PURPOSES.items() if form != path]
    foreign = token_for(server, other, PURPOSES[path])
    for token in (None, "", "0" * 64, right[:-1], right.upper(), right + "0", foreign, *elsewhere):
        assert send(browser, path, token).status_code == 403, token
    for origin in ("null", "https://evil.example", f"{server.url}.evil.example", server.url.replace("http", "https")):
        assert send(browser, path, right, origin).status_code == 403, origin
    assert send(browser, path, right, None).status_code != 403
    browser = signed_in_browser(server, person) if path == "/sign-out" else browser
    assert send(browser, path, token_for(server, browser, PURPOSES[path])).status_code != 403


def test_pages_without_their_cookie_take_no_form(server: RunningServer) -> None:
    browser = signed_in_browser(server, someone(server))
    for path in FORMS:
        right = token_for(server, browser, PURPOSES[path])
        answer = send(Browser(server), path, right)
        location = answer.headers.get("location", "")
        assert answer.status_code == 403 or location.startswith("/sign-in?next="), path


# Headers


@pytest.fixture(scope="module", params=["http", "https"])
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    settings: dict[str, Any] = {"public_url": "https://mtribes.example.com"} if request.param == "https" else {}
    with running_server(tmp_path_factory.mktemp("demo"), **settings) as running:
        yield running


def filled(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "x", path)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_answer_forbids_what_browsers_do_by_themselves(demo: RunningServer, route: Route) -> None:
    person = add_person(demo.database, add_organization(demo.database))
    with demo.client(Accept="text/html") as anonymous, person.client(demo) as known:
        answers = [client.request(route.method, filled(route.path)) for client in (anonymous, known)]
        answers.append(anonymous.request("PATCH", filled(route.path)))
    for answer in answers:
        headers = answer.headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] in {"no-referrer", "same-origin", "strict-origin"}
        assert headers["cache-control"] == "no-store" or answer.status_code == 200
        assert "server" not in headers
        assert ("strict-transport-security" in headers) == demo.settings.secure
        for cookie in headers.get_list("set-cookie"):
            flags = {part.strip().lower() for part in cookie.split(";")[1:]}
            assert {"httponly", "path=/", "samesite=lax"} <= flags
            assert ("secure" in flags) == demo.settings.secure
            assert cookie.startswith("__Host-mtribes") == demo.settings.secure
            assert not any(flag.startswith("domain") for flag in flags)


def test_signing_in_where_there_is_https_keeps_both_cookies_to_this_host(tmp_path: Path) -> None:
    with running_server(tmp_path, public_url="https://mtribes.example.com") as server, server.client() as client:
        shown = client.get("/sign-in")
        cookie = shown.headers["set-cookie"].partition(";")[0]
        person = someone(server)
        token = re.search(r'name="form_token" value="([^"]+)"', shown.text)
        assert token
        fields = {"form_token": token[1], "email": person.email, "password": "correct horse battery", "next": "/"}
        headers = {"Cookie": cookie, "Origin": "https://mtribes.example.com"}
        answer = client.post("/sign-in", data=fields, headers=headers)
    assert answer.status_code == 303
    for set_cookie in answer.headers.get_list("set-cookie"):
        assert set_cookie.startswith("__Host-mtribes")
        assert "; Secure" in set_cookie
        assert "domain" not in set_cookie.lower()


def test_signing_out_ends_the_session_on_every_page_of_the_browser(server: RunningServer) -> None:
    browser = signed_in_browser(server, someone(server))
    kept = httpx.Cookies(browser.cookies)
    browser.submit("/sign-out", browser.get("/"))
    browser.cookies = kept
    for path in (CONSENT, "/device"):
        assert browser.get(path).headers["location"].startswith("/sign-in"), path
    assert "You are signed in as" not in browser.get("/").text


# Ways on

TRICKS = [
    "//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\/evil.example", "\\\\evil.example",
    "https:evil.example", "https:/evil.example", "https://evil.example", "HTTPS://evil.example", "http:///evil.example",
    "javascript:alert(1)", "data:text/html,x", "/\t/evil.example", "/\n/evil.example", "/\r/evil.example",
    "\t//evil.example", " //evil.example", "/ /evil.example", "/\r\nSet-Cookie: a=b", "/\r\n\r\n<html>",
    "/\0/evil.example",
    "/.//evil.example", "/..//evil.example", "/a/..//evil.example", "/%2e%2e//evil.example", "/\u2215evil.example",
    "/\uff0fevil.example", "/\u3002evil.example", "@evil.example", "evil.example", "", "?next=//evil.example", "#x",
]  # fmt: skip
HARMLESS = ["/%2f%2fevil.example", "/%5cevil.example", "/a?b=//evil.example", "/%0d%0aSet-Cookie:a"]


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("base_path", ["", "/mtribes"])
def test_no_trick_leads_away(tmp_path: Path, trick: str, base_path: str) -> None:
    settings = Settings(f"https://mtribes.example.com{base_path}", "sqlite:///x", tmp_path)
    assert local_path(settings, trick) == f"{base_path}/"
    assert local_path(settings, base_path + trick) in {f"{base_path}/", f"{base_path}{trick}"}
    gone_to = httpx.URL(settings.public_url).join(local_path(settings, base_path + trick))
    assert gone_to.host == "mtribes.example.com"


@pytest.mark.parametrize("path", HARMLESS)
def test_what_stays_encoded_stays_a_path_of_ours(server: RunningServer, path: str) -> None:
    browser = signed_in_browser(server, someone(server))
    answer = browser.get("/sign-in", next=path)
    assert answer.headers["location"] in {path, "/"}
    assert "set-cookie: a" not in str(answer.headers).lower()


@pytest.mark.parametrize(
    ("public_url", "origin"),
    [
        ("https://Mtribes.Example.com", "https://mtribes.example.com"),
        ("https://mtribes.example.com:443/app", "https://mtribes.example.com"),
        ("http://127.0.0.1:8674", "http://127.0.0.1:8674"),
        ("http://localhost:80", "http://localhost"),
    ],
)
def test_the_origin_is_written_as_browsers_write_it(tmp_path: Path, public_url: str, origin: str) -> None:
    assert Settings(public_url, "sqlite:///x", tmp_path).origin == origin
