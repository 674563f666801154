"""Authorization codes: good for a minute, once, for whom they were issued to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from templates_server.features.auth import clients
from templates_server.features.auth.clients import PublicClient
from templates_server.primitives.timestamps import SECOND
from tests.server.features.auth.conftest import TimedServer
from tests.server.features.auth.flows import VERIFIER, code_for, redeem, refresh, someone, status_with
from tests.servers import RunningServer


def test_a_code_is_good_for_a_minute(timed: TimedServer) -> None:
    person = someone(timed.server)
    code = code_for(timed.server, person)
    timed.clock.pass_by(60 * SECOND - 1)
    assert redeem(timed.server, code).status_code == 200
    late = code_for(timed.server, person)
    timed.clock.pass_by(60 * SECOND)
    assert redeem(timed.server, late).json()["error"] == "invalid_grant"


def test_a_code_that_is_redeemed_twice_ends_the_tokens_it_gave(server: RunningServer) -> None:
    code = code_for(server, someone(server))
    tokens = redeem(server, code).json()
    assert status_with(server, tokens["access_token"]) == 200
    again = redeem(server, code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert status_with(server, tokens["access_token"]) == 401
    assert refresh(server, tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_replay_ends_what_was_had_by_refreshing_too(server: RunningServer) -> None:
    code = code_for(server, someone(server))
    newer = refresh(server, redeem(server, code).json()["refresh_token"]).json()
    redeem(server, code)
    assert status_with(server, newer["access_token"]) == 401
    assert refresh(server, newer["refresh_token"]).json()["error"] == "invalid_grant"


def test_of_32_that_redeem_one_code_at_once_one_gets_tokens_and_the_rest_end_them(server: RunningServer) -> None:
    code = code_for(server, someone(server))
    with ThreadPoolExecutor(32) as threads:
        answers = list(threads.map(lambda _: redeem(server, code), range(32)))
    good = [answer for answer in answers if answer.status_code == 200]
    assert len(good) == 1
    assert {answer.json()["error"] for answer in answers if answer.status_code != 200} == {"invalid_grant"}
    assert status_with(server, good[0].json()["access_token"]) == 401


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "w" * 64}, "invalid_grant"),
        ({"code_verifier": VERIFIER + "\n"}, "invalid_grant"),
        ({"code_verifier": "short"}, "invalid_request"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1:49153/callback"}, "invalid_grant"),
        ({"redirect_uri": ""}, "invalid_grant"),
    ],
)
def test_a_code_with_a_wrong_verifier_or_redirect_is_refused_and_dead(
    server: RunningServer, changes: dict[str, str], error: str
) -> None:
    code = code_for(server, someone(server))
    assert redeem(server, code, **changes).json()["error"] == error
    assert redeem(server, code).json()["error"] == "invalid_grant"


def test_a_code_of_one_client_is_refused_to_another_and_stays_good_for_the_first(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = PublicClient("other-cli", "another", frozenset({"authorization_code", "refresh_token"}))
    monkeypatch.setitem(clients.PUBLIC_CLIENTS, other.client_id, other)
    code = code_for(server, someone(server))
    assert redeem(server, code, client_id="other-cli").json()["error"] == "invalid_grant"
    tokens = redeem(server, code)
    assert tokens.status_code == 200
    stolen = refresh(server, tokens.json()["refresh_token"], client_id="other-cli")
    assert stolen.json()["error"] == "invalid_grant"
    assert refresh(server, tokens.json()["refresh_token"]).status_code == 200


@pytest.mark.parametrize("code", ["", "unknown", "é", "\\", "x" * 10_000])
def test_what_is_no_code_is_refused(server: RunningServer, code: str) -> None:
    assert redeem(server, code).json()["error"] == ("invalid_grant" if code else "invalid_request")
