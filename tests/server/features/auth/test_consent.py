"""The consent page: always asked, and answered only by the person to whom it was shown."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from templates_server.security.authorization import Role
from templates_server.storage.tables import authorization_codes
from tests.server.features.auth.flows import (
    REDIRECT,
    Browser,
    Someone,
    answered,
    authorization,
    hidden_fields,
    signed_in_browser,
    someone,
)
from tests.servers import RunningServer

PATH = f"/oauth/authorize?{urlencode(authorization())}"


def codes_of(server: RunningServer, person: Someone) -> int:
    query = select(func.count()).where(authorization_codes.c.account_id == person.account_id)
    return server.database.read_sync(lambda connection: connection.execute(query).scalar_one())


def test_consent_is_asked_again_by_every_request_even_after_it_was_given(server: RunningServer) -> None:
    person = someone(server)
    browser = signed_in_browser(server, person)
    assert browser.decide("allow").status_code == 303
    again = browser.get(PATH)
    assert (again.status_code, "Allow" in again.text) == (200, True)
    assert codes_of(server, person) == 1


def test_the_page_names_client_account_organizations_and_permissions(server: RunningServer) -> None:
    person = someone(server)
    page = signed_in_browser(server, person).get("/oauth/authorize", **authorization(scope="code:read users:write"))
    for words in (
        "the mtribes command line",
        "Ada Lovelace",
        person.email,
        "Analytical Engines",
        "Generated code for your Spaces",
        "The people who use your apps",
        "change, delete",
        "http://127.0.0.1:49152",
    ):
        assert words in page.text
    assert "Tribes" not in page.text
    assert "see" not in [cell.strip() for cell in re.findall(r'<span class="muted">(.*?)</span>', page.text)]


def test_a_viewer_is_promised_no_more_than_viewers_may(server: RunningServer) -> None:
    page = signed_in_browser(server, someone(server, role=Role.VIEWER)).get(PATH).text
    told = dict(re.findall(r"<li><span>(.*?)</span> <span class=\"muted\">(.*?)</span>", page))
    assert "The people who use your apps" not in told
    assert told["Spaces and what they deliver"] == "see"
    assert told["What people did in your apps"] == "count"


def test_cancel_goes_back_with_access_denied_state_and_issuer(server: RunningServer) -> None:
    person = someone(server)
    redirect = signed_in_browser(server, person).decide("cancel")
    assert redirect.status_code == 303
    parameters = answered(redirect.headers["location"])
    assert redirect.headers["location"].startswith(REDIRECT)
    assert (parameters["error"], parameters["state"]) == ("access_denied", "some state")
    assert parameters["iss"] == server.settings.public_url
    assert codes_of(server, person) == 0


def test_another_account_signs_out_and_comes_back_to_the_same_question(server: RunningServer) -> None:
    browser = signed_in_browser(server, someone(server))
    to_sign_in = browser.decide("another")
    assert to_sign_in.status_code == 303
    page = browser.get(to_sign_in.headers["location"])
    other = someone(server)
    back = browser.submit("/sign-in", page, email=other.email, password="correct horse battery")
    assert back.headers["location"] == PATH
    assert other.email in browser.get(PATH).text


def test_without_a_sign_in_a_decision_leads_to_the_sign_in_page(server: RunningServer) -> None:
    answer = Browser(server).send("POST", PATH, fields={"decision": "allow"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=%2Foauth%2Fauthorize")


def test_a_decision_without_a_form_token_gives_no_code(server: RunningServer) -> None:
    person = someone(server)
    answer = signed_in_browser(server, person).send("POST", PATH, fields={"decision": "allow"})
    assert (answer.status_code, codes_of(server, person)) == (403, 0)


def test_a_form_token_of_another_browser_session_gives_no_code(server: RunningServer) -> None:
    person = someone(server)
    elsewhere = signed_in_browser(server, person).get(PATH)
    answer = signed_in_browser(server, person).submit(PATH, elsewhere, decision="allow")
    assert (answer.status_code, codes_of(server, person)) == (403, 0)


def test_consent_to_one_request_does_not_serve_for_another(server: RunningServer) -> None:
    person = someone(server)
    browser = signed_in_browser(server, person)
    narrow = browser.get("/oauth/authorize", **authorization(scope="code:read"))
    answer = browser.submit(PATH, narrow, decision="allow")
    assert (answer.status_code, codes_of(server, person)) == (403, 0)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_a_form_from_another_origin_gives_no_code(server: RunningServer, origin: str) -> None:
    person = someone(server)
    browser = signed_in_browser(server, person)
    fields = {**hidden_fields(browser.get(PATH).text), "decision": "allow"}
    answer = browser.send("POST", PATH, fields=fields, origin=origin)
    assert (answer.status_code, codes_of(server, person)) == (403, 0)


def test_a_decision_after_signing_out_elsewhere_gives_no_code(server: RunningServer) -> None:
    person = someone(server)
    browser = signed_in_browser(server, person)
    page = browser.get(PATH)
    kept = dict(browser.cookies)
    browser.submit("/sign-out", browser.get("/"))
    browser.cookies.update(kept)
    answer = browser.submit(PATH, page, decision="allow")
    assert answer.headers["location"].startswith("/sign-in")
    assert codes_of(server, person) == 0


def test_an_unclear_decision_is_refused(server: RunningServer) -> None:
    browser = signed_in_browser(server, someone(server))
    assert browser.submit(PATH, browser.get(PATH), decision="maybe").status_code == 400


def test_only_the_consent_page_lets_its_form_lead_to_the_redirect(server: RunningServer) -> None:
    browser = signed_in_browser(server, someone(server))
    policies = {path: browser.get(path).headers["content-security-policy"] for path in (PATH, "/", "/signed-out")}
    assert policies[PATH].endswith("form-action 'self' http://127.0.0.1:49152")
    assert policies["/"].endswith("form-action 'self'")
    assert policies["/signed-out"].endswith("form-action 'self'")
