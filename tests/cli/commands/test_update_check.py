"""`mtribes update --check`: kinds of change, exit codes; and options that do not go together."""

from pathlib import Path

import pytest

from tests.cli.code_stub import CodeStub
from tests.cli.project_runner import Project, changes

HERO_PATH = "src/vod/experience/hero.ts"
INDEX_PATH = "src/vod/index.ts"


def test_check_is_content_with_a_tree_in_step(generated: Project) -> None:
    outcome = generated.run("update", "--check", "--json")
    assert outcome.exit_code == 0
    assert outcome.envelope["status"] == "success"
    assert outcome.envelope["data"]["in_step"] is True


@pytest.mark.parametrize("kind", ["edited", "missing"])
@pytest.mark.parametrize("option", ["--offline", "--latest", "--json"])
def test_check_names_what_was_done_here(generated: Project, kind: str, option: str) -> None:
    if kind == "edited":
        (generated.root / HERO_PATH).write_text("// mine\n")
    else:
        (generated.root / HERO_PATH).unlink()
    before = generated.files()
    outcome = generated.run("update", "--check", option, "--json")
    assert outcome.exit_code == 3
    assert outcome.envelope["status"] == "partial"
    assert changes(outcome) == {HERO_PATH: kind}
    told = generated.run("update", "--check", option.replace("json", "offline")).out
    assert f"{kind:<9} {HERO_PATH}" in told
    assert ("--force" in told) is (kind == "edited")
    assert generated.files() == before


@pytest.mark.parametrize("kind", ["added", "changed", "orphaned"])
def test_check_tells_what_the_server_has_and_counts_it_with_latest_alone(
    generated: Project, code_stub: CodeStub, kind: str
) -> None:
    path = {"added": "new.ts", "changed": "index.ts", "orphaned": "experience/hero.ts"}[kind]
    if kind == "orphaned":
        del code_stub.files["vod"][path]
    else:
        code_stub.files["vod"][path] = "// new\n"
    code_stub.revision = 2
    outcome = generated.run("update", "--check", "--json")
    assert outcome.exit_code == 0
    assert changes(outcome) == {}
    assert outcome.envelope["data"]["available"] == [{"path": f"src/vod/{path}", "change": kind}]
    told = generated.run("update", "--check")
    assert told.exit_code == 0
    assert f"1 {kind}" in told.err
    assert "revision 2 (was 1)" in told.err
    latest = generated.run("update", "--check", "--latest", "--json")
    assert latest.exit_code == 3
    assert changes(latest) == {f"src/vod/{path}": kind}
    assert generated.run("update", "--check", "--offline").exit_code == 0


def test_check_tells_of_a_newer_generator(generated: Project, code_stub: CodeStub) -> None:
    code_stub.generator = "2.0.0"
    code_stub.files["vod"]["index.ts"] = "// generated anew\n"
    assert "2.0.0" in generated.run("update", "--check").err
    assert generated.run("update", "--check", "--latest").exit_code == 3


@pytest.mark.parametrize(
    ("key", "value"),
    [("language", "javascript"), ("space", "sports"), ("output", "src/other")],
)
def test_check_sees_that_the_project_asks_for_something_else(
    generated: Project, code_stub: CodeStub, key: str, value: str
) -> None:
    generated.write_toml(code_stub.url, {"language": "typescript", "output": "src/vod", key: value})
    outcome = generated.run("update", "--check", "--offline", "--json")
    assert outcome.exit_code == 3
    assert any(value in error["message"] + error["path"] for error in outcome.envelope["errors"])


def test_check_sees_a_change_of_options_and_of_host(generated: Project) -> None:
    toml = generated.root / "mtribes.toml"
    good = toml.read_text()
    toml.write_text(good + '[targets.options]\nhost = "https://elsewhere.example.com"\n')
    assert "https://elsewhere.example.com" in generated.run("update", "--check", "--offline").err
    toml.write_text(good.replace("127.0.0.1", "localhost"))
    assert generated.run("update", "--check", "--offline").exit_code == 3


def test_check_sees_another_host_even_where_the_code_stays_the_same(project: Project, code_stub: CodeStub) -> None:
    toml = project.root / "mtribes.toml"
    toml.write_text(toml.read_text() + '[targets.options]\nhost = "https://app.example.com"\n')
    assert project.run("update").exit_code == 0
    assert project.run("update", "--check", "--offline").exit_code == 0
    toml.write_text(toml.read_text().replace("127.0.0.1", "localhost"))
    project.trust(code_stub.url.replace("127.0.0.1", "localhost"))
    assert project.run("update", "--check", "--offline").exit_code == 3
    assert project.run("update").exit_code == 0
    assert project.run("update", "--check", "--offline").exit_code == 0


def test_check_sees_that_a_target_has_gone(project: Project, code_stub: CodeStub) -> None:
    targets = {"language": "typescript", "output": "src/vod"}, {"language": "javascript", "output": "web/vod"}
    project.write_toml(code_stub.url, *targets)
    assert project.run("update").exit_code == 0
    project.write_toml(code_stub.url, targets[0])
    outcome = project.run("update", "--check", "--offline", "--json")
    assert outcome.exit_code == 3
    assert [error["path"] for error in outcome.envelope["errors"]] == ["web/vod"]


def test_check_before_anything_was_generated_is_not_in_step(project: Project) -> None:
    outcome = project.run("update", "--check", "--offline")
    assert outcome.exit_code == 3
    assert "has not been generated yet" in outcome.err


def test_check_offline_asks_no_server_and_needs_no_token(generated: Project, code_stub: CodeStub) -> None:
    asked = len(code_stub.requests)
    generated.environment.clear()
    assert generated.run("update", "--check", "--offline").exit_code == 0
    assert len(code_stub.requests) == asked


@pytest.mark.parametrize("argv", [("update",), ("update", "--check"), ("update", "--dry-run")])
def test_without_a_good_token_it_is_exit_4(generated: Project, argv: tuple[str, ...]) -> None:
    generated.environment["MTRIBES_TOKEN"] = "mtp_another"
    assert generated.run(*argv).exit_code == 4
    del generated.environment["MTRIBES_TOKEN"]
    assert generated.run(*argv).exit_code == 4


def test_a_space_that_is_not_there_is_exit_1(project: Project, code_stub: CodeStub) -> None:
    project.write_toml(code_stub.url, {"language": "typescript", "output": "src/vod", "space": "elsewhere"})
    assert project.run("update").exit_code == 1


@pytest.mark.parametrize(
    "argv",
    [
        ("--offline",),
        ("--latest",),
        ("--check", "--force"),
        ("--check", "--dry-run"),
        ("--check", "--diff"),
        ("--check", "--offline", "--latest"),
        ("--check", "--offline", "--revision", "1"),
        ("--revision", "-1"),
        ("--nonsense",),
    ],
)
def test_options_that_contradict_each_other_are_usage_errors(generated: Project, argv: tuple[str, ...]) -> None:
    assert generated.run("update", *argv).exit_code == 2


def test_without_a_project_file_it_is_a_usage_error(tmp_path: Path) -> None:
    root = tmp_path / "empty"
    root.mkdir()
    outcome = Project(root).run("update")
    assert outcome.exit_code == 2
    assert "mtribes setup" in outcome.err


def test_a_project_without_targets_is_a_usage_error(project: Project) -> None:
    (project.root / "mtribes.toml").write_text('host = "local"\nspace = "vod"\n')
    assert project.run("update").exit_code == 2
