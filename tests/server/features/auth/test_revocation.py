"""Ending tokens by their text (RFC 7009)."""

from __future__ import annotations

import pytest

from templates_server.features.auth import clients
from templates_server.features.auth.clients import PublicClient
from tests.server.features.auth.flows import refresh, service_account, someone, status_with, tokens_for
from tests.servers import RunningServer

FORM = "application/x-www-form-urlencoded"


def revoke(server: RunningServer, token: str, **fields: str) -> tuple[int, str]:
    with server.client() as client:
        answer = client.post("/oauth/revoke", data={"client_id": "mtribes-cli", "token": token, **fields})
    return answer.status_code, answer.json().get("error", "")


def test_revoking_a_refresh_token_ends_its_access_tokens_and_itself(server: RunningServer) -> None:
    first = tokens_for(server, someone(server))
    second = refresh(server, first["refresh_token"]).json()
    assert revoke(server, second["refresh_token"]) == (200, "")
    assert status_with(server, first["access_token"]) == 401
    assert status_with(server, second["access_token"]) == 401
    assert refresh(server, second["refresh_token"]).json()["error"] == "invalid_grant"


def test_revoking_an_old_refresh_token_ends_the_sign_in_as_well(server: RunningServer) -> None:
    first = tokens_for(server, someone(server))
    second = refresh(server, first["refresh_token"]).json()
    assert revoke(server, first["refresh_token"]) == (200, "")
    assert status_with(server, second["access_token"]) == 401


def test_revoking_an_access_token_ends_it_alone(server: RunningServer) -> None:
    tokens = tokens_for(server, someone(server))
    assert revoke(server, tokens["access_token"]) == (200, "")
    assert status_with(server, tokens["access_token"]) == 401
    assert refresh(server, tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "device_code", "é", ""])
def test_a_hint_that_is_wrong_or_unknown_is_ignored(server: RunningServer, hint: str) -> None:
    tokens = tokens_for(server, someone(server))
    assert revoke(server, tokens["refresh_token"], token_type_hint=hint) == (200, "")
    assert status_with(server, tokens["access_token"]) == 401


@pytest.mark.parametrize("token", ["unknown", "mto_" + "0" * 36, "é"])
def test_an_unknown_token_is_no_error(server: RunningServer, token: str) -> None:
    assert revoke(server, token) == (200, "")


def test_a_token_must_be_named_once(server: RunningServer) -> None:
    assert revoke(server, "") == (400, "invalid_request")
    with server.client() as client:
        answer = client.post("/oauth/revoke", content="token=a&token=b", headers={"Content-Type": FORM})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_token_of_another_client_stays_good(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    other = PublicClient("other-cli", "another", frozenset({"authorization_code"}))
    monkeypatch.setitem(clients.PUBLIC_CLIENTS, other.client_id, other)
    tokens = tokens_for(server, someone(server))
    assert revoke(server, tokens["refresh_token"], client_id="other-cli") == (400, "invalid_grant")
    assert status_with(server, tokens["access_token"]) == 200


def test_an_unknown_client_revokes_nothing(server: RunningServer) -> None:
    tokens = tokens_for(server, someone(server))
    assert revoke(server, tokens["refresh_token"], client_id="unknown") == (401, "invalid_client")
    assert status_with(server, tokens["access_token"]) == 200


def test_a_service_account_revokes_its_own_tokens_with_its_secret(server: RunningServer) -> None:
    client_id, secret = service_account(server)
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    with server.client() as client:
        token = client.post("/oauth/token", data=form).json()["access_token"]
    assert revoke(server, token, client_id=client_id) == (401, "invalid_client")
    assert revoke(server, token, client_id=client_id, client_secret=secret) == (200, "")
    assert status_with(server, token) == 401
