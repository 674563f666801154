"""A user, a project of theirs, and stub servers to talk to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.cli_runner import CliRunner
from tests.cli.code_stub import CodeStub, serving_code
from tests.cli.project_runner import Project
from tests.cli.stub_server import StubServer, serving_stub


@pytest.fixture
def stub_server() -> Iterator[StubServer]:
    """A server that says what the test wants."""
    with serving_stub() as serving:
        yield serving


@pytest.fixture
def mtribes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """A user who is not signed in anywhere, on a computer without a keyring."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return CliRunner(tmp_path)


@pytest.fixture
def user(mtribes: CliRunner, stub_server: StubServer) -> CliRunner:
    """A user whose token the stub server takes for good."""
    mtribes.environment |= {"MTRIBES_HOST": stub_server.url, "MTRIBES_TOKEN": "mtp_of_a_test"}
    return mtribes


@pytest.fixture
def code_stub() -> Iterator[CodeStub]:
    """A server with code of Spaces that the test states."""
    with serving_code() as serving:
        yield serving


@pytest.fixture
def project(tmp_path: Path, code_stub: CodeStub) -> Project:
    """A project whose code has never been generated."""
    root = tmp_path / "project"
    root.mkdir()
    project = Project(root)
    project.write_toml(code_stub.url)
    return project


@pytest.fixture
def generated(project: Project) -> Project:
    """A project in step."""
    assert project.run("update").exit_code == 0
    return project
