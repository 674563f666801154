"""A server that sends what must not be written: all of it is refused, whatever is there, and nothing is touched."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtribes_cli.terminal.sanitize import sanitize_line
from tests.cli.code_stub import FILES, CodeStub, serving_code
from tests.cli.hostile.file_lists import OUTSIDE, HostileList, hostile_lists
from tests.cli.hostile.sandbox import OBSTACLES, Sandbox

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
LISTS = list(hostile_lists())
USUAL = [one for one in LISTS if not one.is_huge]
STEP = 3
_OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]")


@pytest.fixture(scope="module")
def stub_server() -> Iterator[CodeStub]:
    with serving_code() as stub_server:
        yield stub_server


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path)


def refused(sandbox: Sandbox, stub_server: CodeStub, hostile: HostileList, obstacle: str) -> None:
    """One list is sent while something is in its place; nothing at all changes."""
    sandbox.fresh(stub_server.url)
    if obstacle != "nothing":
        assert sandbox.put(obstacle, hostile.path.replace(OUTSIDE, str(sandbox.outside)))
    stub_server.bent = hostile.answer(str(sandbox.outside))
    before = sandbox.picture()
    outcome = sandbox.project.run("update", "--force")
    about = f"{hostile.name}, {obstacle} there: {outcome.err[:2000]}"
    assert outcome.exit_code == 1, about
    assert sandbox.picture() == before, about
    assert not _OBEYED.search(outcome.err), about
    assert outcome.err.startswith("error: "), about
    assert "\nhint: " in outcome.err, about
    if hostile.is_named and hostile.path and hostile.path.isprintable() and OUTSIDE not in hostile.path:
        assert f"  {sanitize_line(hostile.path)}: " in outcome.err, about


def test_there_are_enough_of_them() -> None:
    assert len(LISTS) >= 150
    assert len({one.name for one in LISTS}) == len(LISTS)


@pytest.mark.slow
def test_every_list_is_refused_whole(sandbox: Sandbox, stub_server: CodeStub) -> None:
    """Each where nothing is in its place, some with one thing there, each with another; all are in the long form."""
    for number, hostile in enumerate(USUAL):
        refused(sandbox, stub_server, hostile, "nothing")
        if number % STEP == 0:
            refused(sandbox, stub_server, hostile, OBSTACLES[1 + number // STEP % (len(OBSTACLES) - 1)])


@pytest.mark.slow
@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_every_list_is_refused_whole_whatever_is_in_its_place(
    sandbox: Sandbox, stub_server: CodeStub, obstacle: str
) -> None:
    for hostile in LISTS:
        refused(sandbox, stub_server, hostile, obstacle)


@pytest.mark.parametrize("argv", [("--dry-run",), ("--diff",), ("--check", "--latest"), ("--json",)])
def test_looking_at_a_hostile_list_is_refused_as_well(
    sandbox: Sandbox, stub_server: CodeStub, argv: tuple[str, ...]
) -> None:
    sandbox.fresh(stub_server.url)
    before = sandbox.picture()
    for hostile in USUAL[:: 1 + len(USUAL) // 12]:
        stub_server.bent = hostile.answer(str(sandbox.outside))
        assert sandbox.project.run("update", *argv).exit_code == 1, hostile.name
        assert sandbox.picture() == before, hostile.name


def test_a_planted_hole_is_found(sandbox: Sandbox, stub_server: CodeStub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same proof fails where nobody looks at paths."""
    hostile = next(one for one in USUAL if one.path == "../evil.ts")
    refused(sandbox, stub_server, hostile, "nothing")
    monkeypatch.setattr("mtribes_cli.generate.fetch.file_fault", lambda _path: None)
    with pytest.raises(AssertionError):
        refused(sandbox, stub_server, hostile, "nothing")


@pytest.mark.parametrize("link", ["src", "src/vod", "src/vod/experience"])
@pytest.mark.parametrize("leads_to", ["outside", "outside/folder", "outside/nothing", "outside/file.ts", "loop"])
@pytest.mark.parametrize("before", ["nothing generated", "a generated folder"])
def test_an_output_that_leads_out_of_the_project_is_not_written(
    sandbox: Sandbox, stub_server: CodeStub, link: str, leads_to: str, before: str
) -> None:
    """Whether the link was there first, or took the place of a generated folder."""
    sandbox.fresh(stub_server.url)
    stub_server.bent = {}
    place = sandbox.project.root / link
    if before == "a generated folder":
        assert sandbox.project.run("update").exit_code == 0
        place.rename(sandbox.project.root / "moved")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(place if leads_to == "loop" else sandbox.folder / leads_to)
    picture = sandbox.picture()
    outcome = sandbox.project.run("update", "--force")
    assert outcome.exit_code == 1, outcome.err
    assert sandbox.picture() == picture
    assert link in outcome.err


@pytest.mark.parametrize("name", ["mtribes.lock", ".mtribes-journal.json.new"])
@pytest.mark.parametrize("end", ["outside/file.ts", "outside/nothing.ts"])
def test_a_link_in_place_of_a_file_of_ours_is_not_followed(
    sandbox: Sandbox, stub_server: CodeStub, name: str, end: str
) -> None:
    """A checkout can bring such a link along."""
    sandbox.fresh(stub_server.url)
    stub_server.bent = {}
    (sandbox.project.root / name).symlink_to(sandbox.folder / end)
    before = {path: seen for path, seen in sandbox.picture().items() if path.startswith("outside")}
    outcome = sandbox.project.run("update")
    assert outcome.exit_code in {0, 2}, outcome.err
    after = {path: seen for path, seen in sandbox.picture().items() if path.startswith("outside")}
    assert after == before
    assert not (sandbox.project.root / ".mtribes-journal.json.new").is_symlink()


def test_a_second_name_of_a_file_elsewhere_is_not_written_through(sandbox: Sandbox, stub_server: CodeStub) -> None:
    sandbox.fresh(stub_server.url)
    stub_server.bent = {}
    assert sandbox.project.run("update").exit_code == 0
    for name in ("src/vod/index.ts", ".mtribes-journal.json.new"):
        place = sandbox.project.root / name
        place.unlink(missing_ok=True)
        os.link(sandbox.outside / "file.ts", place)
    assert sandbox.project.run("update", "--force").exit_code == 0
    assert (sandbox.outside / "file.ts").read_text() == "keep\n"
    assert (sandbox.project.root / "src/vod/index.ts").read_text() == FILES["index.ts"]


@pytest.mark.slow
def test_a_lock_that_names_hostile_paths_is_refused(sandbox: Sandbox, stub_server: CodeStub) -> None:
    """As files, and as outputs: nothing is read, written or removed by it."""
    sandbox.fresh(stub_server.url)
    stub_server.bent = {}
    assert sandbox.project.run("update").exit_code == 0
    lock = sandbox.project.root / "mtribes.lock"
    good = lock.read_text("utf-8")
    (sandbox.project.root / "src" / "evil.ts").write_text("keep\n")
    paths = [one.path.replace(OUTSIDE, str(sandbox.outside)) for one in USUAL if one.is_named]
    for path in paths:
        lock.write_text(good.replace('"index.ts"', json.dumps(path)), encoding="utf-8")
        before = sandbox.picture()
        for argv in (("update", "--force"), ("update", "--check", "--offline")):
            outcome = sandbox.project.run(*argv)
            assert outcome.exit_code == 2, (path, outcome.err)
            assert not _OBEYED.search(outcome.err), path
            assert sandbox.picture() == before, path


@pytest.mark.parametrize(
    "output",
    ["..", "../around", "/etc", ".git", ".git/hooks", ".GIT", "git~1", "src/../..", "~", "C:/x", "a\\b", "con"],
)
def test_a_lock_that_names_a_hostile_output_is_refused(sandbox: Sandbox, stub_server: CodeStub, output: str) -> None:
    sandbox.fresh(stub_server.url)
    stub_server.bent = {}
    assert sandbox.project.run("update").exit_code == 0
    lock = sandbox.project.root / "mtribes.lock"
    lock.write_text(lock.read_text("utf-8").replace('"src/vod"', json.dumps(output)), encoding="utf-8")
    before = sandbox.picture()
    assert sandbox.project.run("update", "--force").exit_code == 2
    assert sandbox.picture() == before
