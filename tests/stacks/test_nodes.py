"""Node 20 and the newest one, as they run generated code: JavaScript, and TypeScript whose types Node strips."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.requirements import require_bundled_node, require_node
from tests.stacks.people_server import PeopleServer
from tests.stacks.projects import project, run

pytestmark = pytest.mark.slow

SHOWN = {"status": "served", "label": "Hello u1"}
FIRST_WITH_TYPE_STRIPPING = 24


def major(node: str) -> int:
    """The number of a Node's version."""
    return int(subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout[1:].split(".")[0])


@pytest.fixture(params=[require_node, require_bundled_node], ids=["system", "pypi"])
def node(request: pytest.FixtureRequest) -> str:
    """Each of the Nodes of the machine."""
    return str(request.param())


def test_a_program_in_javascript(node: str, people: PeopleServer, tmp_path: Path) -> None:
    app = project("bundlers", tmp_path / "app", host=people.url, language="javascript")
    (app / "main.ts").rename(app / "main.mjs")
    assert json.loads(run([node, "main.mjs"], app)) == SHOWN
    assert [event["name"] for event in people.events] == ["app/bundled"]


def test_a_program_in_javascript_whose_package_is_of_commonjs(node: str, people: PeopleServer, tmp_path: Path) -> None:
    app = project("bundlers", tmp_path / "app", host=people.url, language="javascript")
    (app / "main.ts").rename(app / "main.mjs")
    (app / "package.json").write_text('{"type": "commonjs"}\n', "utf-8")
    assert json.loads(run([node, "main.mjs"], app)) == SHOWN


def test_a_program_in_typescript_runs_as_it_is(people: PeopleServer, tmp_path: Path) -> None:
    node = require_bundled_node()
    assert major(node) >= FIRST_WITH_TYPE_STRIPPING
    app = project("bundlers", tmp_path / "app", host=people.url, import_extension="ts")
    (app / "main.ts").write_text((app / "main.ts").read_text("utf-8").replace("index.js", "index.ts"), "utf-8")
    (app / "package.json").write_text('{"type": "module"}\n', "utf-8")
    assert json.loads(run([node, "main.ts"], app)) == SHOWN
    assert [event["name"] for event in people.events] == ["app/bundled"]
