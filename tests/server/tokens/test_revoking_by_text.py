"""Ending what a text opens, without any other credentials."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from templates_server.access import Role
from templates_server.tokens.secrets import SecretKind, new_secret
from tests.people import OF_A_SIGN_IN, add_organization, add_person
from tests.server.oauth.flows import ask_for_token, service_account, someone, status_with, tokens_for
from tests.servers import RunningServer


def revoke(server: RunningServer, **body: Any) -> httpx.Response:
    with server.client() as client:
        return client.post("/v2/tokens/revoke", json=body)


def test_a_personal_token_ends_at_once_by_its_text_alone(server: RunningServer) -> None:
    organization = add_organization(server.database)
    boss = add_person(server.database, organization, grant=OF_A_SIGN_IN)
    ada = add_person(server.database, organization, role=Role.DEVELOPER)
    assert status_with(server, ada.token) == 200
    for _ in range(2):
        answer = revoke(server, token=f" {ada.token}\n")
        assert (answer.status_code, answer.content) == (204, b"")
        assert status_with(server, ada.token) == 401
    with boss.client(server) as client:
        entries = client.get(f"/v2/organizations/{organization.key}/audit").json()["data"]
    assert [(entry["action"], entry["actor"]["kind"]) for entry in entries] == [("token.revoke", "holder")]
    assert ada.token not in str(entries)


@pytest.mark.parametrize("kind", SecretKind)
def test_nothing_tells_whether_the_text_opened_anything(server: RunningServer, kind: SecretKind) -> None:
    answer = revoke(server, token=new_secret(kind))
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    "text", ["", "xyzzy", "mtp_", "mtp_" + "0" * 36, "pk_" + "0" * 32, "mtq_" + "0" * 36, "é" * 40, "mtp_0 OR 1=1"]
)
def test_what_cannot_be_a_token_is_refused(server: RunningServer, text: str) -> None:
    answer = revoke(server, token=text)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "token"
    assert text == "" or text not in answer.text


@pytest.mark.parametrize("body", [{}, {"token": None}, {"token": 1}, {"token": ["x"]}])
def test_a_body_without_a_text_is_refused_by_path(server: RunningServer, body: dict[str, Any]) -> None:
    assert revoke(server, **body).status_code == 422


def test_a_sign_in_ends_by_its_refresh_token_and_a_stolen_access_token_by_itself(server: RunningServer) -> None:
    issued = tokens_for(server, someone(server))
    assert revoke(server, token=issued["refresh_token"]).status_code == 204
    assert status_with(server, issued["access_token"]) == 401
    other = tokens_for(server, someone(server))
    assert revoke(server, token=other["access_token"]).status_code == 204
    assert status_with(server, other["access_token"]) == 401
    renewed = ask_for_token(server, grant_type="refresh_token", refresh_token=other["refresh_token"])
    assert renewed.status_code == 200


def test_a_service_account_ends_by_its_secret_and_its_tokens_with_it(server: RunningServer) -> None:
    client_id, secret = service_account(server)
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    with server.client() as client:
        token = client.post("/oauth/token", data=form).json()["access_token"]
        assert revoke(server, token=secret).status_code == 204
        assert status_with(server, token) == 401
        assert client.post("/oauth/token", data=form).status_code == 401
    assert revoke(server, token=secret).status_code == 204


def test_credentials_are_neither_needed_nor_looked_at(server: RunningServer) -> None:
    ada = add_person(server.database, add_organization(server.database))
    with server.client(Authorization="Bearer nonsense") as client:
        assert client.post("/v2/tokens/revoke", json={"token": ada.token}).status_code == 204
    assert status_with(server, ada.token) == 401


def test_its_path_takes_no_other_method_as_the_id_of_a_token(server: RunningServer) -> None:
    ada = add_person(server.database, add_organization(server.database), role=Role.DEVELOPER)
    with ada.client(server) as known, server.client() as anonymous:
        for client in (known, anonymous):
            answer = client.delete("/v2/tokens/revoke")
            assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
        assert known.delete("/v2/tokens/tok_unknown").status_code == 404
