"""Event streams of OFREP: who can open one, when it speaks, what it says, and what is known of its URL afterwards."""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import logging
import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from templates_server.features.openfeature import api
from templates_server.features.openfeature.streams import api as streams_api
from templates_server.features.openfeature.streams.tokens import StreamClaim, StreamTokens
from templates_server.http import server_sent_events
from templates_server.primitives.ids import ALPHABET
from templates_server.primitives.ip_addresses import parse_network
from templates_server.primitives.timestamps import MINUTE, system_clock, to_rfc3339
from templates_server.security.server_key import ServerKey
from templates_server.settings import ConnectionLimits, StreamLimits
from tests import secret_scanner
from tests.environments import deliver, revoke
from tests.people import OF_A_SIGN_IN, add_organization, add_person, add_space
from tests.server.features.openfeature.ofrep_app import ALL_FLAGS, DELIVERY, MODEL, App, beside, make_app, open_stream
from tests.server.features.sessions.changes.subscribed_app import Stream
from tests.servers import RunningServer, running_server
from tests.unhandled_exceptions import UNHANDLED

OTHER = {**DELIVERY, "published": ["home", "hidden"]}
SOON_SECONDS = 3.0
QUIET_SECONDS = 0.7  # after a write there is a look within the second half of one


def hears_nothing(stream: Stream) -> bool:
    time.sleep(QUIET_SECONDS)
    return stream.events() == [] and not stream.ended.is_set()


def is_open(stream: Stream) -> bool:
    """Once its first line has come."""
    with stream.news:
        return stream.news.wait_for(lambda: "retry: 2000" in stream.lines, SOON_SECONDS)


def refetches(stream: Stream, count: int = 1) -> list[dict[str, Any]]:
    return stream.changes(count, seconds=SOON_SECONDS)


def status_of(app: App, url: str, **headers: str) -> int:
    """What is answered to who opens a stream with that URL and nothing else."""
    with app.server.client() as anybody, anybody.stream("GET", url, headers=headers) as answer:
        return answer.status_code


def token_of(url: str) -> str:
    return url.partition("?token=")[2]


# What it says


def test_a_new_delivery_is_told_once_as_the_protocol_has_it_and_the_flags_are_then_as_new(
    server: RunningServer,
) -> None:
    with make_app(server) as app, open_stream(server, app.stream_url()) as stream:
        assert is_open(stream)
        before = system_clock() // 1000
        deliver(server.database, app.environment, OTHER)
        (told,) = refetches(stream)
        (event,) = stream.events()
        asked = {"flagConfigEtag": told["etag"], "flagConfigLastModified": told["lastModified"]}
        answer = app.client.post(ALL_FLAGS, params=asked, json={"context": {"targetingKey": "ada"}})
        time.sleep(QUIET_SECONDS)
        assert len(stream.events()) == 1
    assert told == {"type": "refetchEvaluation", "etag": "1.2.1", "lastModified": told["lastModified"]}
    assert before <= told["lastModified"] <= system_clock() // 1000
    assert (event["event"], len(event["id"])) == ("message", 11)
    assert {flag["key"]: flag for flag in answer.json()["flags"]}["hidden.top.enabled"]["value"] is True


def test_what_becomes_of_the_person_is_told_and_what_makes_no_difference_is_not(server: RunningServer) -> None:
    with make_app(server) as app, open_stream(server, app.stream_url("ada")) as stream:
        app.has("ada", plan="silver")
        app.has("bob", plan="gold")
        app.tell("sessions", {"external_id": "ada"})
        app.tell("events", [{"name": "video/started", "external_id": "ada"}])
        assert hears_nothing(stream)
        app.has("ada", plan="gold")
        assert len(refetches(stream)) == 1
        app.has("ada", plan="silver")
        assert len(refetches(stream, 2)) == 2


def test_somebody_who_is_not_known_yet_is_followed_too(server: RunningServer) -> None:
    with make_app(server) as app, open_stream(server, app.stream_url("new")) as stream:
        assert is_open(stream)
        app.has("new", plan="gold")
        assert len(refetches(stream)) == 1


def test_a_change_below_a_scenario_that_the_context_decides_is_told(server: RunningServer) -> None:
    top = DELIVERY["scenarios"]["home.top"]
    by_campaign, for_gold = top["targeted"][1], top["targeted"][0]
    hidden = {"published": ["home"], "scenarios": {"home.top": {**top, "targeted": [by_campaign, for_gold]}}}
    with make_app(server, hidden) as app, open_stream(server, app.stream_url("ada", campaign="autumn")) as stream:
        assert is_open(stream)
        app.has("ada", plan="gold")
        assert len(refetches(stream)) == 1
        assert app.flags("ada", campaign="autumn")["home.top"]["variant"] == "For gold"


@pytest.mark.slow
@pytest.mark.parametrize(
    "others", [[], [DELIVERY["scenarios"]["home.top"]["targeted"][1]]], ids=["alone", "contextual"]
)
def test_a_scenario_that_begins_is_told_when_it_does(server: RunningServer, others: list[Any]) -> None:
    top = DELIVERY["scenarios"]["home.top"]
    starts = to_rfc3339(system_clock() + 1500)
    soon = {"name": "Soon", "tribes": ["gold"], "starts": starts}
    wanted = {"published": ["home"], "scenarios": {"home.top": {**top, "targeted": [soon, *others]}}}
    with make_app(server, wanted) as app:
        app.has("ada", plan="gold")
        with open_stream(server, app.stream_url("ada")) as stream:
            assert len(refetches(stream)) == 1
        assert app.flags("ada")["home.top"]["variant"] == "Soon"


def test_what_changed_between_the_answer_and_the_opening_is_told_at_once(server: RunningServer) -> None:
    with make_app(server) as app:
        url = app.stream_url()
        deliver(server.database, app.environment, OTHER)
        with open_stream(server, url) as stream:
            (told,) = refetches(stream)
            event_id = stream.events()[0]["id"]
        assert told["etag"] == "1.2.1"
        with open_stream(server, url, **{"Last-Event-ID": event_id}) as stream:
            assert hears_nothing(stream)
        for nonsense in ("", "x", "-" * 11, "!" * 11, "x" * 5000):
            with open_stream(server, url, **{"Last-Event-ID": nonsense}) as stream:
                assert len(refetches(stream)) == 1


def test_a_stream_says_that_it_lives_and_ends_when_it_was_said_to(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_sent_events, "HEARTBEAT_SECONDS", 0.2)
    with make_app(server) as app:
        answer = app.client.get(f"{app.stream_url()}&wait=1")
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.text.startswith("retry: 2000\n\n")
        assert 3 <= answer.text.count(": nothing has changed\n\n") <= 7
        for wrong in ("-1", "x", "3601", "1.5", "9" * 40):
            refused = app.client.get(f"{app.stream_url()}&wait={wrong}")
            assert (refused.status_code, refused.json()["errorCode"]) == (400, "PARSE_ERROR")


def test_a_server_that_stops_ends_streams_at_once(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        with running_server(tmp_path) as server:
            app = stack.enter_context(make_app(server))
            stream = stack.enter_context(open_stream(server, app.stream_url()))
            assert is_open(stream)
            began = time.monotonic()
        assert stream.ended.wait(1)
        assert time.monotonic() - began < 5
        assert stream.failure is None  # it ended as streams end, it was not cut


# Who can open one


def test_without_a_token_of_ours_there_is_no_stream(server: RunningServer) -> None:
    with make_app(server) as app, server.client() as anybody:
        url = app.stream_url()
        base, token = url.partition("?token=")[0], token_of(url)
        assert status_of(app, url) == 200
        changed = [token[:-1] + last for last in ALPHABET if last != token[-1]]
        changed += [("A" if token[0] != "A" else "B") + token[1:], token + "A", token[:-4], token[4:]]
        garbage = [
            "",
            "x",
            "A" * 107,
            "-" * 107,
            token.upper(),
            token + "%3D",
            token + "%20",
            token + "%0A",
            "%00" * 60,
        ]
        garbage += ["%C3%A9" * 60, token[::-1], "A" * 3000, app.environment.key]
        for wrong in (*changed, *garbage):
            answer = anybody.get(f"{base}?token={wrong}")
            assert answer.status_code == (400 if "%00" in wrong else 401), wrong
            assert answer.json()["errorDetails"]
        assert status_of(app, base) == 401
        assert status_of(app, f"{url}&token={token}") == 400
        assert status_of(app, base, Authorization=f"Bearer {app.environment.key}") == 401
        assert app.client.get(f"/api/client/sessions/ses_x/changes?token={token}").status_code == 404


def test_a_token_opens_a_stream_and_nothing_else(server: RunningServer) -> None:
    with make_app(server) as app, server.client() as client:
        token = token_of(app.stream_url())
        for headers in ({"Authorization": f"Bearer {token}"}, {"X-API-Key": token}):
            assert client.post(ALL_FLAGS, json={"context": {"targetingKey": "ada"}}, headers=headers).status_code == 401
            assert client.get("/v2/me", headers=headers).status_code == 401


def test_a_token_tells_nothing_of_whom_it_is_for(server: RunningServer) -> None:
    with make_app(server) as app:
        token = token_of(app.stream_url("ada"))
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        for plain in (b"ada", b"per_", b"key_", b"env_", app.environment.key.encode(), app.environment.id.encode()):
            assert plain not in sealed
            assert plain.decode() not in token or len(plain) < 5


def test_the_id_of_an_event_tells_nothing_of_the_tribes_of_whom_it_is_for(server: RunningServer) -> None:
    with (
        make_app(server) as app,
        open_stream(server, app.stream_url("ada")) as stream,
        open_stream(server, app.stream_url("bob")) as another,
    ):
        assert is_open(stream)
        assert is_open(another)
        deliver(server.database, app.environment, OTHER)
        assert refetches(stream)[0]["etag"] == refetches(another)[0]["etag"]
        (event,), (of_another,) = stream.events(), another.events()
        assert event["id"] != of_another["id"]


def test_a_token_is_good_for_ten_minutes_at_least_and_twenty_at_most(tmp_path: Path) -> None:
    for minute in (0, 9.999):
        now = [int(system_clock() // (10 * MINUTE) * (10 * MINUTE) + minute * MINUTE)]
        folder = tmp_path / str(minute)
        folder.mkdir()
        with running_server(folder, clock=functools.partial(now.__getitem__, 0)) as server, make_app(server) as app:
            url = app.stream_url()
            for minutes, status in ((10, 200), (20, 401), (60 * 24, 401), (-11, 401), (0, 200)):
                then = now[0]
                now[0] = then + minutes * MINUTE
                assert status_of(app, url) == status, (minute, minutes)
                now[0] = then


def test_a_token_of_another_environment_follows_that_one_alone(server: RunningServer) -> None:
    with make_app(server) as app, make_app(server) as other, open_stream(server, other.stream_url("ada")) as stream:
        app.has("ada", plan="gold")
        deliver(server.database, app.environment, OTHER)
        assert hears_nothing(stream)
        other.has("ada", plan="gold")
        assert len(refetches(stream)) == 1


def test_a_server_with_another_key_takes_no_token_of_this_one(server: RunningServer, tmp_path: Path) -> None:
    claim = StreamClaim("key_a", "per_a", 0, b"12345678")
    token = StreamTokens(ServerKey(b"a" * 32)).make(claim, now=0)
    assert StreamTokens(ServerKey(b"a" * 32)).read(token, now=0) == claim
    assert StreamTokens(ServerKey(b"b" * 32)).read(token, now=0) is None
    with make_app(server) as app, beside(server, tmp_path) as other:
        path = app.stream_url().removeprefix(server.url)
        assert httpx.get(f"{other.url}{path}&wait=0", trust_env=False).status_code == 200


def test_who_revokes_the_key_ends_its_streams_and_opens_none(server: RunningServer) -> None:
    with make_app(server) as app:
        url = app.stream_url()
        with open_stream(server, url) as stream:
            assert is_open(stream)
            revoke(server.database, app.environment)
            assert stream.ended.wait(SOON_SECONDS)
            assert stream.failure is None
            assert stream.events() == []
        assert status_of(app, url) == 401


def test_another_secret_for_ids_ends_what_the_one_before_opened(server: RunningServer) -> None:
    person = add_person(server.database, add_organization(server.database), grant=OF_A_SIGN_IN)
    here = f"/v2/spaces/{add_space(server, person)}"
    with person.client(server) as platform:
        platform.put(f"{here}/model", json={**MODEL, "revision": 0}).raise_for_status()
        production = f"{here}/environments/production"
        key = platform.post(f"{production}/keys", json={"name": "web"}).json()["data"][0]["key"]
        with server.client(Authorization=f"Bearer {key}") as client:
            url = client.post(ALL_FLAGS, json={"context": {"targetingKey": "ada"}}).json()["eventStreams"][0]["url"]
            with open_stream(server, url) as stream:
                assert is_open(stream)
                platform.put(f"{production}/signed-ids", json={"required": True}).raise_for_status()
                assert stream.ended.wait(SOON_SECONDS)
                assert stream.failure is None
                assert stream.events() == []
            assert client.get(f"{url}&wait=0").status_code == 401


# How many


def test_there_are_places_for_so_many_and_who_leaves_makes_room(tmp_path: Path) -> None:
    with running_server(tmp_path, follow_limits=StreamLimits(most=1)) as server, make_app(server) as app:
        url = app.stream_url()
        with open_stream(server, url) as stream:
            assert is_open(stream)
            refused = app.client.get(url)
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
            assert refused.json()["errorCode"] == "GENERAL"
            assert app.ask({"targetingKey": "ada"}).status_code == 200
        deadline = time.monotonic() + 5
        while status_of(app, url) == 503:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_one_address_cannot_take_all_places(tmp_path: Path) -> None:
    limits, proxies = StreamLimits(most=10, most_an_address=1), (parse_network("127.0.0.1"),)
    with running_server(tmp_path, follow_limits=limits, trusted_proxies=proxies) as server, make_app(server) as app:
        one, other = {"X-Forwarded-For": "203.0.113.7"}, {"X-Forwarded-For": "203.0.113.8"}
        url = app.stream_url()
        with open_stream(server, url, **one) as stream:
            assert is_open(stream)
            assert (status_of(app, url, **one), status_of(app, url, **other)) == (503, 200)


def test_who_does_not_read_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_sent_events, "HEARTBEAT", b":" + b" " * 1_000_000 + b"\n\n")
    monkeypatch.setattr(server_sent_events, "HEARTBEAT_SECONDS", 0.05)
    patience, places = ConnectionLimits(write_timeout_seconds=0.5), StreamLimits(most=1)
    with (
        running_server(tmp_path, connection_limits=patience, follow_limits=places) as server,
        make_app(server) as app,
        socket.socket() as connection,
    ):
        url = urlsplit(app.stream_url())
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((url.hostname, url.port))
        connection.sendall(f"GET {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode())
        assert connection.recv(12) == b"HTTP/1.1 200"
        deadline = time.monotonic() + 10
        while status_of(app, app.stream_url()) == 503:
            assert time.monotonic() < deadline
            time.sleep(0.1)


# What is left of a URL


def test_the_token_is_in_no_log_no_metric_no_audit_and_no_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with running_server(tmp_path, metrics=True) as server, make_app(server) as app, caplog.at_level(logging.DEBUG):
        url = app.stream_url()
        token = token_of(url)
        assert token.encode() in secret_scanner.SENT._kinds  # it is looked for in all that this run leaves
        assert app.client.get(f"{url}&wait=0").status_code == 200
        assert app.client.get(f"{url}&wait=0&wait=x").status_code == 400
        monkeypatch.setattr(streams_api, "_wait_seconds", lambda _call: 1 / 0)
        failed = app.client.get(f"{url}&wait=0")
        assert (failed.status_code, failed.json()["errorCode"]) == (500, "GENERAL")
        assert "err_" in failed.json()["errorDetails"]
        logged = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
        told = "\n".join(logging.Formatter().format(record) for record in logged)
        assert "GET /ofrep/v1/event-stream failed (err_" in told
        metrics = app.client.get("/metrics").text
        assert "/ofrep/v1/event-stream" in metrics
        left = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        for place in (told, metrics, failed.text):
            assert token not in place
        assert token.encode() not in left
    assert ["ZeroDivisionError" in traceback for traceback in UNHANDLED.take()] == [True]


def test_an_answer_about_a_flag_that_fails_has_its_key_and_an_id_to_quote(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make_app(server) as app:
        monkeypatch.setattr(api, "read_question", lambda *_args, **_kwargs: 1 / 0)
        answer = app.ask({"targetingKey": "ada"}, "home.top")
    assert answer.status_code == 500
    body = json.loads(answer.text)
    assert (body["key"], body["errorCode"]) == ("home.top", "GENERAL")
    assert "err_" in body["errorDetails"]
    assert ["ZeroDivisionError" in traceback for traceback in UNHANDLED.take()] == [True]
