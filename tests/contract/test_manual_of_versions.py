"""The manual's page about versions: what an app sends, the tribes, and why somebody is in them, as the page has it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import templates_server
from tests.contract.people import Signed
from tests.people import unique
from tests.servers import RunningServer

PAGE = (Path(templates_server.__file__).parent / "docs" / "guides" / "versions.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The only block of that language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


@pytest.fixture
def space(ada: Signed) -> str:
    """The key of a new Space with the tribes of the page."""
    key = unique("store")
    assert ada.mtribes("space", "create", key, "--organization", ada.organization).exit_code == 0
    ada.mtribes.write("tribes.yaml", block("yaml").replace("space: vod", f"space: {key}"))
    pushed = ada.mtribes("tribe", "push", "tribes.yaml")
    assert pushed.exit_code == 0, pushed.err
    return key


def test_what_the_page_sends_is_explained_as_it_says(ada: Signed, space: str, server: RunningServer) -> None:
    place = ("--space", space, "--environment", "production")
    key = ada.mtribes("env", "key", "create", "--name", "web", *place).out.strip()
    started = {**json.loads(block("json")), "external_id": "ada"}
    with server.client(Authorization=f"Bearer {key}") as app:
        assert app.post("/api/client/sessions", json=started).status_code == 200
    command, _, told = block("console").partition("\n")
    assert command.startswith("$ mtribes tribe explain new-app --user ada ")
    assert ada.mtribes("tribe", "explain", "new-app", "--user", "ada", *place).out == told
    assert ada.mtribes("tribe", "count", "new-app", "--json", *place).envelope["data"]["count"] == 1
    assert ada.mtribes("tribe", "count", "old-phones", "--json", *place).envelope["data"]["count"] == 0


def test_a_tribe_of_versions_is_shown_as_it_was_pushed(ada: Signed, space: str) -> None:
    shown = ada.mtribes("tribe", "show", "old-phones", "--space", space).out
    for line in ("attribute: device.os_version", "operator: version_below", 'value: "17"'):
        assert line in shown
    ada.mtribes("tribe", "pull", "--space", space, "--output", "again.yaml")
    assert ada.mtribes("tribe", "push", "again.yaml", "--json").envelope["data"]["changed"] is False


def test_a_version_without_quotes_is_refused_with_what_to_do(ada: Signed, space: str) -> None:
    ada.mtribes.write("tribes.yaml", f"space: {space}\n{block('yaml').partition(chr(10))[2]}".replace('"2.3"', "2.3"))
    pushed = ada.mtribes("tribe", "push", "tribes.yaml", "--force")
    assert pushed.exit_code != 0
    assert "must be text, not a number; put it in quotes" in pushed.err
