"""`mtribes update`: kinds of change, exit codes, ownership, options."""

import json

import pytest

from tests.cli.cli_runner import without_colors
from tests.cli.code_stub import FILES, HERO, TOKEN, CodeStub
from tests.cli.oauth_stub import OAuthStub
from tests.cli.project_runner import Project, changes
from tests.cli.stub_server import Reply

HERO_PATH = "src/vod/experience/hero.ts"
INDEX_PATH = "src/vod/index.ts"


def lock_of(project: Project) -> dict[str, object]:
    lock: dict[str, object] = json.loads((project.root / "mtribes.lock").read_text())
    return lock


# Writing


def test_the_first_update_writes_every_file_and_the_lock(project: Project, code_stub: CodeStub) -> None:
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
    assert (lock["host"], lock["space"], lock["revision"], lock["generator"]) == (code_stub.url, "vod", 1, "1.0.0")
    assert code_stub.requests == [
        {"space": "vod", "targets": [{"language": "typescript", "options": {"host": code_stub.url}}]}
    ]


def test_a_second_update_asks_by_hash_and_touches_nothing(generated: Project, code_stub: CodeStub) -> None:
    before = generated.files(), generated.times()
    outcome = generated.run("update", "--json")
    assert outcome.exit_code == 0
    assert changes(outcome) == {}
    assert outcome.envelope["data"]["counts"]["unchanged"] == 3
    assert (generated.files(), generated.times()) == before
    assert code_stub.requests[-1]["if_code_hash"] == lock_of(generated)["code_hash"]


def test_a_newer_revision_with_the_same_code_is_in_step(generated: Project, code_stub: CodeStub) -> None:
    before = generated.files(), generated.times()
    code_stub.revision = 2
    assert generated.run("update").exit_code == 0
    assert generated.run("update", "--check", "--latest").exit_code == 0
    assert (generated.files(), generated.times()) == before


def test_changed_added_and_orphaned_files_are_written_and_the_rest_keeps_its_time(
    generated: Project, code_stub: CodeStub
) -> None:
    untouched = (generated.root / "src/vod/.gitattributes").stat().st_mtime_ns
    code_stub.files["vod"] = {
        ".gitattributes": FILES[".gitattributes"],
        "index.ts": "// new\n",
        "section/body.ts": "// body\n",
    }
    code_stub.revision = 2
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
    generated: Project, code_stub: CodeStub, *, is_orphaned: bool
) -> None:
    (generated.root / HERO_PATH).write_text("// mine\n")
    code_stub.files["vod"]["index.ts"] = "// new\n"
    if is_orphaned:
        del code_stub.files["vod"]["experience/hero.ts"]
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


def test_a_file_the_lock_does_not_name_stays_and_is_no_drift(generated: Project, code_stub: CodeStub) -> None:
    mine = generated.root / "src/vod/experience/mine.ts"
    mine.write_text("// mine\n")
    del code_stub.files["vod"]["experience/hero.ts"]
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


def test_a_target_that_has_gone_from_the_project_takes_its_files_along(generated: Project, code_stub: CodeStub) -> None:
    generated.write_toml(code_stub.url, {"language": "typescript", "output": "src/elsewhere"})
    assert generated.run("update", "--check", "--offline").exit_code == 3
    outcome = generated.run("update", "--json")
    assert outcome.exit_code == 0
    assert set(changes(outcome).values()) == {"added", "orphaned"}
    assert not (generated.root / "src/vod").exists()
    assert (generated.root / "src/elsewhere/index.ts").exists()


def test_an_output_may_move_one_folder_up(generated: Project, code_stub: CodeStub) -> None:
    generated.write_toml(code_stub.url, {"language": "typescript", "output": "src"})
    assert generated.run("update").exit_code == 0
    assert {path for path in generated.files() if path.startswith("src/")} == {f"src/{path}" for path in FILES}
    assert generated.run("update", "--check", "--offline").exit_code == 0


def test_a_file_may_become_a_folder_and_a_folder_a_file(generated: Project, code_stub: CodeStub) -> None:
    code_stub.files["vod"] = {"index.ts/a": "1\n", "experience": "2\n"}
    assert generated.run("update").exit_code == 0
    assert (generated.root / "src/vod/index.ts/a").read_text() == "1\n"
    assert (generated.root / "src/vod/experience").read_text() == "2\n"
    code_stub.files["vod"] = dict(FILES)
    assert generated.run("update").exit_code == 0
    assert (generated.root / HERO_PATH).read_text() == HERO


# Several targets


def test_targets_of_one_space_are_one_request_and_of_two_spaces_two(project: Project, code_stub: CodeStub) -> None:
    project.write_toml(
        code_stub.url,
        {"language": "typescript", "output": "src/vod"},
        {"language": "javascript", "output": "web/vod"},
        {"language": "typescript", "output": "src/sports", "space": "sports"},
    )
    assert project.run("update").exit_code == 0
    assert [(request["space"], len(request["targets"])) for request in code_stub.requests] == [
        ("vod", 2),
        ("sports", 1),
    ]
    assert (project.root / "src/sports/sports.ts").read_text() == "// sports\n"
    before = project.files(), project.times()
    assert project.run("update").exit_code == 0
    assert all("if_code_hash" in request for request in code_stub.requests[2:])
    assert (project.files(), project.times()) == before
    code_stub.files["sports"]["sports.ts"] = "// newer\n"
    assert changes(project.run("update", "--check", "--latest", "--json")) == {"src/sports/sports.ts": "changed"}


def test_a_target_that_is_added_is_generated_though_the_server_has_nothing_newer(
    generated: Project, code_stub: CodeStub
) -> None:
    generated.write_toml(
        code_stub.url, {"language": "typescript", "output": "src/vod"}, {"language": "javascript", "output": "web/vod"}
    )
    outcome = generated.run("update", "--json")
    assert outcome.exit_code == 0
    assert changes(outcome) == {f"web/vod/{path}": "added" for path in FILES}
    assert generated.run("update", "--check", "--latest").exit_code == 0


def test_one_target_alone_is_updated_by_target(project: Project, code_stub: CodeStub) -> None:
    project.write_toml(
        code_stub.url, {"language": "typescript", "output": "src/vod"}, {"language": "javascript", "output": "web/vod"}
    )
    assert project.run("update").exit_code == 0
    code_stub.files["vod"]["index.ts"] = "// new\n"
    code_stub.revision = 2
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


def test_nothing_is_written_to_one_target_when_another_is_refused(project: Project, code_stub: CodeStub) -> None:
    project.write_toml(
        code_stub.url, {"language": "typescript", "output": "a"}, {"language": "javascript", "output": "b"}
    )
    (project.root / "b").mkdir()
    (project.root / "b/index.ts").write_text("// somebody else's\n")
    before = project.files()
    assert project.run("update").exit_code == 1
    assert project.files() == before
    assert not (project.root / "a").exists()


# Looking without writing


def test_dry_run_says_what_would_change_and_writes_nothing(generated: Project, code_stub: CodeStub) -> None:
    code_stub.files["vod"]["index.ts"] = "// new\n"
    before = generated.files(), generated.times()
    outcome = generated.run("update", "--dry-run", "--json")
    assert outcome.exit_code == 0
    assert changes(outcome) == {INDEX_PATH: "changed"}
    assert outcome.envelope["data"]["written"] is False
    assert (generated.files(), generated.times()) == before


def test_dry_run_refuses_what_the_update_would_refuse(generated: Project) -> None:
    (generated.root / HERO_PATH).write_text("// mine\n")
    assert generated.run("update", "--dry-run").exit_code == 1


def test_diff_shows_the_lines_and_writes_nothing(generated: Project, code_stub: CodeStub) -> None:
    code_stub.files["vod"] = {"index.ts": FILES["index.ts"] + "// \x1b[31mred\n", "new.ts": "// new"}
    before = generated.files()
    outcome = generated.run("update", "--diff")
    assert outcome.exit_code == 0
    assert "+// \x1b[31mred\n" in outcome.out
    assert f"--- a/{HERO_PATH}\n+++ /dev/null\n" in outcome.out
    assert "--- /dev/null\n+++ b/src/vod/new.ts\n" in outcome.out
    assert "\\ No newline at end of file" in outcome.out
    assert generated.files() == before
    at_terminal = generated.run("update", "--diff", answers="").out
    assert "\x1b[32m+// \\x1b[31mred\x1b[0m\n" in at_terminal
    assert "\x1b" not in without_colors(at_terminal)


def test_a_revision_can_be_asked_for(generated: Project, code_stub: CodeStub) -> None:
    code_stub.files["vod"]["index.ts"] = "// old\n"
    assert generated.run("update", "--revision", "7").exit_code == 0
    assert code_stub.requests[-1]["revision"] == 7
    assert lock_of(generated)["revision"] == 7


# Without a sign-in


@pytest.fixture
def signed_out(project: Project, code_stub: CodeStub) -> Project:
    """Nobody is signed in; over SSH a sign-in is by a code, which the stub server takes for entered at once."""
    oauth = OAuthStub(code_stub.stub_server)
    issued = {"access_token": TOKEN, "refresh_token": "mtr_1", "token_type": "Bearer", "expires_in": 3600}
    oauth.stub_server.on("POST", "/oauth/token", Reply(200, issued))
    project.environment = {"SSH_TTY": "/dev/pts/1"}
    return project


@pytest.mark.parametrize("argv", [(), ("--dry-run",), ("--diff",), ("--check", "--latest"), ("--check",)])
def test_somebody_at_the_terminal_is_signed_in(signed_out: Project, argv: tuple[str, ...]) -> None:
    outcome = signed_out.run("update", *argv, answers="")
    assert outcome.exit_code == (3 if "--check" in argv else 0), outcome.err
    assert "BCDF-GHJK" in outcome.err
    assert (signed_out.root / INDEX_PATH).exists() is (argv == ())
    again = signed_out.run("update", answers="")
    assert (again.exit_code, "BCDF-GHJK" in again.err) == (0, False)


@pytest.mark.parametrize("argv", [(), ("--dry-run",), ("--check", "--latest")])
def test_where_nobody_is_there_a_missing_sign_in_is_exit_4(
    signed_out: Project, code_stub: CodeStub, argv: tuple[str, ...]
) -> None:
    for answers, environment in ((None, {}), ("", {"CI": "1"})):
        signed_out.environment |= environment
        outcome = signed_out.run("update", *argv, answers=answers)
        assert (outcome.exit_code, "mtribes login" in outcome.err) == (4, True)
    assert code_stub.stub_server.asked == []
    assert signed_out.run("update", "--json", *argv, answers="").exit_code == 4


def test_a_token_that_is_refused_is_not_replaced_by_a_sign_in(signed_out: Project) -> None:
    signed_out.environment["MTRIBES_TOKEN"] = "mtp_another"
    outcome = signed_out.run("update", answers="")
    assert (outcome.exit_code, "BCDF-GHJK" in outcome.err) == (4, False)


def test_a_sign_in_that_is_refused_leaves_nothing(signed_out: Project, code_stub: CodeStub) -> None:
    code_stub.stub_server.on("POST", "/oauth/token", Reply(400, {"error": "access_denied"}))
    before = signed_out.files()
    assert signed_out.run("update", answers="").exit_code == 4
    assert signed_out.files() == before
