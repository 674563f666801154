"""How clients present themselves at the token endpoint, and what a service account gets."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from templates_server.primitives.timestamps import HOUR
from templates_server.security.authorization import Scope
from templates_server.storage.tables import service_accounts
from tests.server.features.auth.conftest import TimedServer
from tests.server.features.auth.flows import service_account, status_with
from tests.servers import RunningServer

WRONG_SECRET = "mts_" + "0" * 36


def ask(server: RunningServer, **request: Any) -> httpx.Response:
    with server.client() as client:
        return client.post("/oauth/token", **request)


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


def test_a_service_account_gets_an_access_token_by_form_and_by_basic(server: RunningServer) -> None:
    client_id, secret = service_account(server)
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    by_form = ask(server, data=form)
    by_basic = ask(server, data={"grant_type": "client_credentials"}, headers=basic(client_id, secret))
    for answer in (by_form, by_basic):
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert answer.json().keys() == {"access_token", "expires_in", "token_type", "scope"}
        assert answer.json()["expires_in"] == 28800
        assert status_with(server, answer.json()["access_token"]) == 200


def test_the_json_that_other_platforms_clients_send_is_answered_with_its_three_members(server: RunningServer) -> None:
    client_id, secret = service_account(server)
    body = {
        "client_id": client_id,
        "client_secret": secret,
        "audience": "https://api.example.com",
        "grant_type": "client_credentials",
    }
    answer = ask(server, json=body)
    assert answer.status_code == 200
    token = answer.json().pop("access_token")
    assert answer.json() == {"access_token": token, "expires_in": 28800, "token_type": "Bearer"}
    with server.client(Authorization=f"Bearer {token}") as client:
        assert client.get("/v2/me").json()["data"][0]["kind"] == "service"


def test_an_access_token_of_a_service_account_lives_eight_hours(timed: TimedServer) -> None:
    client_id, secret = service_account(timed.server)
    answer = ask(timed.server, data={"grant_type": "client_credentials"}, headers=basic(client_id, secret))
    token = answer.json()["access_token"]
    timed.clock.pass_by(8 * HOUR - 1)
    assert status_with(timed.server, token) == 200
    timed.clock.pass_by(1)
    assert status_with(timed.server, token) == 401


def test_a_revoked_service_account_gets_nothing_and_its_tokens_are_dead(server: RunningServer) -> None:
    client_id, secret = service_account(server)
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    token = ask(server, data=form).json()["access_token"]
    revoked = update(service_accounts).where(service_accounts.c.id == client_id).values(revoked=1)
    server.database.write_sync(lambda connection: connection.execute(revoked))
    assert ask(server, data=form).status_code == 401
    assert status_with(server, token) == 401


def test_a_service_account_may_ask_for_less_than_it_has_and_not_for_more(server: RunningServer) -> None:
    client_id, secret = service_account(server, scopes=[Scope.CODE_READ, Scope.SPACES_READ])
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    assert ask(server, data=form).json()["scope"] == "code:read spaces:read"
    assert ask(server, data={**form, "scope": "code:read"}).json()["scope"] == "code:read"
    for scope in ("users:read", "code:read users:read", "everything"):
        answer = ask(server, data={**form, "scope": scope})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


@pytest.mark.parametrize(
    "header",
    [
        b"Basic " + base64.b64encode(b"\xff\xfe:\xff"),
        b"Basic " + base64.b64encode(b"%FF:secret"),
        b"Basic not base64",
        b"Basic \xff\xff",
        b"Basic " + base64.b64encode(b"no colon"),
        b"Basic " + base64.b64encode(b"a\0b:c"),
        b"Basic",
        b"Bearer " + base64.b64encode(b"a:b"),
        b"Basic " + base64.b64encode(b"svc_unknown:secret"),
        b"Basic " + base64.b64encode(b"mtribes-cli:"),
    ],
)
def test_basic_credentials_that_cannot_be_read_or_are_wrong_are_401_with_a_challenge(
    server: RunningServer, header: bytes
) -> None:
    answer = ask(server, data={"grant_type": "client_credentials"}, headers={b"Authorization": header})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["www-authenticate"] == 'Basic realm="mtribes"'


@pytest.mark.parametrize("header", ["Bearer {id}:{secret}", "Basic {id}{secret}"])
def test_credentials_of_a_client_are_basic_with_a_colon(server: RunningServer, header: str) -> None:
    client_id, secret = service_account(server)
    scheme, _, credentials = header.format(id=client_id, secret=secret).partition(" ")
    sent = {"Authorization": f"{scheme} {base64.b64encode(credentials.encode()).decode()}"}
    answer = ask(server, data={"grant_type": "client_credentials"}, headers=sent)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.json()["error_description"] == (
        "The Authorization header must use Basic with the client ID and secret."
    )


def test_a_wrong_secret_and_an_unknown_client_look_the_same(server: RunningServer) -> None:
    client_id, _ = service_account(server)
    form = {"grant_type": "client_credentials", "client_secret": WRONG_SECRET}
    wrong = ask(server, data={**form, "client_id": client_id})
    unknown = ask(server, data={**form, "client_id": "svc_unknown"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.content == unknown.content


def test_credentials_that_are_sent_twice_are_an_invalid_request(server: RunningServer) -> None:
    client_id, secret = service_account(server)
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    both = ask(server, data=form, headers=basic(client_id, secret))
    assert (both.status_code, both.json()["error"]) == (400, "invalid_request")
    two_ids = {"grant_type": "client_credentials", "client_id": "mtribes-cli"}
    assert ask(server, data=two_ids, headers=basic(client_id, secret)).json()["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"grant_type=client_credentials&grant_type=client_credentials", "application/x-www-form-urlencoded"),
        (b"grant_type=client_credentials&scope=code:read&scope=", "application/x-www-form-urlencoded"),
        (b'{"grant_type": "client_credentials", "client_id": "a", "client_id": "b"}', "application/json"),
    ],
)
def test_duplicated_parameters_are_an_invalid_request(server: RunningServer, body: bytes, media_type: str) -> None:
    answer = ask(server, content=body, headers={"Content-Type": media_type})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"grant_type=%FF", "application/x-www-form-urlencoded", 400),
        (b"grant_type=%00", "application/x-www-form-urlencoded", 400),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 400),
        (b"a=1&" * 100, "application/x-www-form-urlencoded", 400),
        (b"grant_type=x&scope=" + b"x" * 20_000, "application/x-www-form-urlencoded", 413),
        (b"", "application/x-www-form-urlencoded", 400),
        (b"grant_type=client_credentials", "text/plain", 415),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'[["grant_type", "client_credentials"]]', "application/json", 400),
        (b'{"grant_type": {"a": 1}}', "application/json", 400),
        (b'{"grant_type": 1}', "application/json", 400),
        (b'{"grant_type": "a\\u0000b"}', "application/json", 400),
        (b'{"grant_type": "\\ud800"}', "application/json", 400),
        (b"[" * 2000, "application/json", 400),
        ('{"grant_type": "client_credentials"}'.encode("utf-16"), "application/json", 400),
        (("[" * 2000).encode("utf-16-le"), "application/json", 400),
        (("[" * 5_000).encode("utf-16-be"), "application/json", 400),
        ((" {" + '"a":[' * 700).encode("utf-32-le"), "application/json", 400),
        (b'{"grant_type": ' + b"9" * 5000 + b"}", "application/json", 400),
        (b'{"a": ' + b"9" * 5000 + b"}", "application/json", 400),
    ],
)
def test_what_cannot_be_read_is_an_invalid_request_in_the_form_of_oauth(
    server: RunningServer, body: bytes, media_type: str, status: int
) -> None:
    answer = ask(server, content=body, headers={"Content-Type": media_type})
    assert (answer.status_code, answer.json()["error"]) == (status, "invalid_request")


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "password", "client_id": "mtribes-cli"}, 400, "unsupported_grant_type"),
        ({"grant_type": 'é"\\', "client_id": "mtribes-cli"}, 400, "unsupported_grant_type"),
        ({"client_id": "mtribes-cli"}, 400, "invalid_request"),
        ({"grant_type": "client_credentials", "client_id": "mtribes-cli"}, 400, "unauthorized_client"),
        ({"grant_type": "client_credentials"}, 401, "invalid_client"),
        ({"grant_type": "refresh_token", "client_id": "mtribes-cli"}, 400, "invalid_request"),
        ({"grant_type": "refresh_token", "client_id": "mtribes-cli", "client_secret": "x"}, 401, "invalid_client"),
        ({"grant_type": "authorization_code", "client_id": "unknown", "code": "x"}, 401, "invalid_client"),
    ],
)
def test_what_a_client_may_not_ask_for_is_refused_by_its_name(
    server: RunningServer, form: dict[str, str], status: int, error: str
) -> None:
    answer = ask(server, data=form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_service_account_may_neither_go_without_its_secret_nor_redeem_codes(server: RunningServer) -> None:
    client_id, secret = service_account(server)
    bare = ask(server, data={"grant_type": "client_credentials", "client_id": client_id})
    assert (bare.status_code, bare.json()["error"]) == (401, "invalid_client")
    code = ask(server, data={"grant_type": "authorization_code", "code": "x"}, headers=basic(client_id, secret))
    assert code.json()["error"] == "unauthorized_client"


def test_json_is_for_client_credentials_alone(server: RunningServer) -> None:
    answer = ask(server, json={"grant_type": "refresh_token", "client_id": "mtribes-cli", "refresh_token": "x"})
    assert answer.json()["error"] == "invalid_request"


def test_the_token_endpoint_is_for_post(server: RunningServer) -> None:
    with server.client() as client:
        answer = client.get("/oauth/token", params={"grant_type": "client_credentials"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.json()["error"] == "invalid_request"


def test_no_other_site_may_read_an_answer_of_oauth(server: RunningServer) -> None:
    answer = ask(server, data={"grant_type": "x"}, headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers
