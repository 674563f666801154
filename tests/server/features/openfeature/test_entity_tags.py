"""Entity tags of answers with all flags: 304 for who has them, for nobody else, never with a stream of the past."""

from __future__ import annotations

import importlib
import itertools
import time
from pathlib import Path
from typing import Any

import pytest

from templates_server.primitives.timestamps import MINUTE, SECOND, system_clock
from tests.environments import deliver
from tests.server.features.openfeature.ofrep_app import ALL_FLAGS, DELIVERY, App, beside, make_app
from tests.servers import RunningServer, running_server

OTHER = {**DELIVERY, "published": ["home", "hidden"]}


def status(app: App, tag: str, user_id: str = "ada", **said: Any) -> int:
    return app.ask({"targetingKey": user_id, **said}, **{"If-None-Match": tag}).status_code


def test_who_has_all_flags_is_told_so_without_a_body(server: RunningServer) -> None:
    with make_app(server) as app:
        first = app.answer()
        tag = first.headers["etag"]
        again = app.ask({"targetingKey": "ada"}, **{"If-None-Match": tag})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert "content-type" not in again.headers
        for sent in (f"W/{tag}", f'"other", {tag}', f'{tag},"other"'):
            assert status(app, sent) == 304
        assert app.answer().content == first.content


@pytest.mark.parametrize("sent", ["*", '"other"', "", '"', ",", "W/", '""', '"' * 500, '".1"', '"a.b"'])
def test_another_tag_gets_all_flags(server: RunningServer, sent: str) -> None:
    with make_app(server) as app:
        assert status(app, sent) == 200
        assert status(app, app.answer().headers["etag"].strip('"')) == 200
        assert status(app, app.answer().headers["etag"].upper()) == 200


def test_whatever_changes_a_flag_changes_the_tag(server: RunningServer) -> None:
    with make_app(server) as app:
        tag = app.answer().headers["etag"]
        assert status(app, tag, campaign="spring") == 200
        app.has("ada", plan="gold")
        assert status(app, tag) == 200
        tag = app.answer().headers["etag"]
        deliver(server.database, app.environment, OTHER)
        assert status(app, tag) == 200


def test_what_changes_no_flag_of_the_person_leaves_the_tag(server: RunningServer) -> None:
    with make_app(server) as app:
        tag = app.answer().headers["etag"]
        app.has("ada", plan="silver")
        app.has("bob", plan="gold")
        app.tell("sessions", {"external_id": "ada"})
        assert status(app, tag) == 304
        renamed = {**DELIVERY, "scenarios": {**DELIVERY["scenarios"]}}
        renamed["scenarios"]["home.top"] = {**DELIVERY["scenarios"]["home.top"], "targeted": []}
        deliver(server.database, app.environment, renamed)
        assert status(app, tag) == 304


def test_a_tag_is_good_for_one_person_and_one_key(server: RunningServer) -> None:
    with make_app(server) as app, make_app(server) as other:
        assert [(flag, value) for flag, value in app.flags("ada").items()] == [*app.flags("bob").items()]
        tags = {
            app.answer("ada").headers["etag"],
            app.answer("bob").headers["etag"],
            other.answer("ada").headers["etag"],
        }
        assert len(tags) == 3  # the stream in the answer is another's
        assert [status(app, tag, "ada") for tag in tags].count(304) == 1


def test_reason_and_variant_are_of_the_tag(server: RunningServer) -> None:
    same = {"published": ["home"], "scenarios": {"home.side": {"default": {"properties": {"label": "Hello"}}}}}
    with make_app(server, {"published": ["home"], "scenarios": {}}) as app:
        tag = app.answer().headers["etag"]
        deliver(server.database, app.environment, same)
        assert app.flags()["home.side.label"] == {
            "key": "home.side.label", "value": "Hello", "reason": "STATIC", "variant": "default"
        }  # fmt: skip
        assert status(app, tag) == 200


def test_why_a_state_is_shown_is_of_the_tag_though_the_state_is_the_same(server: RunningServer) -> None:
    same = {"name": "default", "tribes": ["gold"], "properties": {"label": "Hello"}}
    entity = {"default": {"properties": {"label": "Hello"}}, "targeted": [same]}
    with make_app(server, {"published": ["home"], "scenarios": {"home.side": entity}}) as app:
        before = app.answer()
        app.has("ada", plan="gold")
        after = app.answer()
        assert [flag["value"] for flag in before.json()["flags"] if "value" in flag] == [
            flag["value"] for flag in after.json()["flags"] if "value" in flag
        ]
        assert app.flags()["home.side.label"]["reason"] == "TARGETING_MATCH"
        assert status(app, before.headers["etag"]) == 200


def test_who_has_the_flags_with_a_stream_of_the_past_is_given_another(tmp_path: Path) -> None:
    now = [system_clock() // (10 * MINUTE) * (10 * MINUTE)]
    with running_server(tmp_path, clock=lambda: now[0]) as server, make_app(server) as app:
        first = app.answer()
        tag, url = first.headers["etag"], first.json()["eventStreams"][0]["url"]
        for minutes, wanted, opened in ((9, 304, 200), (19, 304, 200), (20, 200, 401)):
            then = now[0]
            now[0] += minutes * MINUTE
            assert (status(app, tag), app.client.get(f"{url}&wait=0").status_code) == (wanted, opened)
            now[0] = then
        now[0] += 20 * MINUTE
        again = app.answer()
        assert again.json()["flags"] == first.json()["flags"]
        assert app.client.get(f"{again.json()['eventStreams'][0]['url']}&wait=0").status_code == 200


def test_the_stream_of_the_same_flags_stays_the_same_url_for_minutes(tmp_path: Path) -> None:
    ticks = itertools.count(system_clock() // (10 * MINUTE) * (10 * MINUTE), SECOND)
    with running_server(tmp_path, clock=lambda: next(ticks)) as server, make_app(server) as app:
        urls = {app.stream_url() for _ in range(5)}
        assert len(urls) == 1
        assert app.stream_url("bob") not in urls


def test_a_refetch_of_an_event_is_never_answered_from_what_is_remembered(
    server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("templates_server.features.spaces.api_key_cache.KEPT_SECONDS", 60)
    with make_app(server) as app, beside(server, tmp_path) as other, app.environment.app(other) as client:

        def enabled(query: str = "") -> bool:
            answer = client.post(f"{ALL_FLAGS}{query}", json={"context": {"targetingKey": "ada"}})
            assert answer.status_code == 200, answer.text
            (flag,) = [one for one in answer.json()["flags"] if one["key"] == "hidden.top.enabled"]
            return bool(flag["value"])

        time.sleep(0.5)  # what a process writes when it starts is over
        assert not enabled()
        deliver(server.database, app.environment, OTHER)
        assert not enabled("?unrelated=1")  # it remembers what the key opens: without that the rest would show nothing
        assert enabled("?flagConfigEtag=1.2.1")
        assert enabled("?flagConfigLastModified=1771622898")
        assert enabled("?flagConfigLastModified=2026-02-20T21%3A28%3A18Z")


@pytest.mark.parametrize(
    "modified", ["", "-1", "soon", "1.5", "1e9", "9" * 30, "2026-02-20", "2026-13-40T00:00:00Z", "٣"]
)
def test_a_last_modified_that_is_no_time_is_refused(server: RunningServer, modified: str) -> None:
    with make_app(server) as app:
        answer = app.client.post(
            ALL_FLAGS, params={"flagConfigLastModified": modified}, json={"context": {"targetingKey": "ada"}}
        )
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "PARSE_ERROR")


@pytest.mark.parametrize("etag", ["", "999.999.999", "x" * 500, '"quoted"', "é"])
def test_any_text_may_be_the_etag_of_an_event(server: RunningServer, etag: str) -> None:
    with make_app(server) as app:
        answer = app.client.post(ALL_FLAGS, params={"flagConfigEtag": etag}, json={"context": {"targetingKey": "ada"}})
    assert answer.status_code == 200


def test_flags_that_would_take_too_much_memory_are_refused_with_a_reason(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("templates_server.features.openfeature.flags.MOST_ENCODED_BYTES", 1000)
    with make_app(server) as app:
        answer = app.ask({"targetingKey": "ada"})
        assert app.client.post("/api/client/sessions", json={"external_id": "ada"}).status_code == 200
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "GENERAL")
    assert "Shorten the property defaults" in answer.json()["errorDetails"]


@pytest.mark.parametrize(
    ("of", "maker"), [("openfeature.flags", "make_flags"), ("sessions.compiled_states", "make_states")]
)
def test_what_is_too_large_is_not_made_again_for_every_request(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch, of: str, maker: str
) -> None:
    module = importlib.import_module(f"templates_server.features.{of}")
    name = maker
    make = getattr(module, name)
    made: list[object] = []

    def counted(*given: Any) -> Any:
        made.append(given)
        return make(*given)

    monkeypatch.setattr(module, name, counted)
    with make_app(server) as app:
        with monkeypatch.context() as narrow:
            narrow.setattr(module, "MOST_ENCODED_BYTES", 100)
            assert [app.ask({"targetingKey": "ada"}).status_code for _ in range(3)] == [400] * 3
            assert len(made) == 1
        deliver(server.database, app.environment, OTHER)
        assert app.ask({"targetingKey": "ada"}).status_code == 200
