"""A public key tells what is shown, and nothing of shares, versions, reports or events, not even its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from templates_server.features.event_names.store import fold_all
from templates_server.features.people.app_versions import version_key
from templates_server.routes import ROUTES
from templates_server.storage import tables
from tests.environments import AppEnvironment, add_environment, deliver
from tests.server.features.openfeature.ofrep_app import ALL_FLAGS, open_stream
from tests.servers import RunningServer

ADA = {"external_id": "ada"}
SALT, VERSION, OS_VERSION, HASH = "salt-of-spring", "7.31.4", "17.93.2", "c0de" * 16
UNKNOWN = 'home.header.hidden-property: "tall"'
NAME, KEY = "secret/event-name", "secret-key"
SAYS: Mapping[str, Any] = {
    "app": {"version": VERSION, "build": "build-4711", "platform": "roku"},
    "unknown": [UNKNOWN],
    "device": {"os": "RokuOS", "os_version": OS_VERSION},
    "code": {"hash": HASH, "language": "brightscript"},
}
EVENT = {**ADA, "name": NAME, "data": {"price": {"amount": 90210}}, "metadata": [{"key": KEY, "value": "kept"}]}
IN_SHARE = {"filters": [{"share": {"salt": SALT, "from": 0, "to": 100}}]}
ON_VERSION = {"filters": [{"attribute": "app.version", "operator": "version_at_least", "value": "7.31"}]}
BOUGHT = {
    "filters": [{"event": NAME, "data": [{"path": ["price", "amount"], "operator": "greater_than", "value": 90209}]}]
}
TRIBES = {"drawn": IN_SHARE, "new-app": ON_VERSION, "bought": BOUGHT}
OF_STATES = {"enabled", "scenario", "properties", "items"}
OF_FLAGS = {"key", "value", "variant", "reason", "metadata"}


def delivered(tribe: str) -> dict[str, Any]:
    targeted = [{"name": "For some", "tribes": [tribe], "enabled": False}]
    return {"published": ["home"], "scenarios": {"home.header": {"default": {"enabled": True}, "targeted": targeted}}}


def secrets_of(server: RunningServer, environment: AppEnvironment) -> set[str]:
    """What is stored of the person, and what the tribes ask, in the forms that an answer could have it in."""
    persons = tables.persons
    query = persons.select().where(persons.c.environment_id == environment.id)
    person = server.database.read_sync(lambda connection: connection.execute(query).mappings().one())
    assert (person["app_version"], person["os_version"]) == (version_key(VERSION), version_key(OS_VERSION))
    kept = {str(person[name]) for name in ("share_number", "app_version", "os_version")}
    words = {SALT, VERSION, OS_VERSION, HASH, "hidden-property", "build-4711", "brightscript", NAME, KEY, "90210"}
    return kept | words | {"bucket", "share"}


def answers_of(app: httpx.Client) -> Iterator[httpx.Response]:
    """What an app gets to every call that it can make, sound ones and others."""
    for body in ({**ADA, **SAYS}, ADA, {"anonymous_id": "v"}):
        yield app.post("/api/client/sessions", json=body)
    yield app.post("/api/client/events", json=[EVENT])
    yield app.post("/api/client/identify", json=ADA)
    yield app.post("/api/client/alias", json={**ADA, "anonymous_id": "w"})
    yield app.post("/api/client/devices", json={**ADA, "device_id": "tv", "os": "x", "model": "y"})
    for flag in ("", "/home.header.enabled", "/home.nothing"):
        yield app.post(f"{ALL_FLAGS}{flag}", json={"context": {"targetingKey": "ada"}})


def test_what_a_key_is_told_has_states_alone(server: RunningServer) -> None:
    environment = add_environment(server.database, delivery=delivered("drawn"), tribes=TRIBES)
    with environment.app(server) as app:
        session = app.post("/api/client/sessions", json={**ADA, **SAYS}).raise_for_status().json()["session"]
        app.post("/api/client/events", json=[EVENT]).raise_for_status()
        secrets = secrets_of(server, environment)
        server.database.write_sync(lambda connection: fold_all(connection, environment.id))
        answers: list[httpx.Response] = []
        for revision, tribe in enumerate(("drawn", "new-app", "bought"), start=2):
            deliver(server.database, environment, delivered(tribe), revision)
            answers += answers_of(app)
            shown = app.post("/api/client/sessions", json={**ADA, **SAYS}).json()
            assert shown["states"]["home.header"]["scenario"] == "For some"
        changes = f"/api/client/sessions/{session}/changes"
        answers.append(app.get(changes, params={"wait": 0}, headers={"Accept": "application/json"}))
        (url,) = {one["url"] for one in flags_of(app)["eventStreams"]}
        with open_stream(server, url) as stream:
            deliver(server.database, environment, {"published": ["home"], "scenarios": {}}, 9)
            told = [str(change) for change in stream.changes(1)]
    texts = [f"{answer.headers} {answer.text}" for answer in answers] + told
    assert len(texts) > 30
    assert {secret for secret in secrets for text in texts if secret in text} == set()
    for answer in (one for one in answers if one.status_code == 200 and "states" in one.text):
        assert set(answer.json()) <= {"session", "revision", "states"}
        assert all(set(state) <= OF_STATES for state in answer.json()["states"].values())
    assert all(set(flag) <= OF_FLAGS for answer in answers if "flags" in answer.text for flag in answer.json()["flags"])


def flags_of(app: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = app.post(ALL_FLAGS, json={"context": {"targetingKey": "ada"}}).raise_for_status().json()
    return found


def test_no_route_for_keys_reads_what_arrives(server: RunningServer) -> None:
    of_keys = {route.path for route in ROUTES if str(route.surface) in {"client", "ofrep"}}
    assert not [path for path in of_keys if "names" in path or "fleet" in path]
    environment = add_environment(server.database, tribes=TRIBES)
    places = [route for route in ROUTES if str(route.surface) == "platform" and route.method == "GET"]
    with environment.app(server) as app:
        app.post("/api/client/events", json=[EVENT]).raise_for_status()
        answers = [app.get(route.path.replace("{environment}", "production")) for route in places if not route.is_open]
    assert {answer.status_code for answer in answers} == {403}
    assert not [answer for answer in answers if NAME in answer.text]
