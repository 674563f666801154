"""Events and signed ids with the real command line at the real server."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
from sqlalchemy import select

from templates_server.storage import tables
from tests.contract.people import Signed
from tests.people import unique
from tests.servers import RunningServer


@pytest.fixture
def space(ada: Signed) -> str:
    """The key of a new Space."""
    key = unique("store")
    assert ada.mtribes("space", "create", key, "--organization", ada.organization).exit_code == 0
    return key


def place(space: str) -> tuple[str, ...]:
    return "--space", space, "--environment", "staging"


def add_key(ada: Signed, space: str) -> str:
    ran = ada.mtribes("env", "key", "create", "--name", "web", *place(space))
    assert ran.exit_code == 0
    return str(ran.out.strip())


def events(server: RunningServer, event_id: str) -> list[dict[str, object]]:
    query = select(tables.events).where(tables.events.c.event_id == event_id)
    found = server.database.read_sync(lambda connection: connection.execute(query).mappings().all())
    return [dict(row) for row in found]


def test_an_event_is_tracked(ada: Signed, space: str, server: RunningServer) -> None:
    add_key(ada, space)
    ran = ada.mtribes(
        "event", "track", "video/completed", "--user", "u1", "--meta", "genre=Foot=ball", "--json", *place(space)
    )
    assert ran.exit_code == 0, ran.err
    told = json.loads(ran.out)["data"]
    (event,) = events(server, told["id"])
    assert (event["name"], event["metadata"]) == ("video/completed", '{"genre":"Foot=ball"}')


NAME = 'Product "Purchased": 100% of it, 购买'
BUYERS = """\
tribes:
  buyers:
    filters:
      - {event: 'Product "Purchased": 100% of it, 购买'}
"""


def test_an_event_of_any_name_is_tracked_exported_and_filtered_by(ada: Signed, space: str) -> None:
    add_key(ada, space)
    ada.mtribes.write("tribes.yaml", f"space: {space}\n{BUYERS}")
    pushed = ada.mtribes("tribe", "push", "tribes.yaml")
    assert pushed.exit_code == 0, pushed.err
    for user, name in (("u1", NAME), ("u2", "video/completed")):
        ran = ada.mtribes("event", "track", name, "--user", user, *place(space))
        assert ran.exit_code == 0, ran.err
    ran = ada.mtribes("event", "export", "--name", NAME, "--format", "ndjson", *place(space))
    assert [json.loads(line)["name"] for line in ran.out.splitlines()] == [NAME]
    counted = ada.mtribes("tribe", "count", "buyers", "--json", *place(space)).envelope["data"]
    assert counted["count"] == 1
    assert NAME in ada.mtribes("tribe", "explain", "buyers", "--user", "u1", *place(space)).out
    ada.mtribes("tribe", "pull", "--space", space, "--output", "again.yaml")
    again = ada.mtribes("tribe", "push", "again.yaml", "--json")
    assert again.envelope["data"]["changed"] is False


@pytest.mark.parametrize("name", ["sdk/started", "a\nb", "x" * 257, ""])
def test_a_name_that_breaks_the_rule_is_refused_everywhere(ada: Signed, space: str, name: str) -> None:
    add_key(ada, space)
    ada.mtribes.write("tribes.json", json.dumps({"space": space, "tribes": {"t": {"filters": [{"event": name}]}}}))
    for words in (
        ("event", "track", name, "--user", "u1", *place(space)),
        ("event", "export", "--name", name, *place(space)),
        ("tribe", "push", "tribes.json"),
    ):
        ran = ada.mtribes(*words)
        assert ran.exit_code == 2, (words, ran.err)
        assert "name" in ran.err or "event" in ran.err


def test_where_ids_must_be_signed_the_event_is_signed(ada: Signed, space: str, server: RunningServer) -> None:
    add_key(ada, space)
    assert ada.mtribes("env", "signing", "require", *place(space)).exit_code == 0
    ran = ada.mtribes("event", "track", "video/completed", "--user", "u1", "--json", *place(space))
    assert ran.exit_code == 0, ran.err
    assert len(events(server, json.loads(ran.out)["data"]["id"])) == 1


def test_an_environment_without_a_live_key_says_how_to_get_one(ada: Signed, space: str) -> None:
    key = add_key(ada, space)
    assert ada.mtribes("env", "key", "revoke", key, *place(space)).exit_code == 0
    ran = ada.mtribes("event", "track", "video/completed", "--user", "u1", *place(space))
    assert ran.exit_code == 1
    assert "env key create" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("video/completed", "--meta", "genre"), "--meta"),
        (("video/completed", "--meta", "a=1", "--meta", "a=2"), "--meta"),
        (
            ("video/completed", *(word for n in range(4) for word in ("--meta", f"k{n}=v"))),
            "error: An event can have at most 3",
        ),
        (("sdk/started",), "reserved"),
    ],
)
def test_what_is_no_event_is_refused(ada: Signed, space: str, arguments: tuple[str, ...], said: str) -> None:
    add_key(ada, space)
    ran = ada.mtribes("event", "track", *arguments, "--user", "u1", *place(space))
    assert ran.exit_code == 2
    assert said in ran.err


def test_the_secret_signs_what_an_app_sends(ada: Signed, space: str, server: RunningServer) -> None:
    key = add_key(ada, space)
    before = ada.mtribes("env", "signing", "show", *place(space)).out.strip()
    assert ada.mtribes("env", "signing", "require", *place(space)).exit_code == 0
    assert ada.mtribes("env", "signing", "show", *place(space)).out.strip() == before
    signature = hmac.new(before.encode(), b"u1", hashlib.sha256).hexdigest()
    body = {"external_id": "u1", "user_signature": signature}
    with server.client(Authorization=f"Bearer {key}") as app:
        assert app.post("/api/client/sessions", json={"external_id": "u1"}).status_code == 422
        assert app.post("/api/client/sessions", json=body).status_code == 200
        ran = ada.mtribes("env", "signing", "rotate", *place(space))
        assert "must be signed" in ran.out
        assert app.post("/api/client/sessions", json=body).status_code == 422
        ran = ada.mtribes("env", "signing", "off", *place(space))
        assert "need not be signed" in ran.out
        assert app.post("/api/client/sessions", json={"external_id": "u1"}).status_code == 200
    assert ada.mtribes("env", "signing", "show", *place(space)).out.strip() != before
