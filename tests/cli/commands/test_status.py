"""`mtribes status`: who, where, which revision, in step or not; what needs no server works without one."""

from pathlib import Path

from tests.cli.code_stub import CodeStub
from tests.cli.project_runner import Project, changes


def test_a_project_in_step(generated: Project, code_stub: CodeStub) -> None:
    outcome = generated.run("status")
    assert outcome.exit_code == 0
    assert f"Signed in to {code_stub.url} as ada@example.com." in outcome.out
    assert "typescript in src/vod: Space vod, revision 1" in outcome.out
    assert "Up to date: 3 generated files" in outcome.out


def test_a_revision_that_the_server_is_ahead_is_told(generated: Project, code_stub: CodeStub) -> None:
    code_stub.revision = 5
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
    assert "Could not connect to http://127.0.0.1:9" in outcome.out
    assert "src/vod" in outcome.out


def test_without_a_sign_in_it_says_so(generated: Project) -> None:
    generated.environment.clear()
    outcome = generated.run("status")
    assert outcome.exit_code == 0
    assert "Could not connect" in outcome.out
    assert "Up to date" in outcome.out


def test_without_a_project_it_says_who_and_where(tmp_path: Path, code_stub: CodeStub) -> None:
    root = tmp_path / "empty"
    root.mkdir()
    outcome = Project(root).run("status", "--host", code_stub.url)
    assert outcome.exit_code == 0
    assert "ada@example.com" in outcome.out
    assert "mtribes setup" in outcome.out
