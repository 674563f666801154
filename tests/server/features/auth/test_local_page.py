"""Signing a browser in to a local server by a link that is good once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.features.auth.flows import Browser, signed_in_browser, someone
from tests.servers import RunningServer, running_server

PAGE = "/sign-in/local"


def code_of(folder: Path) -> str:
    return (folder / "local-code").read_text()


def test_the_link_signs_the_browser_in_as_the_first_administrator_once(tmp_path: Path) -> None:
    with running_server(tmp_path, local=True) as server:
        first, _ = someone(server), someone(server)
        code = code_of(tmp_path)
        browser = Browser(server)
        answer = browser.get(PAGE, code=code, next="/account/tokens")
        assert (answer.status_code, answer.headers["location"]) == (303, "/account/tokens")
        assert first.email in browser.get("/").text
        again = Browser(server).get(PAGE, code=code)
        assert (again.status_code, "was already used" in again.text) == (403, True)
        assert browser.get(PAGE, code=code, next="/account/tokens").status_code == 303  # back and reload are harmless


@pytest.mark.parametrize("wanted", ["https://evil.example", "//evil.example", "/\\evil.example", "nowhere", "/../x"])
def test_the_link_leads_to_no_other_server(tmp_path: Path, wanted: str) -> None:
    with running_server(tmp_path, local=True) as server:
        someone(server)
        answer = Browser(server).get(PAGE, code=code_of(tmp_path), next=wanted)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize("code", ["", "wrong", "\u00e9", "x" * 43])
def test_another_code_signs_nobody_in_and_leaves_the_right_one_good(tmp_path: Path, code: str) -> None:
    with running_server(tmp_path, local=True) as server:
        someone(server)
        browser = Browser(server)
        assert browser.get(PAGE, code=code).status_code == 403
        assert browser.get("/account/tokens").headers["location"].startswith("/sign-in")
        assert browser.get(PAGE, code=code_of(tmp_path)).status_code == 303


def test_who_is_signed_in_stays_who_they_are(tmp_path: Path) -> None:
    with running_server(tmp_path, local=True) as server:
        _, second = someone(server), someone(server)
        browser, code = signed_in_browser(server, second), code_of(tmp_path)
        assert browser.get(PAGE, code=code).status_code == 303
        assert second.email in browser.get("/").text
        assert code_of(tmp_path) == code


def test_a_server_that_is_not_local_has_no_such_page(server: RunningServer) -> None:
    someone(server)
    answer = Browser(server).get(PAGE, code="x" * 43)
    assert answer.status_code == 404


def test_the_page_to_sign_in_says_how_on_ones_own_server_and_who_can_on_a_demo(
    server: RunningServer, tmp_path: Path
) -> None:
    usual = Browser(server).get("/sign-in").text
    assert ("mtribes open" in usual, "example.com" in usual) == (False, False)
    with running_server(tmp_path, local=True, demo=True) as local:
        text = Browser(local).get("/sign-in").text
    assert "mtribes open" in text
    for email in ("administrator@acme.example.com", "viewer@acme.example.com", "administrator@borealis.example.com"):
        assert email in text
