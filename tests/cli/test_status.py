"""`mtribes status`: who, where, which revision, in step or not; what needs no server works without one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.code_peer import CodePeer, serving_code
from tests.cli.project_run import Project, changes


@pytest.fixture
def peer() -> Iterator[CodePeer]:
    with serving_code() as peer:
        yield peer


@pytest.fixture
def generated(tmp_path: Path, peer: CodePeer) -> Project:
    """A project in step."""
    root = tmp_path / "project"
    root.mkdir()
    project = Project(root)
    project.write_toml(peer.url)
    assert project.run("update").exit_code == 0
    return project


def test_a_project_in_step(generated: Project, peer: CodePeer) -> None:
    outcome = generated.run("status")
    assert outcome.exit_code == 0
    assert f"Signed in to {peer.url} as ada@example.com." in outcome.out
    assert "typescript in src/vod: Space vod, revision 1" in outcome.out
    assert "In step: 3 generated files" in outcome.out


def test_a_revision_that_the_server_is_ahead_is_told(generated: Project, peer: CodePeer) -> None:
    peer.revision = 5
    assert "revision 1, 5 on the server" in generated.run("status").out
    target = generated.run("status", "--json").envelope["data"]["targets"][0]
    assert (target["revision"], target["server_revision"]) == (1, 5)


def test_an_edited_file_is_exit_3(generated: Project) -> None:
    (generated.root / "src/vod/index.ts").write_text("// mine\n")
    outcome = generated.run("status", "--json")
    assert outcome.exit_code == 3
    assert changes(outcome) == {"src/vod/index.ts": "edited"}
    assert outcome.envelope["data"]["in_step"] is False


def test_without_a_server_the_files_are_still_looked_at(generated: Project) -> None:
    generated.write_toml("http://127.0.0.1:9")
    outcome = generated.run("status")
    assert outcome.exit_code == 3  # the lock is another host's
    assert "Not connected to http://127.0.0.1:9" in outcome.out
    assert "src/vod" in outcome.out


def test_without_a_sign_in_it_says_so(generated: Project) -> None:
    generated.environment.clear()
    outcome = generated.run("status")
    assert outcome.exit_code == 0
    assert "Not connected" in outcome.out
    assert "In step" in outcome.out


def test_without_a_project_it_says_who_and_where(tmp_path: Path, peer: CodePeer) -> None:
    root = tmp_path / "empty"
    root.mkdir()
    outcome = Project(root).run("status", "--host", peer.url)
    assert outcome.exit_code == 0
    assert "ada@example.com" in outcome.out
    assert "mtribes setup" in outcome.out
