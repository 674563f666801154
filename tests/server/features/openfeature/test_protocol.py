"""schemathesis, with the protocol's own description of itself (`protocol.yaml`), finds nothing to complain of.

Two things of the description are put right first. `oneOf` of values is read as `anyOf`: an integer is a number too, and
every answer with a value is one without (`codeDefaultFlag` asks for nothing), so that as it stands none would do. And
the refusals are added that any HTTP server has, of which it says nothing: 405, 408, 413, 415.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from templates_server.primitives.yaml_json import read_yaml
from tests.openapi_conformance import FINDINGS
from tests.requirements import require
from tests.server.features.api_docs.demonstration import Demonstration, demonstration

IS_FULL_SCALE = os.environ.get("MTRIBES_FULL_SCALE") == "1"
EXAMPLES = 500 if IS_FULL_SCALE else 100
LEAST_CASES = 200
SEED = 20261129
DESCRIPTION = Path(__file__).with_name("protocol.yaml")
REFUSALS = ("405", "408", "413", "415")
CONFIGURATION = """
[auth.openapi]
BearerAuth.bearer = "{key}"
ApiKeyAuth.api_key = "{key}"

[checks.positive_data_acceptance]  # rules that the description does not tell: of ids, of the number of fields
expected-statuses = ["2xx", "304", "400", "404"]
"""


def description() -> dict[str, Any]:
    """The description, put right."""
    found: dict[str, Any] = _read_as_any(read_yaml(DESCRIPTION.read_bytes(), max_depth=64))
    for path in found["paths"].values():
        for status in REFUSALS:
            path["post"]["responses"][status] = {"description": "Refused, as by any server."}
    return found


def _read_as_any(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_read_as_any(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    is_of_values = "oneOf" in schema and "required" not in schema
    return {"anyOf" if key == "oneOf" and is_of_values else key: _read_as_any(item) for key, item in schema.items()}


@pytest.fixture
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    with demonstration(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.mark.slow
def test_it_finds_nothing_but_what_is_planted(demo: Demonstration, tmp_path: Path) -> None:
    require(importlib.util.find_spec("schemathesis") is not None, "schemathesis", "pip install '.[test]'")
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION.format(key=demo.variables["MTRIBES_KEY"]))
    told = run(description(), demo.server.url, tmp_path)
    assert told.returncode == 0, told.stdout + told.stderr
    generated = re.search(r"(\d+) generated", told.stdout)
    assert generated, told.stdout
    assert int(generated[1]) >= LEAST_CASES
    planted = description()
    del planted["paths"]["/ofrep/v1/evaluate/flags/{key}"]["post"]["responses"]["404"]
    assert "Undocumented status code" in run(planted, demo.server.url, tmp_path, "--phases", "examples").stdout
    assert FINDINGS.take() == []


def run(described: dict[str, Any], url: str, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """A run over a whole description, with the configuration that is in a folder."""
    (folder / "protocol.json").write_text(json.dumps(described))
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run", "protocol.json"]
    options = ["--url", url, "--checks", "all", "--max-examples", str(EXAMPLES), "--seed", str(SEED)]
    options += ["--continue-on-failure", "--warnings", "off"]
    environment = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    return subprocess.run(
        [*command, *options, *more],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=800,
    )


def validator(name: str) -> Any:
    """What the protocol says of a body."""
    components = description()["components"]
    return jsonschema_rs.Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": components})


def test_answers_and_refusals_are_what_the_protocol_calls_so(demo: Demonstration) -> None:
    key = demo.variables["MTRIBES_KEY"]
    with demo.server.client(Authorization=f"Bearer {key}") as client:

        def post(path: str, body: Any) -> Any:
            return client.post(f"/ofrep/v1/evaluate/flags{path}", json=body).json()

        ada = {"context": {"targetingKey": "ada"}}
        every = post("", ada)
        assert [*validator("bulkEvaluationSuccess").iter_errors(every)] == []
        for flag in every["flags"]:
            assert [*validator("serverEvaluationSuccess").iter_errors(post(f"/{flag['key']}", ada))] == []
        assert [*validator("flagNotFound").iter_errors(post("/nothing.here", ada))] == []
        wrong_ones: tuple[Any, ...] = ({}, [], {"context": {"targetingKey": 7}})
        for wrong in wrong_ones:
            assert [*validator("bulkEvaluationFailure").iter_errors(post("", wrong))] == []
            assert [*validator("evaluationFailure").iter_errors(post("/homepage.header", wrong))] == []


def test_as_it_is_written_the_protocol_allows_no_answer_with_a_value() -> None:
    """Why `oneOf` is read as `anyOf`: should this turn red, the description was mended, and so can the reading be."""
    components = read_yaml(DESCRIPTION.read_bytes(), max_depth=64)["components"]
    schema = {"$ref": "#/components/schemas/evaluationSuccess", "components": components}
    answer = {"key": "home.top.enabled", "reason": "STATIC", "variant": "none", "value": True}
    assert not jsonschema_rs.Draft202012Validator(schema).is_valid(answer)
    assert validator("evaluationSuccess").is_valid(answer)
