"""The witness of the tests' servers sees what is not described: every kind of fault is planted here once."""

from __future__ import annotations

import subprocess
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from templates_server.features.operations import health as system
from templates_server.http.response import json_response
from tests.openapi_conformance import FINDINGS
from tests.people import add_organization, add_person, add_space
from tests.servers import running_server

ALIVE = {"status": "alive", "demo": False}


def answered(response: Response) -> Any:
    return lambda *_: response


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        (json_response(ALIVE, HTTPStatus.ACCEPTED), "the status 202 is not described"),
        (json_response({**ALIVE, "uptime": 7}), "200: Additional properties are not allowed ('uptime' was unexpected)"),
        (json_response({"status": "alive"}), '200: "demo" is a required property'),
        (json_response({**ALIVE, "demo": "no"}), '200: "no" is not of type "boolean" (at demo)'),
        (json_response(ALIVE, headers={"Retry-After": "1"}), "the header retry-after of 200 is not described"),
        (Response("alive", media_type="text/plain"), "the media type 'text/plain' of 200 is not described"),
    ],
)
def test_what_is_not_described_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Response, finding: str
) -> None:
    monkeypatch.setattr(system, "json_response", answered(answer))
    with running_server(tmp_path) as server, server.client() as client:
        client.get("/healthz")
    (found,) = FINDINGS.take()
    assert found.startswith(f"GET /healthz: {finding}")


def test_what_is_described_is_not(tmp_path: Path) -> None:
    with running_server(tmp_path) as server, server.client() as client:
        person = add_person(server.database, add_organization(server.database))
        space = add_space(server, person)
        with person.client(server) as known:
            assert known.get(f"/v2/spaces/{space}").status_code == 200
        assert client.get(f"/v2/spaces/{space}").status_code == 401
        assert client.get("/nowhere").status_code == 404
    assert FINDINGS.take() == []


PLANTED = """
from templates_server.http.response import json_response
from templates_server.features.operations import health as system


def test_planted(server, monkeypatch):
    monkeypatch.setattr(system, "json_response", lambda *_: json_response({"status": "alive", "uptime": 7}))
    with server.client() as client:
        assert client.get("/healthz").status_code == 200
"""


@pytest.mark.slow
def test_a_test_that_gets_such_an_answer_turns_red(tmp_path: Path) -> None:
    planted = tmp_path / "test_planted.py"
    planted.write_text(PLANTED)
    root = Path(__file__).parents[4]
    command = [sys.executable, "-m", "pytest", "-n0", "-q", "-k", "sqlite", "-p", "tests.conftest", str(planted)]
    ran = subprocess.run(
        [*command, "-c", str(root / "pyproject.toml"), "--rootdir", str(root)],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 1, ran.stdout
    assert "1 passed, 1 deselected, 1 error" in ran.stdout
    assert "('uptime' was unexpected)" in ran.stdout
