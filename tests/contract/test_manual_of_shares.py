"""The manual's page about shares, done as it says: a banner for a tenth, then for a half, and why somebody sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import templates_server
from tests.contract.people import Signed
from tests.people import unique
from tests.server.features.tribes.oracle import bucket, share_number
from tests.servers import RunningServer

PAGE = (Path(templates_server.__file__).parent / "docs" / "guides" / "shares.md").read_text("utf-8")
MODEL = """\
space: {space}
experiences:
  banner: {{properties: {{title: {{type: text}}}}}}
collections:
  homepage: {{children: {{banner: {{experience: banner}}}}}}
"""
PEOPLE = [f"visitor {number}" for number in range(60)]


def blocks(kind: str) -> list[str]:
    found = re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return [str(block) for block in found]


@pytest.fixture
def space(ada: Signed) -> str:
    """The key of a new Space that has the page's banner, for nobody yet."""
    key = unique("vod")
    assert ada.mtribes("space", "create", key, "--org", ada.organization).exit_code == 0
    ada.mtribes.write("space.yaml", MODEL.format(space=key))
    assert ada.mtribes("space", "push", "space.yaml").exit_code == 0
    return key


@pytest.fixture
def app(ada: Signed, space: str, server: RunningServer) -> Iterator[httpx.Client]:
    token = ada.mtribes.environment["MTRIBES_TOKEN"]
    keys = f"/v2/spaces/{space}/environments/production/keys"
    with server.client(Authorization=f"Bearer {token}") as client:
        key = client.post(keys, json={"name": "web"}).json()["data"][0]["key"]
    with server.client(Authorization=f"Bearer {key}") as app:
        yield app


def push_tribes(ada: Signed, space: str, text: str) -> None:
    ada.mtribes.write("tribes.yaml", text.replace("space: vod", f"space: {space}"))
    assert ada.mtribes("tribe", "push", "tribes.yaml", "--force", "--space", space).exit_code == 0


def sees(app: httpx.Client, **who: str) -> bool:
    state = app.post("/api/client/sessions", json=who).json()["states"]["homepage.banner"]
    assert state["enabled"] is (state["scenario"] == "Spring")
    return bool(state["enabled"])


def test_a_banner_is_shown_to_a_tenth_then_to_a_half_and_explained(ada: Signed, space: str, app: httpx.Client) -> None:
    a_tenth, a_half, groups = blocks("yaml tribes")
    [delivery] = blocks("yaml delivery")
    place = ("--space", space, "--env", "production")
    push_tribes(ada, space, a_tenth)
    ada.mtribes.write("production.yaml", delivery)
    assert ada.mtribes("env", "push", "production.yaml", *place).exit_code == 0
    buckets = {name: bucket("spring", share_number("visitor", name)) for name in PEOPLE}
    first = {name for name in PEOPLE if sees(app, anonymous_id=name)}
    assert first == {name for name, number in buckets.items() if number < 1_000}
    assert not sees(app, external_id="ada")

    push_tribes(ada, space, a_half)
    assert {name for name in PEOPLE if sees(app, anonymous_id=name)} == {
        name for name, number in buckets.items() if number < 5_000
    }
    assert sees(app, external_id="ada")
    signed_up = next(iter(first))
    assert sees(app, anonymous_id=signed_up, external_id=f"user of {signed_up}")

    [example] = blocks("console")
    command, *lines = example.splitlines()
    words = command.removeprefix("$ mtribes ").replace("--space vod", f"--space {space}").split()
    assert ada.mtribes(*words).out.splitlines() == lines
    why = ada.mtribes("session", "explain", "--user", "ada", *place).out
    assert "bucket 3,720 of 10,000: within 0 to 50%" in why
    count = int(ada.mtribes("tribe", "count", "spring-banner", *place).out)
    assert count == 1 + sum(number < 5_000 for number in buckets.values())

    delivered = ada.mtribes("env", "pull", *place).out
    assert "spring-banner" in delivered
    push_tribes(ada, space, a_half + groups.partition("tribes:\n")[2])
    found = [int(ada.mtribes("tribe", "count", f"checkout-{name}", *place).out) for name in ("new", "old", "held-out")]
    assert sum(found) == len(PEOPLE) + 1


def test_each_tribe_of_the_page_is_taken(ada: Signed, space: str) -> None:
    for text in blocks("yaml tribes"):
        push_tribes(ada, space, text)
