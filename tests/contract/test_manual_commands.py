"""Pages of the manual, followed command by command on a demo server: each command succeeds as the page says."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.cli.cli_runner import CliRunner
from tests.contract.test_rollout_page import joined
from tests.manual import page_text
from tests.server_processes import ServerProcess, server_process

pytestmark = pytest.mark.slow

BLOCK = re.compile(r"^ *```(\w+)[^\n]*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
PAGES = (
    "guides/targeting",
    "guides/users-and-tags",
    "guides/export",
    "guides/signed-ids",
    "guides/impact",
    "getting-started/first-project",
)
ELSEWHERE = ("mtribes setup", "mtribes-server", "mtribes open")
"""Commands of these pages that `.ci/first-commands` runs."""
OF_THE_FILE = {"tribes": "tribes.yaml", "scenarios": "production.yaml", "price": "space.yaml"}
DONE = 0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with server_process(tmp_path_factory.mktemp("server"), "--demo") as running:
        facts = json.loads((running.folder / "demo.json").read_text("utf-8"))
        key = {"Authorization": f"Bearer {facts['spaces']['vod']['production']}"}
        visitor = {"anonymous_id": "phone-1"}
        httpx.post(f"{running.url}/api/client/identify", json=visitor, headers=key).raise_for_status()
        yield running


@pytest.fixture
def reader(tmp_path: Path, server: ServerProcess) -> CliRunner:
    token = json.loads((server.folder / "demo.json").read_text("utf-8"))["token"]
    mtribes = CliRunner(tmp_path, {"MTRIBES_HOST": server.url, "MTRIBES_TOKEN": token})
    setup = mtribes("setup", "--organization", "acme", "--space", "vod", "--target", "typescript:src/mtspace/vod")
    assert setup.exit_code == DONE, setup.err
    return mtribes


def follow(reader: CliRunner, language: str, text: str) -> Iterator[str]:
    """Do what a block says; the commands that were run."""
    if language == "yaml":
        edit(reader, yaml.safe_load(text))
    if language not in {"sh", "console"}:
        return
    prompt = "$ " if language == "console" else ""
    for line in text.splitlines():
        command = line.strip().removeprefix("$ ") if line.strip().startswith(prompt) else ""
        if command and not command.startswith(ELSEWHERE):
            run(reader, command)
            yield command


def edit(reader: CliRunner, addition: dict[str, Any]) -> None:
    """Add what a block of YAML shows to the file that the page is about."""
    [name] = [file for key, file in OF_THE_FILE.items() if key in addition]
    if name == "space.yaml":
        addition = {"experiences": {"banner": {"properties": addition}}}
    document = yaml.safe_load((reader.home / name).read_text("utf-8"))
    reader.write(name, json.dumps(joined(document, addition), default=lambda moment: moment.isoformat()))


def run(reader: CliRunner, command: str) -> None:
    words = shlex.split(command)
    if words[0] == "sed":
        subprocess.run(words, cwd=reader.home, check=True)
        return
    assert words[0] == "mtribes", command
    confirmed = ["--yes"] if "delete" in words else []
    outcome = reader(*words[1:], *confirmed)
    assert outcome.exit_code == DONE, (command, outcome.out, outcome.err)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_the_page_succeeds(reader: CliRunner, page: str) -> None:
    ran = [command for block in BLOCK.findall(page_text(page)) for command in follow(reader, *block)]
    assert len(ran) >= 2
