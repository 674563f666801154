"""`mtribes setup` by flags and by questions, against a server that the test plays."""

from pathlib import Path

import pytest

from tests.cli.cli_runner import without_colors
from tests.cli.code_stub import FILES, CodeStub
from tests.cli.project_runner import Project, changes

TARGET = ("--target", "typescript:src/vod")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty folder."""
    root = tmp_path / "project"
    root.mkdir()
    return Project(root)


def test_flags_answer_everything(project: Project, code_stub: CodeStub) -> None:
    outcome = project.run(
        "setup",
        "--host",
        code_stub.url,
        "--organization",
        "acme",
        "--space",
        "vod",
        *TARGET,
        "--target",
        "javascript:app",
        "--json",
    )
    assert outcome.exit_code == 0
    data = outcome.envelope["data"]
    assert (data["host"], data["organization"], data["space"]) == (code_stub.url, "acme", "vod")
    assert data["live"] is None
    assert changes(outcome) == {f"{output}/{path}": "added" for output in ("src/vod", "app") for path in FILES}
    assert (project.root / "mtribes.toml").read_text().startswith("# What")
    assert project.run("update", "--check", "--latest").exit_code == 0


def test_run_again_it_changes_no_byte_and_no_time(project: Project, code_stub: CodeStub) -> None:
    argv = ("setup", "--host", code_stub.url, "--space", "vod", *TARGET)
    assert project.run(*argv).exit_code == 0
    before = project.files(), project.times()
    assert project.run(*argv).exit_code == 0
    assert project.run("setup", "--yes").exit_code == 0
    assert (project.files(), project.times()) == before


def test_the_wizard_asks_what_is_open_and_generates(project: Project, code_stub: CodeStub) -> None:
    outcome = project.run("setup", "--host", code_stub.url, answers="2\n2\n\nno\n")
    assert outcome.exit_code == 0
    assert "1. sports" in outcome.err
    assert "2. vod" in outcome.err
    assert 'language = "javascript"\noutput = "src/mtspace/vod"\n' in (project.root / "mtribes.toml").read_text()
    assert (project.root / "src/mtspace/vod/index.ts").exists()


def test_the_wizard_asks_again_when_an_answer_cannot_be(project: Project, code_stub: CodeStub) -> None:
    outcome = project.run(
        "setup", "--host", code_stub.url, answers="9\nvod\n\n../out\nok/vod\nmaybe\nyes\njavascript\nok/vod\napp\nno\n"
    )
    assert outcome.exit_code == 0
    assert "9 is not in the list. Enter a number from 1 to 2, or a name." in without_colors(outcome.err)
    assert "maybe is neither yes nor no." in outcome.err
    assert "contains '..'" in outcome.err
    assert "is used by another target" in outcome.err
    assert (project.root / "ok/vod/index.ts").exists()
    assert (project.root / "app/index.ts").exists()


def test_the_wizard_remembers_what_the_project_says(project: Project, code_stub: CodeStub) -> None:
    assert project.run("setup", "--host", code_stub.url, "--space", "vod", *TARGET).exit_code == 0
    before = project.files(), project.times()
    outcome = project.run("setup", answers="\n\n")
    assert outcome.exit_code == 0
    assert "Which Space?\n  1. sports\n  2. vod\nNumber or name [vod]: " in without_colors(outcome.err)
    assert "src/vod" in outcome.err
    assert (project.files(), project.times()) == before


def test_nobody_answers_is_an_interruption_without_a_trace(project: Project, code_stub: CodeStub) -> None:
    assert project.run("setup", "--host", code_stub.url, answers="vod\n").exit_code == 130
    assert project.files() == {}


@pytest.mark.parametrize(
    ("argv", "flag"),
    [
        ((), "--host"),
        (("--host", "URL"), "--space"),
        (("--host", "URL", "--space", "vod"), "--target"),
    ],
)
@pytest.mark.parametrize("yes", [False, True])
def test_a_missing_answer_is_a_usage_error_that_names_the_flag(
    project: Project, code_stub: CodeStub, argv: tuple[str, ...], flag: str, *, yes: bool
) -> None:
    given = [code_stub.url if word == "URL" else word for word in argv]
    outcome = project.run("setup", *given, *(["--yes"] if yes else []), answers="vod\n" if yes else None)
    assert outcome.exit_code == 2
    assert flag in outcome.err
    assert project.files() == {}


@pytest.mark.parametrize(
    "argv",
    [
        ("--target", "src/vod"),
        ("--target", "cobol:src/vod"),
        ("--target", "typescript:../out"),
        ("--target", "typescript:"),
        ("--target", "typescript:src", "--target", "javascript:src/vod"),
        ("--local", "--host", "https://mtribes.example.com"),
    ],
)
def test_flags_that_cannot_be_are_usage_errors(project: Project, code_stub: CodeStub, argv: tuple[str, ...]) -> None:
    host = () if "--host" in argv else ("--host", code_stub.url)
    assert project.run("setup", *host, "--space", "vod", *argv).exit_code == 2
    assert project.files() == {}


@pytest.mark.parametrize("argv", [("--organization", "elsewhere"), ("--space", "elsewhere")])
def test_what_is_not_there_is_named_beside_what_is(
    project: Project, code_stub: CodeStub, argv: tuple[str, ...]
) -> None:
    outcome = project.run("setup", "--host", code_stub.url, *argv, *TARGET)
    assert outcome.exit_code == 1
    assert "elsewhere" in outcome.err
    assert ("acme" if "--organization" in argv else "sports, vod") in outcome.err


def test_without_a_sign_in_and_a_terminal_it_says_what_to_set(project: Project, code_stub: CodeStub) -> None:
    project.environment.clear()
    outcome = project.run("setup", "--host", code_stub.url, "--space", "vod", *TARGET)
    assert outcome.exit_code == 4
    assert "MTRIBES_TOKEN" in outcome.err
    assert project.files() == {}


def test_files_of_somebody_else_stop_it_and_no_project_file_is_left(project: Project, code_stub: CodeStub) -> None:
    (project.root / "src/vod").mkdir(parents=True)
    (project.root / "src/vod/index.ts").write_text("// mine\n")
    before = project.files()
    assert project.run("setup", "--host", code_stub.url, "--space", "vod", *TARGET).exit_code == 1
    assert project.files() == before


def test_a_project_file_with_faults_is_told_before_anything_else(project: Project, code_stub: CodeStub) -> None:
    (project.root / "mtribes.toml").write_text("hots = 1\n")
    outcome = project.run("setup", "--host", code_stub.url, "--space", "vod", *TARGET)
    assert outcome.exit_code == 2
    assert "did you mean 'host'" in outcome.err


def test_a_server_of_the_environment_is_talked_to_and_the_project_keeps_its_own(
    project: Project, code_stub: CodeStub
) -> None:
    assert project.run("setup", "--host", code_stub.url, "--space", "vod", *TARGET).exit_code == 0
    before = project.files()
    project.environment["MTRIBES_HOST"] = code_stub.url.replace("127.0.0.1", "localhost")
    assert project.run("setup", "--yes").exit_code == 0
    assert project.files() == before
