"""`mtribes update`: kinds of change, exit codes, ownership, options."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.code_peer import FILES, HERO, CodePeer, serving_code
from tests.cli.project_run import Project, changes

HERO_PATH = "src/vod/experience/hero.ts"
INDEX_PATH = "src/vod/index.ts"


@pytest.fixture
def peer() -> Iterator[CodePeer]:
    with serving_code() as peer:
        yield peer


@pytest.fixture
def project(tmp_path: Path, peer: CodePeer) -> Project:
    """A project whose code has never been generated."""
    root = tmp_path / "project"
    root.mkdir()
    project = Project(root)
    project.write_toml(peer.url)
    return project


@pytest.fixture
def generated(project: Project) -> Project:
    """A project in step."""
    assert project.run("update").exit_code == 0
    return project


def lock_of(project: Project) -> dict[str, object]:
    lock: dict[str, object] = json.loads((project.root / "mtribes.lock").read_text())
    return lock


# Writing


def test_the_first_update_writes_every_file_and_the_lock(project: Project, peer: CodePeer) -> None:
    outcome = project.run("update", "--json")
    assert outcome.exit_code == 0
    assert changes(outcome) == {f"src/vod/{path}": "added" for path in FILES}
    assert outcome.envelope["data"]["counts"]["added"] == 3
    files = project.files()
    assert {
        path.removeprefix("src/vod/"): text.decode() for path, text in files.items() if path.startswith("src")
    } == FILES
    assert set(files) == {f"src/vod/{path}" for path in FILES} | {"mtribes.toml", "mtribes.lock"}
    lock = lock_of(project)
    assert (lock["host"], lock["space"], lock["revision"], lock["generator"]) == (peer.url, "vod", 1, "1.0.0")
    assert peer.requests == [{"space": "vod", "targets": [{"language": "typescript", "options": {"host": peer.url}}]}]


def test_a_second_update_asks_by_hash_and_touches_nothing(generated: Project, peer: CodePeer) -> None:
    before = generated.files(), generated.times()
    outcome = generated.run("update", "--json")
    assert outcome.exit_code == 0
    assert changes(outcome) == {}
    assert outcome.envelope["data"]["counts"]["unchanged"] == 3
    assert (generated.files(), generated.times()) == before
    assert peer.requests[-1]["if_code_hash"] == lock_of(generated)["code_hash"]


def test_a_newer_revision_with_the_same_code_is_in_step(generated: Project, peer: CodePeer) -> None:
    before = generated.files(), generated.times()
    peer.revision = 2
    assert generated.run("update").exit_code == 0
    assert generated.run("update", "--check", "--latest").exit_code == 0
    assert (generated.files(), generated.times()) == before


def test_changed_added_and_orphaned_files_are_written_and_the_rest_keeps_its_time(
    generated: Project, peer: CodePeer
) -> None:
    untouched = (generated.root / "src/vod/.gitattributes").stat().st_mtime_ns
    peer.files["vod"] = {
        ".gitattributes": FILES[".gitattributes"],
        "index.ts": "// new\n",
        "section/body.ts": "// body\n",
    }
    peer.revision = 2
    outcome = generated.run("update", "--json")
    assert outcome.exit_code == 0
    assert changes(outcome) == {INDEX_PATH: "changed", HERO_PATH: "orphaned", "src/vod/section/body.ts": "added"}
    assert not (generated.root / "src/vod/experience").exists()
    assert (generated.root / INDEX_PATH).read_text() == "// new\n"
    assert (generated.root / "src/vod/.gitattributes").stat().st_mtime_ns == untouched
    assert lock_of(generated)["revision"] == 2
    assert generated.run("update", "--check", "--latest").exit_code == 0


def test_a_missing_file_is_restored(generated: Project) -> None:
    (generated.root / HERO_PATH).unlink()
    outcome = generated.run("update", "--json")
    assert outcome.exit_code == 0
    assert changes(outcome) == {HERO_PATH: "missing"}
    assert (generated.root / HERO_PATH).read_text() == HERO


@pytest.mark.parametrize("is_orphaned", [False, True])
def test_an_edited_file_stops_the_update_unless_it_is_forced(
    generated: Project, peer: CodePeer, *, is_orphaned: bool
) -> None:
    (generated.root / HERO_PATH).write_text("// mine\n")
    peer.files["vod"]["index.ts"] = "// new\n"
    if is_orphaned:
        del peer.files["vod"]["experience/hero.ts"]
    before = generated.files()
    refused = generated.run("update")
    assert refused.exit_code == 1
    assert HERO_PATH in refused.err
    assert "--force" in refused.err
    assert generated.files() == before
    forced = generated.run("update", "--force", "--json")
    assert forced.exit_code == 0
    assert changes(forced) == {HERO_PATH: "edited", INDEX_PATH: "changed"}
    assert (generated.root / HERO_PATH).exists() is not is_orphaned
    assert (generated.root / INDEX_PATH).read_text() == "// new\n"


def test_files_of_somebody_else_are_never_overwritten_and_all_are_named(project: Project) -> None:
    for name in ("index.ts", "experience/hero.ts"):
        place = project.root / "src/vod" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("// somebody else's\n")
    before = project.files()
    for argv in (("update",), ("update", "--force")):
        outcome = project.run(*argv)
        assert outcome.exit_code == 1
        assert HERO_PATH in outcome.err
        assert INDEX_PATH in outcome.err
        assert project.files() == before


def test_files_with_the_right_bytes_are_adopted(project: Project) -> None:
    for name, text in FILES.items():
        place = project.root / "src/vod" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.replace("\n", "\r\n").encode())
    before = {path: time for path, time in project.times().items() if path.endswith(".ts")}
    assert project.run("update").exit_code == 0
    assert {path: time for path, time in project.times().items() if path.endswith(".ts")} == before
    assert project.run("update", "--check", "--offline").exit_code == 0


def test_a_file_the_lock_does_not_name_stays_and_is_no_drift(generated: Project, peer: CodePeer) -> None:
    mine = generated.root / "src/vod/experience/mine.ts"
    mine.write_text("// mine\n")
    del peer.files["vod"]["experience/hero.ts"]
    assert generated.run("update", "--check", "--offline").exit_code == 0
    assert generated.run("update").exit_code == 0
    assert mine.read_text() == "// mine\n"
    assert not (generated.root / HERO_PATH).exists()


def test_a_checkout_with_crlf_is_in_step_and_stays_as_it_is(generated: Project) -> None:
    for path in [
        *(generated.root / "src").rglob("*.ts"),
        generated.root / "mtribes.lock",
        generated.root / "mtribes.toml",
    ]:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    before = generated.files(), generated.times()
    assert generated.run("update", "--check").exit_code == 0
    assert generated.run("update").exit_code == 0
    assert (generated.files(), generated.times()) == before


def test_a_target_that_has_gone_from_the_project_takes_its_files_along(generated: Project, peer: CodePeer) -> None:
    generated.write_toml(peer.url, {"language": "typescript", "output": "src/elsewhere"})
    assert generated.run("update", "--check", "--offline").exit_code == 3
    outcome = generated.run("update", "--json")
    assert outcome.exit_code == 0
    assert set(changes(outcome).values()) == {"added", "orphaned"}
    assert not (generated.root / "src/vod").exists()
    assert (generated.root / "src/elsewhere/index.ts").exists()


def test_an_output_may_move_one_folder_up(generated: Project, peer: CodePeer) -> None:
    generated.write_toml(peer.url, {"language": "typescript", "output": "src"})
    assert generated.run("update").exit_code == 0
    assert {path for path in generated.files() if path.startswith("src/")} == {f"src/{path}" for path in FILES}
    assert generated.run("update", "--check", "--offline").exit_code == 0


def test_a_file_may_become_a_folder_and_a_folder_a_file(generated: Project, peer: CodePeer) -> None:
    peer.files["vod"] = {"index.ts/a": "1\n", "experience": "2\n"}
    assert generated.run("update").exit_code == 0
    assert (generated.root / "src/vod/index.ts/a").read_text() == "1\n"
    assert (generated.root / "src/vod/experience").read_text() == "2\n"
    peer.files["vod"] = dict(FILES)
    assert generated.run("update").exit_code == 0
    assert (generated.root / HERO_PATH).read_text() == HERO


# Several targets


def test_targets_of_one_space_are_one_request_and_of_two_spaces_two(project: Project, peer: CodePeer) -> None:
    project.write_toml(
        peer.url,
        {"language": "typescript", "output": "src/vod"},
        {"language": "javascript", "output": "web/vod"},
        {"language": "typescript", "output": "src/sports", "space": "sports"},
    )
    assert project.run("update").exit_code == 0
    assert [(request["space"], len(request["targets"])) for request in peer.requests] == [("vod", 2), ("sports", 1)]
    assert (project.root / "src/sports/sports.ts").read_text() == "// sports\n"
    before = project.files(), project.times()
    assert project.run("update").exit_code == 0
    assert all("if_code_hash" in request for request in peer.requests[2:])
    assert (project.files(), project.times()) == before
    peer.files["sports"]["sports.ts"] = "// newer\n"
    assert changes(project.run("update", "--check", "--latest", "--json")) == {"src/sports/sports.ts": "changed"}


def test_one_target_alone_is_updated_by_target(project: Project, peer: CodePeer) -> None:
    project.write_toml(
        peer.url, {"language": "typescript", "output": "src/vod"}, {"language": "javascript", "output": "web/vod"}
    )
    assert project.run("update").exit_code == 0
    peer.files["vod"]["index.ts"] = "// new\n"
    peer.revision = 2
    assert project.run("update", "--target", "web/vod/").exit_code == 0
    assert (project.root / "web/vod/index.ts").read_text() == "// new\n"
    assert (project.root / INDEX_PATH).read_text() == FILES["index.ts"]
    assert project.run("update", "--check", "--offline").exit_code == 0
    assert project.run("update", "--check", "--latest", "--target", "web/vod").exit_code == 0
    assert project.run("update", "--check", "--latest", "--target", "src/vod").exit_code == 3
    assert project.run("update").exit_code == 0
    assert (project.root / INDEX_PATH).read_text() == "// new\n"


def test_a_target_that_is_not_there_is_a_usage_error_that_names_those_that_are(project: Project) -> None:
    outcome = project.run("update", "--target", "elsewhere")
    assert outcome.exit_code == 2
    assert "src/vod" in outcome.err


def test_nothing_is_written_to_one_target_when_another_is_refused(project: Project, peer: CodePeer) -> None:
    project.write_toml(peer.url, {"language": "typescript", "output": "a"}, {"language": "javascript", "output": "b"})
    (project.root / "b").mkdir()
    (project.root / "b/index.ts").write_text("// somebody else's\n")
    before = project.files()
    assert project.run("update").exit_code == 1
    assert project.files() == before
    assert not (project.root / "a").exists()


# Looking without writing


def test_dry_run_says_what_would_change_and_writes_nothing(generated: Project, peer: CodePeer) -> None:
    peer.files["vod"]["index.ts"] = "// new\n"
    before = generated.files(), generated.times()
    outcome = generated.run("update", "--dry-run", "--json")
    assert outcome.exit_code == 0
    assert changes(outcome) == {INDEX_PATH: "changed"}
    assert outcome.envelope["data"]["written"] is False
    assert (generated.files(), generated.times()) == before


def test_dry_run_refuses_what_the_update_would_refuse(generated: Project) -> None:
    (generated.root / HERO_PATH).write_text("// mine\n")
    assert generated.run("update", "--dry-run").exit_code == 1


def test_diff_shows_the_lines_and_writes_nothing(generated: Project, peer: CodePeer) -> None:
    peer.files["vod"] = {"index.ts": FILES["index.ts"] + "// \x1b[31mred\n", "new.ts": "// new"}
    before = generated.files()
    outcome = generated.run("update", "--diff")
    assert outcome.exit_code == 0
    assert "+// \x1b[31mred\n" in outcome.out
    assert f"--- a/{HERO_PATH}\n+++ /dev/null\n" in outcome.out
    assert "--- /dev/null\n+++ b/src/vod/new.ts\n" in outcome.out
    assert "\\ No newline at end of file" in outcome.out
    assert generated.files() == before


def test_a_revision_can_be_asked_for(generated: Project, peer: CodePeer) -> None:
    peer.files["vod"]["index.ts"] = "// old\n"
    assert generated.run("update", "--revision", "7").exit_code == 0
    assert peer.requests[-1]["revision"] == 7
    assert lock_of(generated)["revision"] == 7


# --check


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
    assert f"{kind:<9} {HERO_PATH}" in generated.run("update", "--check", option.replace("json", "offline")).out
    assert generated.files() == before


@pytest.mark.parametrize("kind", ["added", "changed", "orphaned"])
def test_check_tells_what_the_server_has_and_counts_it_with_latest_alone(
    generated: Project, peer: CodePeer, kind: str
) -> None:
    path = {"added": "new.ts", "changed": "index.ts", "orphaned": "experience/hero.ts"}[kind]
    if kind == "orphaned":
        del peer.files["vod"][path]
    else:
        peer.files["vod"][path] = "// new\n"
    peer.revision = 2
    outcome = generated.run("update", "--check", "--json")
    assert outcome.exit_code == 0
    assert changes(outcome) == {}
    assert outcome.envelope["data"]["available"] == [{"path": f"src/vod/{path}", "change": kind}]
    told = generated.run("update", "--check")
    assert told.exit_code == 0
    assert f"1 {kind}" in told.err
    assert "revision 1 to 2" in told.err
    latest = generated.run("update", "--check", "--latest", "--json")
    assert latest.exit_code == 3
    assert changes(latest) == {f"src/vod/{path}": kind}
    assert generated.run("update", "--check", "--offline").exit_code == 0


def test_check_tells_of_a_newer_generator(generated: Project, peer: CodePeer) -> None:
    peer.generator = "2.0.0"
    peer.files["vod"]["index.ts"] = "// generated anew\n"
    assert "2.0.0" in generated.run("update", "--check").err
    assert generated.run("update", "--check", "--latest").exit_code == 3


@pytest.mark.parametrize(
    ("key", "value"),
    [("language", "javascript"), ("space", "sports"), ("output", "src/other")],
)
def test_check_sees_that_the_project_asks_for_something_else(
    generated: Project, peer: CodePeer, key: str, value: str
) -> None:
    generated.write_toml(peer.url, {"language": "typescript", "output": "src/vod", key: value})
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


def test_check_before_anything_was_generated_is_not_in_step(project: Project) -> None:
    outcome = project.run("update", "--check", "--offline")
    assert outcome.exit_code == 3
    assert "has not been generated yet" in outcome.err


def test_check_offline_asks_no_server_and_needs_no_token(generated: Project, peer: CodePeer) -> None:
    asked = len(peer.requests)
    generated.environment.clear()
    assert generated.run("update", "--check", "--offline").exit_code == 0
    assert len(peer.requests) == asked


@pytest.mark.parametrize("argv", [("update",), ("update", "--check"), ("update", "--dry-run")])
def test_without_a_good_token_it_is_exit_4(generated: Project, argv: tuple[str, ...]) -> None:
    generated.environment["MTRIBES_TOKEN"] = "mtp_another"
    assert generated.run(*argv).exit_code == 4
    del generated.environment["MTRIBES_TOKEN"]
    assert generated.run(*argv).exit_code == 4


def test_a_space_that_is_not_there_is_exit_1(project: Project, peer: CodePeer) -> None:
    project.write_toml(peer.url, {"language": "typescript", "output": "src/vod", "space": "elsewhere"})
    assert project.run("update").exit_code == 1


@pytest.mark.parametrize(
    "argv",
    [
        ("--offline",),
        ("--latest",),
        ("--check", "--force"),
        ("--check", "--dry-run"),
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


# What must not be written


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
def test_a_path_that_must_not_be_written_stops_everything(project: Project, peer: CodePeer, path: str) -> None:
    peer.files["vod"][path] = "evil\n"
    before = project.files()
    outcome = project.run("update")
    assert outcome.exit_code == 1
    assert "must not be written" in outcome.err
    assert project.files() == before
    assert project.run("update", "--dry-run").exit_code == 1
    assert project.run("update", "--check", "--latest").exit_code == 1


@pytest.mark.parametrize(
    "files",
    [{"Hero.ts": "1\n", "hero.ts": "2\n"}, {"a": "1\n", "a/b": "2\n"}, {"a.ts": "1\r\n"}, {"a.ts": "\ud800"}, {}],
)
def test_a_set_that_cannot_be_written_everywhere_stops_everything(
    project: Project, peer: CodePeer, files: dict[str, str]
) -> None:
    peer.files["vod"] = files
    assert project.run("update").exit_code == 1
    assert set(project.files()) == {"mtribes.toml"}


def test_a_file_that_does_not_have_the_stated_hash_stops_everything(project: Project, peer: CodePeer) -> None:
    files = [{"path": "a.ts", "content": "1\n", "sha256": "0" * 64}]
    peer.bent = {"targets": [{"language": "typescript", "options": {}, "files": files}]}
    outcome = project.run("update")
    assert outcome.exit_code == 1
    assert "stated hash" in outcome.err


@pytest.mark.parametrize(
    "bent", [{"targets": []}, {"unchanged": True, "targets": []}, {"targets": [{"language": "java"}]}]
)
def test_an_answer_to_another_question_stops_everything(
    project: Project, peer: CodePeer, bent: dict[str, object]
) -> None:
    peer.bent = bent
    assert project.run("update").exit_code == 1
    assert set(project.files()) == {"mtribes.toml"}


def test_too_many_and_too_large_files_stop_everything(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtribes_cli.generation.MAX_FILES_A_TARGET", 2)
    assert project.run("update").exit_code == 1
    monkeypatch.setattr("mtribes_cli.generation.MAX_FILES_A_TARGET", 3)
    monkeypatch.setattr("mtribes_cli.generation.MAX_FILE_BYTES", 8)
    assert project.run("update").exit_code == 1
    monkeypatch.setattr("mtribes_cli.generation.MAX_FILE_BYTES", 80)
    monkeypatch.setattr("mtribes_cli.generation.MAX_TOTAL_BYTES", 20)
    assert project.run("update").exit_code == 1
    monkeypatch.setattr("mtribes_cli.generation.MAX_TOTAL_BYTES", 200)
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
    project: Project, peer: CodePeer
) -> None:
    (project.root / "real").mkdir()
    (project.root / "src").symlink_to("real")
    assert project.run("update").exit_code == 0
    assert (project.root / "real/vod/index.ts").exists()
    project.write_toml(
        peer.url, {"language": "typescript", "output": "src/vod"}, {"language": "javascript", "output": "real/vod"}
    )
    assert project.run("update").exit_code == 1
