"""What `mtribes update` must not write, whatever the server says and wherever links lead."""

import os
from pathlib import Path

import pytest

from tests.cli.code_stub import HERO, CodeStub
from tests.cli.project_runner import Project, changes

HERO_PATH = "src/vod/experience/hero.ts"
INDEX_PATH = "src/vod/index.ts"


@pytest.mark.parametrize(
    "path",
    [
        "../evil.ts",
        "/etc/evil",
        "a/../../b",
        "con.ts",
        ".git/hooks/x",
        "a\\b",
        ".hidden",
        "-x",
        "a b",
        "C:x",
        "~/x",
        "",
    ],
)
def test_a_path_that_must_not_be_written_stops_everything(project: Project, code_stub: CodeStub, path: str) -> None:
    code_stub.files["vod"][path] = "evil\n"
    before = project.files()
    outcome = project.run("update")
    assert outcome.exit_code == 1
    assert "not safe to write" in outcome.err
    assert project.files() == before
    assert project.run("update", "--dry-run").exit_code == 1
    assert project.run("update", "--check", "--latest").exit_code == 1


@pytest.mark.parametrize(
    "files",
    [{"Hero.ts": "1\n", "hero.ts": "2\n"}, {"a": "1\n", "a/b": "2\n"}, {"a.ts": "1\r\n"}, {"a.ts": "\ud800"}, {}],
)
def test_a_set_that_cannot_be_written_everywhere_stops_everything(
    project: Project, code_stub: CodeStub, files: dict[str, str]
) -> None:
    code_stub.files["vod"] = files
    assert project.run("update").exit_code == 1
    assert set(project.files()) == {"mtribes.toml"}


def test_a_file_that_does_not_have_the_stated_hash_stops_everything(project: Project, code_stub: CodeStub) -> None:
    files = [{"path": "a.ts", "content": "1\n", "sha256": "0" * 64}]
    code_stub.bent = {"targets": [{"language": "typescript", "options": {}, "files": files}]}
    outcome = project.run("update")
    assert outcome.exit_code == 1
    assert "match its hash" in outcome.err


@pytest.mark.parametrize(
    "bent", [{"targets": []}, {"unchanged": True, "targets": []}, {"targets": [{"language": "java"}]}]
)
def test_an_answer_to_another_question_stops_everything(
    project: Project, code_stub: CodeStub, bent: dict[str, object]
) -> None:
    code_stub.bent = bent
    assert project.run("update").exit_code == 1
    assert set(project.files()) == {"mtribes.toml"}


def test_too_many_and_too_large_files_stop_everything(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtribes_cli.generate.fetch.MAX_FILES_A_TARGET", 2)
    assert project.run("update").exit_code == 1
    monkeypatch.setattr("mtribes_cli.generate.fetch.MAX_FILES_A_TARGET", 3)
    monkeypatch.setattr("mtribes_cli.generate.fetch.MAX_FILE_BYTES", 8)
    assert project.run("update").exit_code == 1
    monkeypatch.setattr("mtribes_cli.generate.fetch.MAX_FILE_BYTES", 80)
    monkeypatch.setattr("mtribes_cli.generate.fetch.MAX_TOTAL_BYTES", 20)
    assert project.run("update").exit_code == 1
    monkeypatch.setattr("mtribes_cli.generate.fetch.MAX_TOTAL_BYTES", 200)
    assert project.run("update").exit_code == 0


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
@pytest.mark.parametrize("link", ["src", "src/vod", "src/vod/experience", "src/vod/index.ts"])
def test_nothing_is_written_through_a_link(project: Project, tmp_path: Path, link: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("keep\n")
    place = project.root / link
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(outside / "file" if link.endswith(".ts") else outside)
    assert project.run("update", "--force").exit_code == 1
    assert [path.name for path in outside.rglob("*")] == ["file"]
    assert (outside / "file").read_text() == "keep\n"


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_a_link_in_place_of_a_generated_file_is_an_edit_and_its_end_stays_as_it_is(
    generated: Project, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.ts"
    outside.write_text("keep\n")
    (generated.root / HERO_PATH).unlink()
    (generated.root / HERO_PATH).symlink_to(outside)
    assert changes(generated.run("update", "--check", "--offline", "--json")) == {HERO_PATH: "edited"}
    assert generated.run("update").exit_code == 1
    assert generated.run("update", "--force").exit_code == 0
    assert (generated.root / HERO_PATH).read_text() == HERO
    assert outside.read_text() == "keep\n"


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_an_output_may_lie_behind_a_link_inside_the_project_but_two_not_in_one_place(
    project: Project, code_stub: CodeStub
) -> None:
    (project.root / "real").mkdir()
    (project.root / "src").symlink_to("real")
    assert project.run("update").exit_code == 0
    assert (project.root / "real/vod/index.ts").exists()
    project.write_toml(
        code_stub.url, {"language": "typescript", "output": "src/vod"}, {"language": "javascript", "output": "real/vod"}
    )
    assert project.run("update").exit_code == 1


def test_a_folder_of_somebody_else_in_place_of_a_generated_file_stays_even_when_forced(generated: Project) -> None:
    (generated.root / HERO_PATH).unlink()
    (generated.root / HERO_PATH).mkdir()
    (generated.root / HERO_PATH / "mine.ts").write_text("// mine\n")
    before = generated.files()
    assert generated.run("update", "--check", "--offline", "--json").exit_code == 3
    outcome = generated.run("update", "--force")
    assert outcome.exit_code == 1
    assert "is a folder" in outcome.err
    assert generated.files() == before
