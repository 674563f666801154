"""The manual's page about modelling an event and rolling out a banner, followed word by word on a demo server."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

import templates_server
from tests.cli.cli_runner import CliRunner
from tests.server.features.codegen.toolchain import compile_tree
from tests.server_processes import ServerProcess, server_process

PAGE = (Path(templates_server.__file__).parent / "docs" / "guides" / "rollout.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PEOPLE = 2_000
IMPORTS = 'import { session } from "./mtspace/vod/index.js";\n'
PRODUCTION = ("--space", "vod", "--environment", "production")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A demo server, as the page has it."""
    with server_process(tmp_path / "server", "--demo") as running:
        yield running


@pytest.fixture
def reader(tmp_path: Path, server: ServerProcess) -> CliRunner:
    """Who reads the page: with generated code, and with many users."""
    home = tmp_path / "home"
    home.mkdir()
    environment = {"MTRIBES_HOST": server.url, "MTRIBES_TOKEN": facts(server)["token"]}
    mtribes = CliRunner(home, environment)
    mtribes.write("package.json", '{"type": "module"}')
    setup = ("setup", "--organization", "acme", "--space", "vod", "--target", "typescript:mtspace/vod")
    succeed(mtribes, *setup)
    mtribes.write("users.ndjson", "".join(f'{{"user_id": "user-{number}"}}\n' for number in range(PEOPLE)))
    succeed(mtribes, "user", "ingest", "users.ndjson", *PRODUCTION)
    return mtribes


def facts(server: ServerProcess) -> Any:
    return json.loads((server.folder / "demo.json").read_text("utf-8"))


def succeed(mtribes: CliRunner, *argv: str) -> str:
    outcome = mtribes(*argv)
    assert outcome.exit_code == 0, (argv, outcome.out, outcome.err)
    return outcome.out


def joined(document: Any, addition: Any) -> Any:
    """A document with what the page adds to it: members by key, entries of lists before those that are there.

    An entry that says another thing of shares takes the place of that one.
    """
    if isinstance(document, dict) and isinstance(addition, dict):
        changed = {key: joined(document.get(key), value) for key, value in addition.items()}
        return document | changed
    if isinstance(document, list) and isinstance(addition, list):
        kept = [entry for entry in document if not ("share" in entry and "share" in addition[0])]
        return [*addition, *kept]
    return addition


def follow(mtribes: CliRunner, kind: str, note: str, text: str) -> list[tuple[str, str]]:
    """Do what a block says; the commands that were run, with what they printed."""
    if kind == "yaml":
        document = yaml.safe_load((mtribes.home / note).read_text("utf-8"))
        mtribes.write(note, yaml.safe_dump(joined(document, yaml.safe_load(text)), sort_keys=False))
        return []
    if kind == "ts":
        source = mtribes.home / "app.ts"
        source.write_text(text if text.startswith("import") else IMPORTS + text, "utf-8")
        said = {version: compile_tree(mtribes.home, version, ["app.ts"]) for version in ("typescript", "typescript-5")}
        assert [bool(errors) for errors in said.values()] == [note == "fails"] * 2, (text, said)
        assert note == "compiles" or all(re.search("titel|campain", errors) for errors in said.values())
        return []
    commands = [line for line in text.splitlines() if line]
    return [(line, succeed(mtribes, *shlex.split(line)[1:])) for line in commands]


def shown_banner(server: ServerProcess, users: int) -> set[int]:
    """Those of the first users who are shown the banner."""
    key = facts(server)["spaces"]["vod"]["production"]
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {key}"}, trust_env=False) as app:
        states = [
            app.post("/api/client/sessions", json={"external_id": f"user-{number}"}).raise_for_status().json()["states"]
            for number in range(users)
        ]
    return {number for number, of in enumerate(states) if of["onboarding.welcome"]["scenario"] == "Summer banner"}


@pytest.mark.slow
def test_the_page_does_what_it_says(server: ServerProcess, reader: CliRunner) -> None:
    blocks = BLOCK.findall(PAGE)
    assert [note for kind, note, _ in blocks if kind == "ts"] == ["compiles", "fails", "fails"]
    ran: list[tuple[str, str]] = []
    shown: list[set[int]] = []
    for kind, note, text in blocks:
        ran += follow(reader, kind, note, text)
        if "tribe count" in text:
            shown.append(shown_banner(server, 300))
    counts = [int(re.sub(r"\D", "", said)) for line, said in ran if "tribe count" in line]
    assert [round(count / PEOPLE, 1) for count in counts] == [0.1, 0.5]
    tenth, half = shown
    assert tenth < half
    assert 15 <= len(tenth) <= 45
    assert 120 <= len(half) <= 180
    [of_tribe, of_session] = [said for line, said in ran if "explain" in line]
    bucket = re.search(r"bucket [\d,]+ of 10,000", of_tribe)
    assert bucket is not None
    assert bucket[0] in of_session
