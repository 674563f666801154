"""What every page has: headers, structure, nothing from elsewhere; and how failures look."""

from __future__ import annotations

import logging
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode

import pytest

from templates_server.features.accounts import store as accounts_store
from templates_server.http.context import Call
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.primitives.timestamps import system_clock
from templates_server.routes import ROUTES
from templates_server.security.authorization import Role
from tests.server.features.auth.flows import PASSWORD_HASH, Browser, authorization, signed_in_browser, someone
from tests.servers import RunningServer, running_server
from tests.unhandled_exceptions import UNHANDLED

CONSENT = f"/oauth/authorize?{urlencode(authorization())}"
PAGES = (
    "/",
    "/sign-in",
    "/signed-out",
    CONSENT,
    "/oauth/authorize",
    "/device",
    "/device?user_code=BCDF-GHJK",
    "/device/allowed",
)


class Outline(HTMLParser):
    """The elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.elements if found == tag]


def pages(server: RunningServer) -> dict[str, Outline]:
    signed_in = signed_in_browser(server, someone(server))
    outlines = {path: Outline(signed_in.get(path).text) for path in PAGES if path != "/sign-in"}
    browser = Browser(server)
    wrong = browser.submit("/sign-in", browser.get("/sign-in"), email="a@b.example", password="x")
    return {**outlines, "/sign-in": Outline(Browser(server).get("/sign-in").text), "wrong": Outline(wrong.text)}


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_not_stored_framed_sniffed_or_told_to_others(server: RunningServer, path: str) -> None:
    answer = signed_in_browser(server, someone(server)).get(path) if path != "/sign-in" else Browser(server).get(path)
    headers = answer.headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["style-src"] == policy["img-src"] == "'self'"
    assert policy["form-action"].startswith("'self'")
    assert "script-src" not in policy
    assert "unsafe" not in headers["content-security-policy"]


def test_pages_load_nothing_from_elsewhere_and_run_no_script(server: RunningServer) -> None:
    for path, outline in pages(server).items():
        assert not outline.of("script"), path
        assert not [attributes for _, attributes in outline.elements if "style" in attributes], path
        assert not [name for _, attributes in outline.elements for name in attributes if name.startswith("on")], path
        loaded = [element.get("href") for element in outline.of("link")] + [img["src"] for img in outline.of("img")]
        assert loaded
        assert all(str(url).startswith("/assets/") for url in loaded), path


def test_pages_are_sound_for_screen_readers(server: RunningServer) -> None:
    for path, outline in pages(server).items():
        assert outline.of("html")[0]["lang"] == "en"
        assert len(outline.of("h1")) == len(outline.of("main")) == len(outline.of("header")) == 1, path
        identifiers = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]
        assert len(identifiers) == len(set(identifiers)), path
        for _, attributes in outline.elements:
            for reference in ("aria-labelledby", "aria-describedby"):
                assert attributes.get(reference) in {None, *identifiers}, (path, attributes)
        labelled = {label["for"] for label in outline.of("label")}
        fields = [field for field in outline.of("input") if field["type"] != "hidden"]
        assert all(field["id"] in labelled and field["autocomplete"] for field in fields), path
        assert all("alt" in img for img in outline.of("img")), path


def test_a_wrong_password_is_told_at_the_fields(server: RunningServer) -> None:
    outline = pages(server)["wrong"]
    alert = next(attributes for _, attributes in outline.elements if attributes.get("role") == "alert")
    fields = [field for field in outline.of("input") if field["type"] != "hidden"]
    assert [field["aria-describedby"] for field in fields] == [alert["id"]] * 2
    assert [field["aria-invalid"] for field in fields] == ["true"] * 2
    assert [field["autocomplete"] for field in fields] == ["username", "current-password"]


def test_assets_are_named_by_their_content_and_kept_for_ever(server: RunningServer) -> None:
    browser = Browser(server)
    (stylesheet,) = re.findall(r'href="(/assets/style\.[0-9a-f]{12}\.css)"', browser.get("/").text)
    answer = browser.get(stylesheet)
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    for other in (
        "/assets/style.css",
        "/assets/style.000000000000.css",
        "/assets/renderer.py",
        "/assets/..%2Frenderer.py",
    ):
        assert browser.get(other).status_code == 404


def test_what_people_are_called_is_shown_as_text(server: RunningServer) -> None:
    hostile = "<script>alert(1)</script>{{ 7 * 7 }}"
    person = someone(server)
    server.database.write_sync(
        lambda connection: accounts_store.add_member(
            connection,
            accounts_store.create_organization(
                connection, f"hostile-{person.organization}", name=hostile, now=system_clock()
            ),
            account_id=person.account_id,
            role=Role.VIEWER,
        )
    )
    browser = signed_in_browser(server, person)
    for path in ("/", CONSENT):
        text = browser.get(path).text
        assert "<script>" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7 * 7 }}" in text


def test_an_account_without_an_organization_is_told_so(server: RunningServer) -> None:
    email = f"alone-{system_clock()}@example.com"
    account_id = server.database.write_sync(
        lambda connection: accounts_store.create_account(
            connection, email, name="Alone", password_hash=PASSWORD_HASH, now=system_clock()
        )
    )
    assert account_id.startswith("acc_")
    browser = Browser(server)
    browser.submit("/sign-in", browser.get("/sign-in"), email=email, password="correct horse battery")
    assert "None yet" in browser.get("/").text
    assert "You are not a member of any organization yet" in browser.get(CONSENT).text


def test_a_path_that_leads_nowhere_is_a_page_for_browsers_and_json_for_programs(server: RunningServer) -> None:
    with server.client() as client:
        page = client.get("/nowhere", headers={"Accept": "text/html,*/*"})
        wrong_method = client.delete("/sign-in", headers={"Accept": "text/html"})
        programs = [client.get(path, headers={"Accept": "text/html"}) for path in ("/v2/nowhere", "/oauth/nowhere")]
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "Page not found" in page.text
    assert (wrong_method.status_code, wrong_method.headers["allow"]) == (405, "GET, POST")
    assert {answer.headers["content-type"] for answer in programs} == {"application/json"}


@pytest.mark.parametrize(
    ("surface", "told"), [(Surface.PAGE, "logged it as err_"), (Surface.OAUTH, '"error":"server_error"')]
)
def test_a_bug_is_told_in_the_form_of_the_surface_without_its_details(
    tmp_path: Path, surface: Surface, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_call: Call) -> None:
        raise RuntimeError("a secret detail")

    route = Route("GET", "/broken", fail, surface, "A page with a bug.")  # type: ignore[arg-type]  # it never answers
    with running_server(tmp_path, routes=(*ROUTES, route)) as server, server.client() as client:
        answer = client.get("/broken")
    assert answer.status_code == 500
    assert told in answer.text
    assert "secret detail" not in answer.text
    assert any("secret detail" in str(record.exc_info) for record in caplog.records if record.levelno == logging.ERROR)
    assert ["secret detail" in traceback for traceback in UNHANDLED.take()] == [True]
