"""The manual's page about histories, followed word by word on a demo server."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import templates_server
from templates_server.http.route import Route
from templates_server.routes import ROUTES
from tests.cli.cli_runner import CliRunner
from tests.server_processes import ServerProcess, server_process

PAGE = (Path(templates_server.__file__).parent / "docs" / "guides" / "history.md").read_text("utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines()]
STAGING = ("--space", "vod", "--environment", "staging")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with server_process(tmp_path / "server", "--demo") as running:
        yield running


@pytest.fixture
def reader(tmp_path: Path, server: ServerProcess) -> CliRunner:
    home = tmp_path / "home"
    home.mkdir()
    token = json.loads((server.folder / "demo.json").read_text("utf-8"))["token"]
    return CliRunner(home, {"MTRIBES_HOST": server.url, "MTRIBES_TOKEN": token})


@pytest.mark.slow
def test_every_command_of_the_page_does_what_the_page_says(reader: CliRunner) -> None:
    printed = {}
    for command in COMMANDS:
        outcome = reader(*shlex.split(command)[1:])
        assert outcome.exit_code == 0, (command, outcome.err)
        printed[command] = outcome.out
    shown: dict[str, Any] = {" ".join(command.split()[1:3]): out for command, out in printed.items()}
    assert "Onboarding is being rewritten" in " ".join(printed[COMMANDS[2]].split())
    assert "unpublished  onboarding\n" in printed[COMMANDS[5]]
    assert "from revision 0 to revision 1" in printed[COMMANDS[6]]
    assert printed[COMMANDS[7]].startswith("From production (revision 1) to staging (revision 2) of vod: 1 change.")
    assert shown["env restore"] == "staging of vod is at revision 3: restored revision 1.\n"
    assert shown["env push"] == "staging of vod is at revision 3. No changes.\n"
    notes = [each["note"] for each in reader("env", "history", *STAGING, "--json").envelope["data"]]
    assert notes == ["Back to the start", "Onboarding is being rewritten", None]


def named(route: Route) -> tuple[str, str]:
    return route.method, re.sub(r"\{(\w+)\}", r":\1", route.path)


def test_every_route_of_the_page_is_there() -> None:
    rows = re.findall(r"^\| (GET|POST) \| `([^`?]+)", PAGE, re.MULTILINE)
    assert len(rows) == 5
    assert set(rows) <= {named(route) for route in ROUTES}
