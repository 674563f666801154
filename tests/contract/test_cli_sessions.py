"""`mtribes session explain` with the real command line at the real server: why people see what they see."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

import templates_server.features.demo
from tests.contract.people import Signed
from tests.people import unique
from tests.servers import RunningServer

DEMO = Path(templates_server.features.demo.__file__).parent
EXPECTED = Path(__file__).parent / "explained"
USERS = [
    {"user_id": "ada", "attributes": {"subscription": "gold"}, "joined": "2021-03-14"},
    {
        "user_id": "hannah",
        "attributes": {"subscription": "trial"},
        "tags": ["customers/in-trial"],
        "joined": "2025-10-02",
    },
]
WATCHED = {"name": "video/completed", "anonymous_id": "tv-1", "metadata": [{"key": "genre", "value": "Football"}]}


@pytest.fixture
def space(ada: Signed, server: RunningServer) -> str:
    """The key of a new Space with the model, the tribes and the production of the demo, and a few people."""
    key = unique("vod")
    assert ada.mtribes("space", "create", key, "--org", ada.organization).exit_code == 0
    for name, *command in (
        ("vod-space.yaml", "space", "push"),
        ("vod-tribes.yaml", "tribe", "push"),
        ("vod-production.yaml", "env", "push", "--env", "production"),
    ):
        text = (DEMO / name).read_text().replace("space: vod", f"space: {key}")
        ada.mtribes.write(name, text)
        pushed = ada.mtribes(*command, name)
        assert pushed.exit_code == 0, pushed.err
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        client.headers["Authorization"] = f"Bearer {ada.mtribes.environment['MTRIBES_TOKEN']}"
        here = f"/v2/spaces/{key}/environments/production"
        assert client.post(f"{here}/users", json=USERS).status_code == 201
        public = client.post(f"{here}/keys", json={"name": "tv"}).json()["data"][0]["key"]
        client.headers["Authorization"] = f"Bearer {public}"
        assert client.post("/api/client/events", json=[WATCHED] * 3).status_code == 204
    return key


ASKED = {
    "gold-members": ("--user", "ada", "--field", "campaign=null"),
    "trial-ending": ("--user", "hannah", "--field", "campaign=null"),
    "football-fans": ("--anonymous-id", "tv-1"),
    "spring-campaign": ("--anonymous-id", "tv-1", "--field", "campaign=spring"),
}


def test_an_explanation_answers_why_somebody_of_each_tribe_of_the_demo_sees_this(ada: Signed, space: str) -> None:
    place = ("--space", space, "--env", "production")
    outcomes = {tribe: ada.mtribes("session", "explain", *asked, *place) for tribe, asked in ASKED.items()}
    assert {outcome.exit_code for outcome in outcomes.values()} == {0}
    told = {tribe: outcome.out.replace(space, "vod") for tribe, outcome in outcomes.items()}
    assert told == {tribe: (EXPECTED / f"{tribe}.txt").read_text() for tribe in ASKED}


def test_nobody_is_explained_who_is_not_known(ada: Signed, space: str) -> None:
    outcome = ada.mtribes("session", "explain", "--user", "nobody", "--space", space, "--env", "production")
    assert outcome.exit_code == 1
    assert f"No user 'nobody' in production of {space}." in outcome.err


def test_what_a_dry_run_says_of_a_person_an_explanation_confirms_after_the_push(
    ada: Signed, space: str, server: RunningServer
) -> None:
    place = ("--space", space, "--env", "production")
    key = ada.mtribes("env", "key", "create", "--name", "app", *place).out.strip()
    with server.client(Authorization=f"Bearer {key}") as app:
        for start in ({"anonymous_id": "phone-1", "external_id": "ada"}, {"anonymous_id": "tv-1"}):
            assert app.post("/api/client/sessions", json=start).status_code == 200

    def scenario_of_ada() -> str | None:
        explained = ada.mtribes("session", "explain", "--user", "ada", *place, "--json").envelope["data"]
        (found,) = [one["scenario"] for one in explained["entities"] if one["entity"] == "homepage.header"]
        return str(found)

    before = scenario_of_ada()
    document = f"space: {space}\nenvironment: production\npublished: [homepage]\nscenarios:\n  homepage.header:\n"
    document += "    targeted:\n    - {name: For gold, tribes: [gold-members]}\n"
    ada.mtribes.write("new.yaml", document)
    tried = ada.mtribes("env", "push", "new.yaml", *place, "--dry-run", "--impact", "--json")
    assert tried.exit_code == 0, tried.err
    (impact,) = tried.envelope["data"]["environments"]
    assert impact["people"] == 2
    (header,) = [one for one in impact["entities"] if one["entity"] == "homepage.header"]
    gains = {one["scenario"]: one["gain_examples"] for one in header["scenarios"]}
    assert {"kind": "user", "id": "ada"} in gains["For gold"]
    assert scenario_of_ada() == before
    assert ada.mtribes("env", "push", "new.yaml", *place, "--force").exit_code == 0
    assert scenario_of_ada() == "For gold"
    tribes = ada.mtribes("tribe", "pull", "--space", space).out.replace("gold", "bronze").replace("bronze-", "gold-")
    ada.mtribes.write("tribes.yaml", tribes)
    told = ada.mtribes("tribe", "push", "tribes.yaml", "--dry-run")
    assert told.exit_code == 0, told.err
    assert f"production of {space}: evaluated 2 people" in told.out
    assert "For gold, lose: ada" in told.out
    assert scenario_of_ada() == "For gold"
