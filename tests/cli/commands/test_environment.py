"""`mtribes env`: deliveries, publishing and keys of one environment."""

from __future__ import annotations

import json

import pytest

from tests.cli.cli_runner import CliRunner
from tests.cli.stub_server import Reply, StubServer, data

ENVIRONMENTS = "/v2/spaces/vod/environments"
STAGING = f"{ENVIRONMENTS}/staging"
PLACE = ("--space", "vod", "--env", "staging")
DELIVERY = "space: vod\nenvironment: staging\nrevision: 7\npublished: [homepage]\nscenarios: {}\n"
KEY = {"id": "key_1", "name": "web", "key": "pk_abc", "created": "2026-11-21T00:00:00Z", "revoked": None}


def test_environments_are_listed_with_what_is_live(user: CliRunner, stub_server: StubServer) -> None:
    staging = {"name": "staging", "revision": 7, "published": ["homepage", "onboarding"], "keys": 2}
    stub_server.on("GET", ENVIRONMENTS, data(staging, staging | {"name": "development", "published": []}))
    lines = user("env", "list", "--space", "vod").out.splitlines()
    assert lines[1] == "staging      7         homepage, onboarding  2"
    assert lines[2] == "development  7         -                     2"
    assert user("env", "list", "--space", "vod", "--json").envelope["data"][0] == staging


@pytest.mark.parametrize(
    "argv",
    [
        ("push", "d.yaml"),
        ("publish", "homepage"),
        ("unpublish", "homepage"),
        ("pull",),
        ("key", "list"),
        ("key", "create", "--name", "x"),
        ("key", "revoke", "pk_abc"),
    ],
)
def test_which_environment_is_meant_must_be_said(
    user: CliRunner, stub_server: StubServer, argv: tuple[str, ...]
) -> None:
    user.write("d.yaml", DELIVERY)
    outcome = user("env", *argv, "--space", "vod")
    assert outcome.exit_code == 2
    assert "--environment" in outcome.err
    assert stub_server.asked == []


def test_the_project_may_say_which_environment_is_meant(user: CliRunner, stub_server: StubServer) -> None:
    user.write(
        "mtribes.toml", f'host = "{stub_server.url}"\norganization = "acme"\nspace = "vod"\nenvironment = "staging"\n'
    )
    stub_server.on("GET", f"{STAGING}/keys", data(KEY))
    assert user("env", "key", "list", "--json").envelope["data"] == [KEY]


def test_a_delivery_is_pulled_and_pushed(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", f"{STAGING}/delivery", Reply(200, DELIVERY.encode(), {"Content-Type": "application/yaml"}))
    stub_server.on("PUT", f"{STAGING}/delivery", data({"revision": 8, "changed": True}))
    assert user("env", "pull", *PLACE, "--output", "d.yaml").exit_code == 0
    outcome = user("env", "push", "d.yaml", "--env", "staging")
    assert outcome.out == "staging of vod is at revision 8.\n"
    assert (user.home / "d.yaml").read_text() == DELIVERY.replace("revision: 7", "revision: 8")


def test_a_delivery_of_another_environment_is_not_pushed_by_a_slip(user: CliRunner, stub_server: StubServer) -> None:
    user.write("d.yaml", DELIVERY)
    outcome = user("env", "push", "d.yaml", "--env", "production")
    assert outcome.exit_code == 2
    assert "--environment staging" in outcome.err
    assert stub_server.asked == []


@pytest.mark.parametrize(("verb", "live"), [("publish", ["homepage"]), ("unpublish", [])])
def test_collections_are_published_and_taken_off(
    user: CliRunner, stub_server: StubServer, verb: str, live: list[str]
) -> None:
    stub_server.on("POST", f"{STAGING}/{verb}", data({"revision": 8, "published": live}))
    outcome = user("env", verb, "homepage", *PLACE)
    assert outcome.out == f"Live in staging: {', '.join(live) or 'nothing'}.\n"
    assert json.loads(stub_server.asked[0].body) == {"collections": ["homepage"]}


def test_a_new_key_stands_alone_on_stdout(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("POST", f"{STAGING}/keys", data(KEY, status=201))
    outcome = user("env", "key", "create", "--name", "web", *PLACE)
    assert outcome.out == "pk_abc\n"
    assert json.loads(stub_server.asked[0].body) == {"name": "web"}


def test_a_key_is_revoked_by_its_text(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("DELETE", f"{STAGING}/keys/pk_abc", Reply(204))
    outcome = user("env", "key", "revoke", "pk_abc", *PLACE, "--json")
    assert outcome.exit_code == 0
    assert outcome.envelope["data"] == {"space": "vod", "environment": "staging", "key": "pk_abc"}


def test_keys_are_listed_revoked_ones_too(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", f"{STAGING}/keys", data(KEY, KEY | {"id": "key_2", "revoked": "2026-11-22T00:00:00Z"}))
    lines = user("env", "key", "list", *PLACE).out.splitlines()
    assert lines[0].split() == ["ID", "NAME", "KEY", "CREATED", "REVOKED"]
    assert lines[2].split()[-1] == "2026-11-22T00:00:00Z"
