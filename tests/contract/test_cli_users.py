"""Users and tags with the real command line at the real server."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.contract.people import Signed
from tests.people import unique
from tests.servers import RunningServer


@pytest.fixture
def place(ada: Signed, server: RunningServer) -> tuple[str, ...]:
    """Where there are two users: flags of an environment of a new Space."""
    space = unique("crm")
    assert ada.mtribes("space", "create", space, "--org", ada.organization).exit_code == 0
    users = [
        {"user_id": "a/b ä", "email": "x@example.com", "tags": ["news"], "attributes": {"plan": "gold", "n": 1.5}},
        {"user_id": "bob", "tags": ["news", "sports/football"]},
    ]
    token = ada.mtribes.environment["MTRIBES_TOKEN"]
    url = f"{server.url}/v2/spaces/{space}/environments/production/users"
    httpx.post(url, json=users, headers={"Authorization": f"Bearer {token}"}, trust_env=False).raise_for_status()
    return "--space", space, "--env", "production"


def test_a_user_goes_all_the_way(ada: Signed, place: tuple[str, ...]) -> None:
    mtribes, user = ada.mtribes, "a/b ä"
    assert mtribes("user", "get", user, *place, "--json").envelope["data"]["attributes"] == {"n": 1.5, "plan": "gold"}
    assert mtribes("user", "tag", user, "sports/football/australia", "été", *place).exit_code == 0
    assert mtribes("user", "untag", user, "news", *place).exit_code == 0
    assert mtribes("user", "get", user, *place, "--json").envelope["data"]["tags"] == [
        "sports/football/australia",
        "été",
    ]
    assert mtribes("tag", "list", *place, "--json").envelope["data"] == [
        {"tag": "news", "users": 1, "visitors": 0},
        {"tag": "sports/football", "users": 1, "visitors": 0},
        {"tag": "sports/football/australia", "users": 1, "visitors": 0},
        {"tag": "été", "users": 1, "visitors": 0},
    ]
    assert mtribes("tag", "list", "--search", "FOOT", *place).out.count("\n") == 3

    assert mtribes("user", "export", user, *place, "--output", "out.json").exit_code == 0
    exported = json.loads((mtribes.home / "out.json").read_text("utf-8"))
    assert exported["user"] == mtribes("user", "get", user, *place, "--json").envelope["data"]

    removed = mtribes("user", "delete", user, *place, "--yes")
    assert "1 profile, 0 visitors" in removed.out
    assert mtribes("user", "get", user, *place).exit_code == 1
    assert mtribes("user", "delete", user, *place, "--yes").exit_code == 1
    assert [one["tag"] for one in mtribes("tag", "list", *place, "--json").envelope["data"]] == [
        "news",
        "sports/football",
    ]


def test_what_is_not_there_is_told_as_far_as_it_can_be_known(ada: Signed, place: tuple[str, ...]) -> None:
    mtribes, space = ada.mtribes, place[1]
    nobody = f"No user 'nobody' in production of {space}."
    told = {
        ("user", "get", "nobody", *place): nobody,
        ("session", "explain", "--user", "nobody", *place): nobody,
        ("env", "key", "revoke", "pk_x", *place): f"No environment key 'pk_x' in production of {space}.",
        ("tribe", "count", "gold", *place): f"No tribe 'gold' in {space}.",
        ("user", "get", "bob", "--space", space, "--env", "prod"): f"No environment 'prod' in {space}.",
        ("env", "pull", *place, "--revision", "7"): f"No revision 7 of the delivery of production of {space}.",
        ("user", "get", "bob", "--space", "nowhere", "--env", "production"): (
            "No Space 'nowhere', or you don't have access."
        ),
    }
    for words, what in told.items():
        assert mtribes(*words).err.startswith(f"error: {what}\nhint: "), words


def test_a_bad_tag_is_named_by_the_server(ada: Signed, place: tuple[str, ...]) -> None:
    outcome = ada.mtribes("user", "tag", "bob", "Sports", *place)
    assert outcome.exit_code == 2
    assert '"sports"' in outcome.err


def test_users_are_listed_by_tag_attribute_and_text(ada: Signed, place: tuple[str, ...]) -> None:
    def listed(*words: str) -> set[str]:
        return {one["user_id"] for one in ada.mtribes("user", *words, *place, "--json").envelope["data"]}

    assert listed("list") == {"a/b ä", "bob"}
    assert listed("list", "--tag", "sports") == {"bob"}
    assert listed("list", "--attribute", "n=1.5") == {"a/b ä"}
    assert listed("search", "X@EXAMPLE") == {"a/b ä"}
    assert listed("search", "bob", "--tag", "sports") == {"bob"}
    first = ada.mtribes("user", "list", "--limit", "1", *place, "--json")
    assert len(first.envelope["data"]) == 1
    assert "larger --limit" in first.err


def test_a_visitor_is_tagged_listed_and_takes_the_tags_to_the_user(
    ada: Signed, place: tuple[str, ...], server: RunningServer
) -> None:
    key = ada.mtribes("env", "key", "create", "--name", "app", *place).out.strip()
    with server.client(Authorization=f"Bearer {key}") as app:
        assert app.post("/api/client/sessions", json={"anonymous_id": "phone/1"}).is_success
        assert ada.mtribes("visitor", "tag", "phone/1", "vip/gold", "news", *place).exit_code == 0
        assert ada.mtribes("visitor", "untag", "phone/1", "news", *place).exit_code == 0
        [visitor] = ada.mtribes("visitor", "list", "--tag", "vip", *place, "--json").envelope["data"]
        assert (visitor["anonymous_id"], visitor["tags"]) == ("phone/1", ["vip/gold"])
        tags = ada.mtribes("tag", "list", "--search", "vip", *place, "--json").envelope["data"]
        assert tags == [{"tag": "vip/gold", "users": 0, "visitors": 1}]
        assert app.post("/api/client/alias", json={"anonymous_id": "phone/1", "external_id": "bob"}).is_success
    assert ada.mtribes("visitor", "tag", "phone/1", "news", *place).exit_code == 1
    user = ada.mtribes("user", "get", "bob", *place, "--json").envelope["data"]
    assert user["tags"] == ["news", "sports/football", "vip/gold"]


def test_a_visitor_is_shown_exported_and_removed(
    ada: Signed, place: tuple[str, ...], server: RunningServer, tmp_path: Path
) -> None:
    key = ada.mtribes("env", "key", "create", "--name", "app", *place).out.strip()
    with server.client(Authorization=f"Bearer {key}") as app:
        assert app.post("/api/client/sessions", json={"anonymous_id": "phone/1 ä"}).is_success
    [listed] = ada.mtribes("visitor", "list", *place, "--json").envelope["data"]
    assert ada.mtribes("visitor", "get", "phone/1 ä", *place, "--json").envelope["data"] == listed
    file = tmp_path / "visitor.json"
    assert ada.mtribes("visitor", "export", "phone/1 ä", *place, "--output", str(file)).exit_code == 0
    written = json.loads(file.read_text())
    assert (written["visitor"], len(written["sessions"])) == (listed, 1)
    removed = ada.mtribes("visitor", "delete", "phone/1 ä", *place, "--yes")
    assert (removed.exit_code, removed.err) == (0, "")
    assert "1 profile, 0 devices, 1 session, 0 events." in removed.out
    assert ada.mtribes("visitor", "delete", "phone/1 ä", *place, "--yes").exit_code == 1


def test_a_tag_is_deleted_from_everybody(ada: Signed, place: tuple[str, ...]) -> None:
    assert ada.mtribes("user", "tag", "bob", "news/local", *place).exit_code == 0
    deleted = ada.mtribes("tag", "delete", "news", "--yes", *place)
    assert (deleted.exit_code, deleted.err) == (0, "")
    tags = ada.mtribes("tag", "list", *place, "--json").envelope["data"]
    assert [one["tag"] for one in tags] == ["news/local", "sports/football"]
    assert ada.mtribes("tag", "delete", "news", "--yes", *place).exit_code == 0
    bad = ada.mtribes("tag", "delete", "News", "--yes", *place)
    assert (bad.exit_code, '"news"' in bad.err) == (2, True)
