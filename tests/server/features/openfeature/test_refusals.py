"""What OFREP refuses, and how: by the protocol's codes, with details, and with the key of the flag that it is about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from templates_server.primitives.ip_addresses import parse_network
from templates_server.security.user_signatures import sign
from templates_server.settings import RateLimits
from tests.environments import revoke
from tests.people import OF_A_SIGN_IN, add_organization, add_person, add_space
from tests.server.features.openfeature.ofrep_app import ALL_FLAGS, MODEL, make_app
from tests.servers import RunningServer, running_server

# Whose flags


WITHOUT_A_KEY = (
    {},
    {"context": None},
    *({"context": context} for context in ({}, {"targetingKey": None}, {"targetingKey": ""})),
)


@pytest.mark.parametrize("body", WITHOUT_A_KEY)
def test_without_a_targeting_key_it_is_said_that_one_is_missing(server: RunningServer, body: Any) -> None:
    with make_app(server) as app:
        all_flags, one = app.client.post(ALL_FLAGS, json=body), app.client.post(f"{ALL_FLAGS}/home.top", json=body)
    for answer in (all_flags, one):
        assert (answer.status_code, answer.json()["errorCode"]) == (400, "TARGETING_KEY_MISSING")
        assert "targetingKey" in answer.json()["errorDetails"]
    assert "key" not in all_flags.json()
    assert one.json()["key"] == "home.top"


@pytest.mark.parametrize(
    "key", [7, True, ["ada"], {"id": "ada"}, ".", "..", " ada", "a\nb", "x" * 257, "per_" + "x" * 22]
)
def test_a_targeting_key_that_no_user_can_have_is_an_invalid_context(server: RunningServer, key: Any) -> None:
    with make_app(server) as app:
        answer = app.ask({"targetingKey": key})
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "INVALID_CONTEXT")
    assert "targetingKey" in answer.json()["errorDetails"]


@pytest.mark.parametrize("context", [[], "ada", 7, True])
def test_a_context_is_an_object(server: RunningServer, context: Any) -> None:
    with make_app(server) as app:
        answer = app.ask(context)
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "INVALID_CONTEXT")


def test_fields_are_within_the_bounds_of_a_session(server: RunningServer) -> None:
    with make_app(server) as app:
        for said in ({f"field-{number}": 1 for number in range(101)}, {"x" * 65: 1}, {"": 1}, {"long": "x" * 4097}):
            answer = app.ask({"targetingKey": "ada", **said})
            assert (answer.status_code, answer.json()["errorCode"]) == (400, "INVALID_CONTEXT")
            assert len(answer.content) < 1000
        assert app.ask({"targetingKey": "ada", **{f"field-{number}": 1 for number in range(100)}}).status_code == 200


def test_where_ids_are_signed_nobody_has_the_flags_of_another(server: RunningServer) -> None:
    person = add_person(server.database, add_organization(server.database), grant=OF_A_SIGN_IN)
    space = f"/v2/spaces/{add_space(server, person)}"
    here = f"{space}/environments/production"
    with person.client(server) as platform:
        platform.put(f"{space}/model", json={**MODEL, "revision": 0}).raise_for_status()
        key = platform.post(f"{here}/keys", json={"name": "web"}).json()["data"][0]["key"]
        secret = platform.put(f"{here}/signed-ids", json={"required": True}).json()["data"][0]["secret"]
    with server.client(Authorization=f"Bearer {key}") as client:

        def ask(**context: Any) -> tuple[int, str | None]:
            answers = [client.post(path, json={"context": context}) for path in (ALL_FLAGS, f"{ALL_FLAGS}/home.top")]
            assert len({(answer.status_code, answer.json().get("errorCode")) for answer in answers}) == 1
            assert not any(secret in answer.text or sign(secret, "ada") in answer.text for answer in answers)
            return answers[0].status_code, answers[0].json().get("errorCode")

        assert ask(targetingKey="ada", user_signature=sign(secret, "ada")) == (200, None)
        for signature in (sign(secret, "bob"), sign("another", "ada"), "", "x", 7, None):
            assert ask(targetingKey="ada", user_signature=signature) == (400, "INVALID_CONTEXT")
        assert ask(targetingKey="ada") == (400, "INVALID_CONTEXT")
        assert ask(user_signature=sign(secret, "ada")) == (400, "TARGETING_KEY_MISSING")


# Refusals


UNKNOWN_FLAGS = (
    *("home", "home.nothing", "nothing.top", "home.top.nothing", "home.top.label.x", "home.top.", ".top", "home..top"),
    *("HOME.TOP", "home.top/label", "home.top%2Flabel", "home%00top", "home%FFtop", "__proto__", "home.row.items"),
    *("%2e%2e%2fx", "%C3%A9", "x" * 5000),
)


@pytest.mark.parametrize("key", UNKNOWN_FLAGS)
def test_a_flag_that_is_not_there_is_not_found_whatever_its_key(server: RunningServer, key: str) -> None:
    with make_app(server) as app:
        answer = app.ask({"targetingKey": "ada"}, key)
    body = answer.json()
    wanted = (400, "PARSE_ERROR") if "%00" in key or "%FF" in key else (404, "FLAG_NOT_FOUND")
    assert (answer.status_code, body["errorCode"]) == wanted
    assert body.keys() == {"key", "errorCode", "errorDetails"}


def test_a_key_may_be_escaped_in_the_path(server: RunningServer) -> None:
    with make_app(server) as app:
        assert app.ask({"targetingKey": "ada"}, "home%2Etop%2elabel").json()["value"] == "Hello"
        assert app.ask({"targetingKey": "ada"}, "home.top%2Flabel").json()["key"] == "home.top/label"


UNREADABLE = {
    "nothing": b"",
    "half": b"{",
    "a list": b"[]",
    "a text": b'"a"',
    "null": b"null",
    "deep": b"[" * 2000,
    "a deep context": b'{"context": {"targetingKey": "ada", "x": ' + b"[" * 100 + b"]" * 100 + b"}}",
    "not UTF-8": b"\xff",
    "too large a number": b'{"context": {"targetingKey": "ada", "x": 1e999}}',
    "NaN": b'{"context": {"targetingKey": NaN}}',
    "a lone surrogate": b'{"context": {"targetingKey": "\\ud800"}}',
}


@pytest.mark.parametrize(("body", "status"), [*((body, 400) for body in UNREADABLE.values()), (b" " * 1048577, 413)])
def test_a_body_that_cannot_be_read_is_refused_in_the_form_of_the_protocol(
    server: RunningServer, body: bytes, status: int
) -> None:
    with make_app(server) as app:
        for path in (ALL_FLAGS, f"{ALL_FLAGS}/home.top"):
            answer = app.client.post(path, content=body, headers={"Content-Type": "application/json"})
            assert (answer.status_code, answer.json()["errorCode"]) == (
                status,
                "PARSE_ERROR" if status == 400 else "GENERAL",
            )
            assert answer.json()["errorDetails"]
            assert answer.json().get("key") == ("home.top" if path.endswith("top") else None)


def test_another_media_type_or_method_is_refused_in_the_form_of_the_protocol(server: RunningServer) -> None:
    with make_app(server) as app:
        answers = [app.client.post(ALL_FLAGS, content=b"{}"), app.client.get(ALL_FLAGS), app.client.get("/ofrep/v1/x")]
    assert [(answer.status_code, answer.json()["errorCode"]) for answer in answers] == [
        (415, "GENERAL"),
        (405, "GENERAL"),
        (404, "FLAG_NOT_FOUND"),
    ]


def test_a_key_comes_as_a_bearer_or_as_x_api_key(server: RunningServer) -> None:
    with make_app(server) as app, make_app(server) as other, server.client() as client:
        key, body = app.environment.key, {"context": {"targetingKey": "ada"}}

        def status(**headers: str) -> int:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            return client.post(ALL_FLAGS, json=body, headers=sent).status_code

        assert status(Authorization=f"Bearer {key}") == status(X_API_Key=key) == 200
        assert status(Authorization=f"Bearer {key}", X_API_Key=key) == 200
        assert status(Authorization="Basic YTpi", X_API_Key=key) == 200  # of a proxy in front
        assert status(Authorization=f"Bearer {other.environment.key}", X_API_Key=key) == 400
        assert status(Authorization="Basic YTpi") == status() == status(X_API_Key="") == 401
        assert status(X_API_Key="pk_" + "0" * 22) == status(X_API_Key="nonsense") == 401
        twice = client.post(ALL_FLAGS, json=body, headers=[("X-API-Key", key), ("X-API-Key", other.environment.key)])
        assert twice.status_code == 400


def test_a_revoked_key_is_401_and_a_token_403_with_details(server: RunningServer) -> None:
    person = add_person(server.database, add_organization(server.database))
    with make_app(server) as app, person.client(server) as platform:
        assert app.ask({"targetingKey": "ada"}).status_code == 200
        revoke(server.database, app.environment)
        revoked, token = app.ask({"targetingKey": "ada"}), platform.post(f"{ALL_FLAGS}/home.top", json={})
    assert (revoked.status_code, revoked.json()["errorCode"]) == (401, "GENERAL")
    assert revoked.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert (token.status_code, token.json()["key"]) == (403, "home.top")
    assert "pk_ key" in token.json()["errorDetails"]
    assert json.loads(token.text).keys() == {"key", "errorCode", "errorDetails"}


def test_every_app_keeps_to_its_environment(server: RunningServer) -> None:
    with make_app(server) as app, make_app(server) as other:
        app.has("ada", plan="gold")
        assert (app.flags("ada")["home.top"]["variant"], other.flags("ada")["home.top"]["variant"]) == (
            "For gold",
            "default",
        )


def test_any_page_may_ask_and_sees_the_entity_tag_and_when_to_come_back(server: RunningServer) -> None:
    with make_app(server) as app:
        wanted = {"Origin": "https://shop.example.com", "Access-Control-Request-Method": "POST"}
        preflight = app.client.options(ALL_FLAGS, headers=wanted)
        answer = app.ask({"targetingKey": "ada"}, Origin="https://shop.example.com")
        refused = app.client.post(ALL_FLAGS, content=b"{", headers={**wanted, "Content-Type": "application/json"})
        stream = app.client.get(f"{app.stream_url()}&wait=0", headers={"Origin": "https://shop.example.com"})
    allowed = {name.strip().lower() for name in preflight.headers["access-control-allow-headers"].split(",")}
    assert {"x-api-key", "if-none-match", "authorization", "content-type"} <= allowed
    for each in (preflight, answer, refused, stream):
        assert each.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in each.headers
    for each in (answer, refused):
        exposed = {name.strip() for name in each.headers["access-control-expose-headers"].split(",")}
        assert {"ETag", "Retry-After"} <= exposed


def test_every_key_has_its_own_rate_and_who_asks_too_often_is_told_when_to_come_back(tmp_path: Path) -> None:
    limits, proxies = RateLimits(client=3), (parse_network("127.0.0.1"),)
    with (
        running_server(tmp_path, rate_limits=limits, trusted_proxies=proxies) as server,
        make_app(server) as app,
        make_app(server) as other,
    ):
        url = app.answer().json()["eventStreams"][0]["url"]
        with server.client() as anybody:  # who opens a stream is counted as its app
            assert anybody.get(f"{url}&wait=0").status_code == 200
        last, refused = (app.ask({"targetingKey": "ada"}, "home.top") for _ in range(2))
        assert (last.status_code, last.headers["ratelimit-remaining"]) == (200, "0")
        assert (refused.status_code, refused.json()["errorCode"], refused.json()["key"]) == (429, "GENERAL", "home.top")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert "requests per minute" in refused.json()["errorDetails"]
        with server.client() as anybody:
            assert anybody.get(f"{url}&wait=0").status_code == 429
        assert [other.ask({"targetingKey": "ada"}).status_code for _ in range(4)] == [200, 200, 200, 429]


def test_who_has_no_good_key_is_counted_by_address(tmp_path: Path) -> None:
    limits, proxies = RateLimits(unauthenticated=2), (parse_network("127.0.0.1"),)
    with running_server(tmp_path, rate_limits=limits, trusted_proxies=proxies) as server, server.client() as stranger:
        asked = {"Authorization": "Bearer pk_0000000000000000000000"}
        answers = [stranger.post(ALL_FLAGS, json={}, headers=asked), stranger.get("/ofrep/v1/event-stream?token=x")]
        answers.append(stranger.post(ALL_FLAGS, json={}))
    assert [answer.status_code for answer in answers] == [401, 401, 429]


def test_who_has_credentials_of_the_other_kind_is_counted_by_address(tmp_path: Path) -> None:
    limits, proxies = RateLimits(unauthenticated=2), (parse_network("127.0.0.1"),)
    with running_server(tmp_path, rate_limits=limits, trusted_proxies=proxies) as server, make_app(server) as app:
        person = add_person(server.database, add_organization(server.database))
        with person.client(server) as platform:
            answers = [platform.post(ALL_FLAGS, json={}), app.client.get("/v2/me"), platform.post(ALL_FLAGS, json={})]
        assert [answer.status_code for answer in answers] == [403, 403, 429]
        assert app.ask({"targetingKey": "ada"}).status_code == 200
