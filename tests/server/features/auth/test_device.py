"""The device flow for programs (RFC 8628): codes, polling, and what comes of a decision."""

from __future__ import annotations

import itertools
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from templates_server.features.auth import clients
from templates_server.features.auth.clients import PublicClient
from templates_server.features.auth.device.store import KEPT_AFTER_EXPIRY, LIFETIME
from templates_server.primitives.timestamps import SECOND
from templates_server.security.authorization import ALL_SCOPES
from templates_server.security.secrets import hash_secret
from templates_server.storage.tables import device_codes
from tests.server.features.auth.conftest import TimedServer
from tests.server.features.auth.device_flow import ask_for_codes, codes, decide, poll
from tests.server.features.auth.flows import refresh, service_account, signed_in_browser, someone, status_with
from tests.servers import RunningServer

OTHER = PublicClient("other-cli", "another", frozenset({"authorization_code", "refresh_token"}))


def test_a_program_is_given_codes_and_where_to_enter_them(server: RunningServer) -> None:
    answer = ask_for_codes(server)
    assert answer.headers["cache-control"] == "no-store"
    issued = answer.json()
    page = f"{server.settings.public_url}/device"
    assert re.fullmatch("[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", issued["user_code"])
    assert len(issued["device_code"]) == 43
    assert (issued["verification_uri"], issued["expires_in"], issued["interval"]) == (page, 900, 5)
    assert issued["verification_uri_complete"] == f"{page}?user_code={issued['user_code']}"


def test_once_allowed_the_program_acts_for_the_person(server: RunningServer) -> None:
    person, issued = someone(server), codes(server)
    assert poll(server, issued["device_code"]).json()["error"] == "authorization_pending"
    decide(signed_in_browser(server, person), issued["user_code"])
    tokens = poll(server, issued["device_code"]).json()
    assert tokens.keys() == {"access_token", "refresh_token", "expires_in", "token_type", "scope"}
    assert set(tokens["scope"].split()) == set(ALL_SCOPES)
    with server.client(Authorization=f"Bearer {tokens['access_token']}") as client:
        assert client.get("/v2/me").json()["data"][0]["email"] == person.email
    assert refresh(server, tokens["refresh_token"]).status_code == 200


def test_only_what_was_asked_for_is_granted(server: RunningServer) -> None:
    issued = codes(server, scope="spaces:read code:read")
    decide(signed_in_browser(server, someone(server)), issued["user_code"])
    assert poll(server, issued["device_code"]).json()["scope"] == "code:read spaces:read"
    assert ask_for_codes(server, scope="spaces:eat").json()["error"] == "invalid_scope"


def test_a_refusal_reaches_the_program_as_often_as_it_asks(server: RunningServer) -> None:
    issued = codes(server)
    decide(signed_in_browser(server, someone(server)), issued["user_code"], "cancel")
    for _ in range(3):
        answer = poll(server, issued["device_code"])
        assert (answer.status_code, answer.json()["error"]) == (400, "access_denied")


def test_a_code_gives_tokens_once_and_they_outlive_a_second_try(server: RunningServer) -> None:
    issued = codes(server)
    decide(signed_in_browser(server, someone(server)), issued["user_code"])
    tokens = poll(server, issued["device_code"]).json()
    assert poll(server, issued["device_code"]).json()["error"] == "invalid_grant"
    assert status_with(server, tokens["access_token"]) == 200


def test_of_32_that_poll_at_once_after_the_approval_one_gets_tokens(server: RunningServer) -> None:
    issued = codes(server)
    decide(signed_in_browser(server, someone(server)), issued["user_code"])
    with ThreadPoolExecutor(32) as threads:
        answers = list(threads.map(lambda _: poll(server, issued["device_code"]), range(32)))
    good = [answer for answer in answers if answer.status_code == 200]
    assert len(good) == 1
    assert {answer.json()["error"] for answer in answers if answer.status_code != 200} == {"invalid_grant"}
    assert status_with(server, good[0].json()["access_token"]) == 200


def test_whoever_polls_too_fast_has_to_wait_five_seconds_longer_each_time(timed: TimedServer) -> None:
    device_code = codes(timed.server)["device_code"]

    def after(seconds: float) -> str:
        timed.clock.pass_by(int(seconds * SECOND))
        return str(poll(timed.server, device_code).json()["error"])

    assert after(0) == "authorization_pending"
    assert after(4.999) == "slow_down"
    assert after(9.999) == "slow_down"
    assert after(15) == "authorization_pending"
    assert after(14.999) == "slow_down"
    assert after(20) == "authorization_pending"


def test_waiting_as_told_is_never_too_fast(timed: TimedServer) -> None:
    device_code = codes(timed.server)["device_code"]
    for _ in range(10):
        assert poll(timed.server, device_code).json()["error"] == "authorization_pending"
        timed.clock.pass_by(5 * SECOND)


def test_an_approval_is_answered_however_fast_it_is_asked_for(timed: TimedServer) -> None:
    issued = codes(timed.server)
    poll(timed.server, issued["device_code"])
    decide(signed_in_browser(timed.server, someone(timed.server)), issued["user_code"])
    assert poll(timed.server, issued["device_code"]).status_code == 200


@pytest.mark.parametrize("is_allowed", [True, False])
def test_a_code_is_good_for_a_quarter_of_an_hour(timed: TimedServer, *, is_allowed: bool) -> None:
    issued = codes(timed.server)
    timed.clock.pass_by(LIFETIME - 1)
    if is_allowed:
        decide(signed_in_browser(timed.server, someone(timed.server)), issued["user_code"])
    timed.clock.pass_by(1)
    assert poll(timed.server, issued["device_code"]).json()["error"] == "expired_token"


def test_codes_that_are_long_over_leave_no_row(timed: TimedServer) -> None:
    first = codes(timed.server)["device_code"]
    timed.clock.pass_by(LIFETIME + KEPT_AFTER_EXPIRY)
    codes(timed.server)
    query = select(func.count()).select_from(device_codes).where(device_codes.c.code_hash == hash_secret(first))
    assert timed.server.database.read_sync(lambda connection: connection.execute(query).scalar_one()) == 0
    assert poll(timed.server, first).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("device_code", ["unknown", "é", "\\", "x" * 10_000])
def test_an_unknown_code_is_refused(server: RunningServer, device_code: str) -> None:
    answer = poll(server, device_code)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_request_without_a_code_or_with_two_is_none(server: RunningServer) -> None:
    assert poll(server, "").json()["error"] == "invalid_request"
    body = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&client_id=mtribes-cli&device_code=a"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    with server.client() as client:
        doubled = client.post("/oauth/token", content=f"{body}&device_code=b", headers=form)
        twice = client.post(
            "/oauth/device_authorization", content="client_id=mtribes-cli&scope=a&scope=b", headers=form
        )
    assert (doubled.json()["error"], twice.json()["error"]) == ("invalid_request", "invalid_request")


def test_a_code_of_one_client_is_unknown_to_another_and_stays_good(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = PublicClient("other-cli", "another", frozenset({clients.DEVICE_GRANT_TYPE}))
    monkeypatch.setitem(clients.PUBLIC_CLIENTS, other.client_id, other)
    issued = codes(server)
    decide(signed_in_browser(server, someone(server)), issued["user_code"])
    assert poll(server, issued["device_code"], client_id="other-cli").json()["error"] == "invalid_grant"
    assert poll(server, issued["device_code"]).status_code == 200


def test_a_client_without_the_grant_gets_neither_codes_nor_tokens(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(clients.PUBLIC_CLIENTS, OTHER.client_id, OTHER)
    client_id, secret = service_account(server)
    for fields in ({"client_id": "other-cli"}, {"client_id": client_id, "client_secret": secret}):
        assert ask_for_codes(server, **fields).json()["error"] == "unauthorized_client"
        assert poll(server, "whatever", **fields).json()["error"] == "unauthorized_client"


def test_an_unknown_client_gets_no_codes(server: RunningServer) -> None:
    answer = ask_for_codes(server, client_id="nobody")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_user_code_that_is_taken_is_not_given_again(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = itertools.chain("BBBBBBBB" + "BBBBBBBB" + "CCCCCCCC")
    monkeypatch.setattr("templates_server.features.auth.device.user_codes.secrets.choice", lambda _: next(drawn))
    assert [codes(server)["user_code"] for _ in range(2)] == ["BBBB-BBBB", "CCCC-CCCC"]


def test_codes_for_programs_are_stored_as_sha_256_alone(server: RunningServer) -> None:
    device_code = codes(server)["device_code"]
    query = select(device_codes).where(device_codes.c.code_hash == hash_secret(device_code))
    row = server.database.read_sync(lambda connection: connection.execute(query).one())
    assert device_code not in str(row)
