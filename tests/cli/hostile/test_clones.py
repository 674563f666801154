"""A repository that somebody else made: what it brings along is data. Nothing of it moves, removes or runs anything."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from mtribes_cli.project.output_paths import JOURNAL_NAME
from tests.cli.code_stub import FILES, HERO, CodeStub
from tests.cli.project_runner import Project, changes
from tests.cli.stub_server import ReceivedRequest, Reply, data
from tests.requirements import require

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
HOOK = "#!/bin/sh\ntouch PWNED\n"
STAGING = "stage/.mtribes-00000000"
REPOSITORIES = (".git", ".GIT", ".hg", ".svn", ".jj", ".bzr")


def git(folder: Path, *argv: str) -> None:
    subprocess.run(["git", "-c", "user.name=A", "-c", "user.email=a@b.c", *argv], cwd=folder, check=True)


@pytest.fixture
def clone(project: Project) -> Project:
    """A project that is a repository."""
    require(shutil.which("git"), "git", "apt-get install git")
    git(project.root, "init", "-q", ".")
    return project


def picture(root: Path) -> dict[str, tuple[int, bytes | str | None]]:
    """Everything below a folder: modes, contents, ends of links."""
    found = {}
    for path in sorted(root.rglob("*")):
        content = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        found[path.relative_to(root).as_posix()] = (path.lstat().st_mode, content)
    return found


def plant_journal(
    project: Project, steps: list[Mapping[str, object]], *new_folders: str, state: str = "swapping"
) -> None:
    """A journal, in the form of today and with a MAC that somebody else made."""
    text = json.dumps({"state": state, "steps": steps, "new_folders": new_folders})
    mac = hashlib.sha256(text.encode()).hexdigest()
    (project.root / JOURNAL_NAME).write_text(json.dumps({"version": 2, "mac": mac, "journal": text}))


def plant_hook(project: Project, version: int = 2) -> None:
    """What runs code at the next commit, if the journal is believed: a kept file goes to where a link leads."""
    staging = project.root / STAGING
    staging.mkdir(parents=True)
    (staging / "0.old").write_text(HOOK)
    (staging / "0.old").chmod(0o755)
    (project.root / "hooks").symlink_to(".git/hooks")
    step: Mapping[str, object] = {"path": "hooks/pre-commit", "staging": STAGING, "number": 0, "sha256": None}
    if version == 1:
        journal = {"version": 1, "state": "swapping", "steps": [step], "new_folders": []}
        (project.root / JOURNAL_NAME).write_text(json.dumps(journal))
    else:
        plant_journal(project, [step])


@pytest.mark.parametrize("version", [1, 2])
def test_a_journal_of_a_clone_puts_no_hook_in_place(clone: Project, version: int) -> None:
    """The attack itself: clone, update, commit."""
    plant_hook(clone, version)
    before = picture(clone.root)
    outcome = clone.run("update")
    assert outcome.exit_code == 1, outcome.err
    assert picture(clone.root) == before
    assert str(clone.root / JOURNAL_NAME) in outcome.err
    assert STAGING in outcome.err
    assert "update --discard-recovery" in outcome.err
    git(clone.root, "add", "mtribes.toml")
    git(clone.root, "commit", "-qm", "x")
    assert not (clone.root / "PWNED").exists()


def test_many_staging_folders_of_a_clone_are_counted(clone: Project) -> None:
    steps = [{"path": f"{n}.ts", "staging": f"stage/.mtribes-{n:08d}", "number": 0, "sha256": None} for n in range(25)]
    for step in steps:
        (clone.root / str(step["staging"])).mkdir(parents=True)
    plant_journal(clone, [*steps])
    outcome = clone.run("update")
    assert outcome.exit_code == 1
    assert outcome.err.count("is a staging folder of the write") == 20
    assert "5 more staging folders" in outcome.err


def test_setup_believes_no_journal_of_a_clone(clone: Project, code_stub: CodeStub) -> None:
    plant_hook(clone)
    before = picture(clone.root)
    argv = ("setup", "--host", code_stub.url, "--space", "vod", "--target", "typescript:src/vod")
    assert clone.run(*argv).exit_code == 1
    assert picture(clone.root) == before


def test_the_named_command_discards_a_journal_that_is_not_ours(clone: Project) -> None:
    """As it is printed; nothing is put in place, and the update then does its work."""
    plant_hook(clone)
    (clone.root / STAGING / "mine.txt").write_text("keep\n")
    outcome = clone.run("update")
    hint = outcome.err.partition("hint: ")[2]
    command = shlex.split(hint[hint.index("mtribes -C") :])
    assert command[0] == "mtribes"
    assert clone.run(*command[1:]).exit_code == 0
    assert not (clone.root / ".git/hooks/pre-commit").exists()
    assert not (clone.root / JOURNAL_NAME).exists()
    assert sorted(path.name for path in (clone.root / STAGING).iterdir()) == ["mine.txt"]
    assert clone.run("update", "--check", "--latest").exit_code == 0


@pytest.mark.parametrize("argv", [("update",), ("update", "--discard-recovery")])
def test_a_folder_in_place_of_a_journal_is_left_to_its_owner(clone: Project, argv: tuple[str, ...]) -> None:
    """The remedy that is named helps: the command that discards a journal removes no folder."""
    staging = clone.root / STAGING
    staging.mkdir(parents=True)
    (staging / "0").write_text("kept")
    (clone.root / JOURNAL_NAME).mkdir()
    outcome = clone.run(*argv)
    assert (outcome.exit_code, (staging / "0").read_text()) == (1, "kept")
    assert f"{JOURNAL_NAME} is a folder" in outcome.err
    assert "Delete it" in outcome.err
    (clone.root / JOURNAL_NAME).rmdir()
    assert clone.run("update").exit_code == 0


def test_discarding_follows_no_link_and_removes_staged_files_alone(clone: Project, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / ".mtribes-00000000").mkdir(parents=True)
    (outside / ".mtribes-00000000" / "0").write_text("keep\n")
    (clone.root / "out").symlink_to(outside)
    (clone.root / ".mtribes-11111111").symlink_to(outside / ".mtribes-00000000")
    (clone.root / "gitlink").symlink_to(".git")
    (clone.root / ".git/.mtribes-22222222").mkdir()
    (clone.root / ".git/.mtribes-22222222/1").write_text("keep\n")
    (clone.root / "mine").mkdir()
    (clone.root / "mine" / "0").write_text("keep\n")
    (clone.root / ".mtribes-33333333").symlink_to("mine")
    names = ("out/.mtribes-00000000", ".mtribes-11111111", "gitlink/.mtribes-22222222", ".mtribes-33333333")
    plant_journal(clone, [{"path": "x", "staging": name, "number": 0, "sha256": None} for name in names])
    assert clone.run("update", "--discard-recovery").exit_code == 0
    assert (outside / ".mtribes-00000000" / "0").read_text() == "keep\n"
    assert (clone.root / ".git/.mtribes-22222222/1").read_text() == "keep\n"
    assert (clone.root / "mine" / "0").read_text() == "keep\n"
    assert not os.path.lexists(clone.root / JOURNAL_NAME)


def test_discarding_where_there_is_nothing_is_an_update(clone: Project) -> None:
    outcome = clone.run("update", "--discard-recovery")
    assert (outcome.exit_code, "no write was interrupted" in outcome.err) == (0, True)


@pytest.mark.parametrize("argv", [("--check",), ("--dry-run",), ("--diff",)])
def test_discarding_goes_with_nothing_that_only_looks(clone: Project, argv: tuple[str, ...]) -> None:
    assert clone.run("update", "--discard-recovery", *argv).exit_code == 2


def test_a_new_folder_of_a_journal_is_not_removed_outside(clone: Project, tmp_path: Path) -> None:
    (tmp_path / "outside" / "empty").mkdir(parents=True)
    (clone.root / "out").symlink_to(tmp_path / "outside")
    plant_journal(clone, [], "out/empty")
    assert clone.run("update").exit_code == 1
    assert (tmp_path / "outside" / "empty").is_dir()


class PowerCutError(BaseException):
    """The process ends here without tidying up."""


def interrupt(project: Project, monkeypatch: pytest.MonkeyPatch, point: str = "all-swapped") -> None:
    """A write of this user's that was cut off."""

    def cut(name: str) -> None:
        if name == point:
            raise PowerCutError

    with monkeypatch.context() as patch:
        patch.setattr("mtribes_cli.generate.transaction._undo", lambda *_: None)
        with pytest.raises(PowerCutError):
            project.run("update", failpoint=cut)
    assert (project.root / JOURNAL_NAME).exists()


def test_ones_own_journal_is_believed_and_no_other_copy_of_it(
    clone: Project, code_stub: CodeStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not one that was altered, not in another project, not without the state folder, not once it is over."""
    interrupt(clone, monkeypatch)
    journal = clone.root / JOURNAL_NAME
    ours = journal.read_text()
    journal.write_text(ours.replace("src/vod", "src/bad"))
    assert clone.run("update").exit_code == 1
    journal.write_text(ours)
    key = next((clone.folders.state / "writes").iterdir())
    assert key.stat().st_mode & 0o777 == 0o600
    secret = key.read_bytes()
    key.unlink()
    assert clone.run("update").exit_code == 1
    key.write_bytes(secret)
    outcome = clone.run("update")
    assert (outcome.exit_code, "Recovered from an interrupted write" in outcome.err) == (0, True), outcome.err
    assert not list((clone.folders.state / "writes").iterdir())
    journal.write_text(ours)
    assert clone.run("update").exit_code == 1
    journal.unlink()
    other = Project(clone.root.parent / "other")
    other.root.mkdir()
    other.write_toml(code_stub.url)
    interrupt(other, monkeypatch)
    (other.root / JOURNAL_NAME).write_text(ours)
    assert other.run("update").exit_code == 1


@pytest.mark.parametrize("where", ["src", "src/vod", "src/vod/experience"])
@pytest.mark.parametrize("leads_to", [".git", "outside"])
def test_ones_own_journal_is_not_followed_through_links_of_later(
    clone: Project, monkeypatch: pytest.MonkeyPatch, where: str, leads_to: str
) -> None:
    """Cut off, and then a pull brings links: paths are judged by where they lead."""
    interrupt(clone, monkeypatch)
    place = clone.root / where
    end = clone.root / ".git" / "moved" if leads_to == ".git" else clone.root.parent / "outside"
    place.rename(end)
    place.symlink_to(end)
    before = picture(clone.root.parent)
    outcome = clone.run("update")
    assert outcome.exit_code == 1, outcome.err
    after = {path: seen for path, seen in picture(clone.root.parent).items() if "state" not in path}
    assert after == {path: seen for path, seen in before.items() if "state" not in path}
    assert where in outcome.err


# A hostile server


@pytest.mark.parametrize("repository", [*REPOSITORIES, "a bare one", "a worktree's own"])
@pytest.mark.parametrize("link", ["gen", "gen/below", "gen/experience"])
@pytest.mark.parametrize("argv", [("update",), ("update", "--force"), ("update", "--dry-run")])
def test_nothing_is_written_into_a_repository_through_a_link(
    clone: Project, code_stub: CodeStub, repository: str, link: str, argv: tuple[str, ...]
) -> None:
    own = made_repository(clone.root, repository)
    output = "gen" if link == "gen/experience" else link
    place = clone.root / link
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(own)
    clone.write_toml(code_stub.url, {"language": "typescript", "output": output})
    before = picture(clone.root)
    outcome = clone.run(*argv)
    assert outcome.exit_code == 1, outcome.err
    assert picture(clone.root) == before
    assert link in outcome.err


def made_repository(root: Path, kind: str) -> Path:
    """A folder of the kind that version control keeps for itself."""
    own = root / kind.replace(" ", "-").replace("'", "")
    own.mkdir(exist_ok=True)
    if kind == "a bare one":
        for name in ("objects", "refs"):
            (own / name).mkdir()
    elif kind == "a worktree's own":
        (own / "commondir").write_text("../..\n")
    if kind.startswith("a "):
        (own / "HEAD").write_text("ref: refs/heads/main\n")
    return own


@pytest.mark.parametrize("output", [".git", ".hg/store", "src/.svn", ".JJ", "HG~1", "_darcs"])
def test_an_output_in_a_repositorys_own_folder_is_refused(clone: Project, code_stub: CodeStub, output: str) -> None:
    clone.write_toml(code_stub.url, {"language": "typescript", "output": output})
    outcome = clone.run("update")
    assert (outcome.exit_code, "repository's own folder" in outcome.err) == (2, True)


@pytest.mark.parametrize("path", ["HEAD", "head", "a/HEAD", "commondir", "a/CommonDir", "HEAD/x"])
def test_a_server_makes_no_repository_of_an_output(clone: Project, code_stub: CodeStub, path: str) -> None:
    """With `HEAD`, `objects`, `refs` and a `config` git would take it for one, and run what its config says."""
    code_stub.files["vod"] = {"config": "[core]\n", "objects/x": "x\n", "refs/x": "x\n", path: "ref: refs/heads/x\n"}
    before = picture(clone.root)
    outcome = clone.run("update")
    assert (outcome.exit_code, "not safe to write" in outcome.err) == (1, True)
    assert picture(clone.root) == before


def test_a_worktree_in_a_bare_repository_is_a_project_like_any(tmp_path: Path, code_stub: CodeStub) -> None:
    bare = tmp_path / "app.git"
    bare.mkdir()
    git(bare, "init", "-q", "--bare", ".")
    worktree = Project(bare / "trees" / "main")
    worktree.root.mkdir(parents=True)
    worktree.write_toml(code_stub.url)
    assert worktree.run("update").exit_code == 0
    assert worktree.run("space", "pull", "vod", "--output", "x.yaml").exit_code == 1  # the stub server has no model
    code_stub.stub_server.on("GET", "/v2/spaces/vod/model", document)
    assert worktree.run("space", "pull", "vod", "--output", "x.json").exit_code == 0


def document(_asked: ReceivedRequest) -> Reply:

    return data({"space": "vod"})


# A forest of links


@pytest.fixture
def forest(generated: Project) -> Project:
    """The project as a build tool shows it: real folders, and every file a link to one elsewhere."""
    real = generated.root.parent / "real"
    generated.root.rename(real)
    for path in sorted(real.rglob("*")):
        place = generated.root / path.relative_to(real)
        place.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            place.symlink_to(path)
    return generated


@pytest.fixture
def grove(generated: Project) -> Project:
    """The output folder is a link to one elsewhere."""
    (generated.root / "src").rename(generated.root.parent / "elsewhere")
    (generated.root / "src").symlink_to(generated.root.parent / "elsewhere")
    return generated


@pytest.mark.parametrize("kind", ["forest", "grove"])
def test_in_a_forest_of_links_content_is_what_counts(kind: str, request: pytest.FixtureRequest) -> None:
    project: Project = request.getfixturevalue(kind)
    for argv in (("update", "--check", "--offline"), ("update", "--check", "--latest"), ("status",)):
        outcome = project.run(*argv)
        assert outcome.exit_code == 0, (argv, outcome.out, outcome.err)
    real = (project.root / "src/vod/experience/hero.ts").resolve()
    real.write_text("// edited\n")
    assert changes(project.run("update", "--check", "--offline", "--json")) == {"src/vod/experience/hero.ts": "edited"}
    real.unlink()
    assert changes(project.run("update", "--check", "--offline", "--json")) == {"src/vod/experience/hero.ts": "missing"}


def test_in_a_forest_of_links_nothing_is_written_through_them(forest: Project, code_stub: CodeStub) -> None:
    """In step there is nothing to write; else links are named, and only --force puts files in their place."""
    assert forest.run("update").exit_code == 0
    before = picture(forest.root.parent / "real")
    code_stub.files["vod"] = {**FILES, "experience/hero.ts": "// newer\n"}
    outcome = forest.run("update")
    assert outcome.exit_code == 1
    real = forest.root.parent / "real/src/vod/experience/hero.ts"
    assert f"src/vod/experience/hero.ts: is a symbolic link to {real}; mtribes does not write through links" in (
        outcome.err
    )
    assert "edited" not in outcome.err
    assert "Pass --force to replace the links with files" in outcome.err
    assert forest.run("update", "--force").exit_code == 0
    assert picture(forest.root.parent / "real") == before
    assert real.read_text() == HERO
    assert (forest.root / "src/vod/experience/hero.ts").read_text() == "// newer\n"
    assert not (forest.root / "src/vod/experience/hero.ts").is_symlink()


def test_a_link_in_place_of_an_orphan_goes_by_force_alone(forest: Project, code_stub: CodeStub) -> None:
    code_stub.files["vod"] = {path: text for path, text in FILES.items() if path != "experience/hero.ts"}
    outcome = forest.run("update")
    assert (outcome.exit_code, "mtribes does not write through links" in outcome.err) == (1, True)
    assert (forest.root / "src/vod/experience/hero.ts").is_symlink()
    assert forest.run("update", "--force").exit_code == 0
    assert not os.path.lexists(forest.root / "src/vod/experience/hero.ts")
    assert (forest.root.parent / "real/src/vod/experience/hero.ts").read_text() == HERO


def test_a_difference_does_not_show_what_a_link_leads_to(generated: Project, code_stub: CodeStub) -> None:
    """A checkout may point anywhere, and the log of a job may be public."""
    secret = generated.root.parent / "secret"
    secret.write_text("hunter2\n")
    place = generated.root / "src/vod/index.ts"
    place.unlink()
    place.symlink_to(secret)
    (generated.root / "src/vod/experience").rename(generated.root.parent / "experience")
    (generated.root.parent / "experience" / "hero.ts").write_text("hunter2\n")
    (generated.root / "src/vod/experience").symlink_to(generated.root.parent / "experience")
    code_stub.files["vod"] = {**FILES, "index.ts": "// newer\n"}
    for argv in (("--diff",), ("--diff", "--force"), ("--diff", "--json"), ("--dry-run",), ("--check", "--latest"), ()):
        outcome = generated.run("update", *argv)
        assert "hunter2" not in outcome.out + outcome.err, argv


def test_an_output_behind_a_link_out_of_the_project_is_not_written(grove: Project) -> None:
    outcome = grove.run("update")
    assert (outcome.exit_code, "leads out of the project" in outcome.err) == (1, True)
