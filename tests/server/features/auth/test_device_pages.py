"""The device flow for people: signing in first, the code in any spelling, the question, guesses counted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest

from templates_server.features.auth.device.store import LIFETIME
from tests.server.features.auth.conftest import TimedServer
from tests.server.features.auth.device_flow import codes, decide, enter, poll
from tests.server.features.auth.flows import Browser, hidden_fields, signed_in_browser, someone
from tests.servers import RunningServer


def wrong_code(number: int) -> str:
    """A code that looks right and that nobody has."""
    letters = "BCDFGHJKLM"
    return "ZZZZ" + "".join(letters[int(digit)] for digit in f"{number:04}")


def test_one_signs_in_first_and_comes_back_with_the_code(server: RunningServer) -> None:
    person, issued = someone(server), codes(server)
    browser = Browser(server)
    to_sign_in = browser.get("/device", user_code=issued["user_code"])
    assert to_sign_in.status_code == 303
    page = browser.get(to_sign_in.headers["location"])
    assert "the code shown in your terminal" in page.text
    back = browser.submit("/sign-in", page, email=person.email, password="correct horse battery")
    assert back.headers["location"] == f"/device?user_code={issued['user_code']}"
    form = browser.get(back.headers["location"])
    assert f'value="{issued["user_code"]}"' in form.text
    assert "Is this your code?" in form.text
    question = browser.submit("/device", form, user_code=issued["user_code"])
    assert "Allow the mtribes command line?" in question.text
    assert person.email in question.text
    assert issued["user_code"] in question.text
    done = browser.submit("/device/decision", question, decision="allow")
    assert (done.status_code, done.headers["location"]) == (303, "/device/allowed")
    assert "Return to your terminal" in browser.get("/device/allowed").text


def test_a_link_with_a_code_looks_nothing_up(server: RunningServer) -> None:
    browser = signed_in_browser(server, someone(server))
    real = browser.get("/device", user_code=codes(server)["user_code"]).text
    assert "the mtribes command line" not in real
    for number in range(12):
        browser.get("/device", user_code=wrong_code(number))
    assert enter(browser, codes(server)["user_code"]).status_code == 200


@pytest.mark.parametrize("spelled", [str.lower, lambda c: c.replace("-", ""), lambda c: f" {c[:2]} {c[2:]}\u2013 "])
def test_case_dashes_and_blanks_do_not_matter(server: RunningServer, spelled: object) -> None:
    issued = codes(server)
    typed = spelled(issued["user_code"])  # type: ignore[operator]  # one of the three above
    assert decide(signed_in_browser(server, someone(server)), typed).status_code == 303
    assert poll(server, issued["device_code"]).status_code == 200


@pytest.mark.parametrize("typed", ["", "BCDF", "BCDF-GHJA", "BCDF-GHJKL", "<script>", "é" * 8, "12345678"])
def test_what_cannot_be_a_code_is_said_to_be_none_and_not_counted(server: RunningServer, typed: str) -> None:
    browser = signed_in_browser(server, someone(server))
    for _ in range(11):
        answer = enter(browser, typed)
        assert answer.status_code == 422
        assert "eight consonants" in answer.text
        assert "<script>" not in answer.text
    assert enter(browser, codes(server)["user_code"]).status_code == 200


def test_ten_wrong_codes_lock_the_account_in_every_browser_and_nobody_else(timed: TimedServer) -> None:
    server, person = timed.server, someone(timed.server)
    browser = signed_in_browser(server, person)
    for number in range(10):
        assert enter(browser, wrong_code(number)).status_code == 422
        assert enter(browser, codes(server)["user_code"]).status_code == (200 if number < 9 else 429)
    right = codes(server)["user_code"]
    locked = enter(signed_in_browser(server, person), right)
    assert (locked.status_code, locked.headers["retry-after"]) == (429, "900")
    assert "You entered 10 wrong codes" in locked.text
    assert "the mtribes command line" not in locked.text
    assert enter(signed_in_browser(server, someone(server)), right).status_code == 200
    timed.clock.pass_by(LIFETIME)
    assert enter(signed_in_browser(server, person), codes(server)["user_code"]).status_code == 200


def test_guesses_at_once_are_counted_like_guesses_in_a_row(server: RunningServer) -> None:
    browser = signed_in_browser(server, someone(server))
    page = browser.get("/device")

    def guess(number: int) -> int:
        return Browser(server, browser.cookies).submit("/device", page, user_code=wrong_code(number)).status_code

    with ThreadPoolExecutor(16) as threads:
        statuses = list(threads.map(guess, range(32)))
    assert (statuses.count(422), statuses.count(429)) == (10, 22)


def test_the_first_decision_stays(server: RunningServer) -> None:
    issued = codes(server)
    browsers = [signed_in_browser(server, someone(server)) for _ in range(2)]
    questions = [enter(browser, issued["user_code"]) for browser in browsers]
    assert browsers[0].submit("/device/decision", questions[0], decision="cancel").status_code == 303
    late = browsers[1].submit("/device/decision", questions[1], decision="allow")
    assert "Unknown code" in late.text
    assert poll(server, issued["device_code"]).json()["error"] == "access_denied"
    assert enter(browsers[1], issued["user_code"]).status_code == 422


def test_a_code_that_ran_out_meanwhile_is_not_allowed_any_more(timed: TimedServer) -> None:
    issued = codes(timed.server)
    browser = signed_in_browser(timed.server, someone(timed.server))
    question = enter(browser, issued["user_code"])
    timed.clock.pass_by(LIFETIME)
    late = browser.submit("/device/decision", question, decision="allow")
    assert "older than 15 minutes" in late.text
    assert enter(browser, issued["user_code"]).status_code == 422


def test_another_account_comes_back_to_the_same_code(server: RunningServer) -> None:
    issued, other = codes(server), someone(server)
    browser = signed_in_browser(server, someone(server))
    away = browser.submit("/device/decision", enter(browser, issued["user_code"]), decision="another")
    page = browser.get(away.headers["location"])
    back = browser.submit("/sign-in", page, email=other.email, password="correct horse battery")
    assert parse_qs(urlsplit(back.headers["location"]).query) == {"user_code": [issued["user_code"]]}
    decide(browser, issued["user_code"])
    token = poll(server, issued["device_code"]).json()["access_token"]
    with server.client(Authorization=f"Bearer {token}") as client:
        assert client.get("/v2/me").json()["data"][0]["email"] == other.email


def test_nothing_is_decided_without_the_question_having_been_shown_there(server: RunningServer) -> None:
    issued = codes(server)
    plain = issued["user_code"].replace("-", "")
    browser, stranger = (signed_in_browser(server, someone(server)) for _ in range(2))
    question = hidden_fields(enter(browser, issued["user_code"]).text)
    code_form = hidden_fields(browser.get("/device").text)
    for sender, fields, origin in (
        (stranger, question, ""),
        (browser, {**code_form, "user_code": plain}, ""),
        (browser, {**question, "user_code": "BCDFGHJK"}, ""),
        (browser, {"user_code": plain}, ""),
        (browser, question, "https://evil.example"),
    ):
        answer = sender.send("POST", "/device/decision", fields={**fields, "decision": "allow"}, origin=origin)
        assert answer.status_code == 403
    assert browser.send("POST", "/device", fields={"user_code": plain}).status_code == 403
    assert Browser(server).send("POST", "/device/decision", fields=question).status_code == 303  # to sign in
    assert poll(server, issued["device_code"]).json()["error"] == "authorization_pending"
    assert browser.send("POST", "/device/decision", fields={**question, "decision": "maybe"}).status_code == 400
