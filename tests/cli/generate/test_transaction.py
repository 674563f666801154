"""Writing all or nothing: killed at every crash point, with a full disk, without permission, two at once."""

import errno
import hashlib
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtribes_cli.generate.transaction import CRASH_POINTS
from mtribes_cli.project.output_paths import JOURNAL_NAME
from tests.cli.code_stub import FILES, TOKEN, CodeStub, serving_code
from tests.cli.project_runner import Project

FOREIGN = {"src/vod/mine.ts": b"// mine\n", "src/vod/section/mine.ts": b"// mine too\n"}
NEWER = {".gitattributes": FILES[".gitattributes"], "index.ts": "// newer\n", "section/body.ts": "// added\n"}

# A process that updates its project and dies where it is told: at the N-th crash point that it passes.
DYING = """
import os, sys
from pathlib import Path
from tests.cli.project_runner import Project
root, point, number = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
passed = 0
def at_crash_point(name):
    global passed
    if name == point:
        passed += 1
        if passed == number:
            os._exit(99)
outcome = Project(root).run("update", failpoint=at_crash_point)
sys.exit(outcome.exit_code)
"""


@pytest.fixture(scope="module")
def stub_server() -> Iterator[CodeStub]:
    with serving_code() as stub_server:
        yield stub_server


@pytest.fixture
def project(tmp_path: Path, stub_server: CodeStub) -> Project:
    """Two targets in step, files of somebody else among them, and a server that has something newer."""
    stub_server.files["vod"] = dict(FILES)
    root = tmp_path / "project"
    root.mkdir()
    project = Project(root)
    project.write_toml(
        stub_server.url, {"language": "typescript", "output": "src/vod"}, {"language": "java", "output": "web"}
    )
    assert project.run("update").exit_code == 0
    for path, content in FOREIGN.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_bytes(content)
    stub_server.files["vod"] = dict(NEWER)
    return project


def expected(project: Project, stub_server: CodeStub) -> dict[str, bytes]:
    """The files of a project that was never interrupted."""
    copy = Project(project.root.parent / "copy")
    shutil.copytree(project.root, copy.root)
    assert stub_server.files["vod"] == NEWER
    assert copy.run("update").exit_code == 0
    files = copy.files()
    shutil.rmtree(copy.root)
    return files


def crash_points_passed(project: Project) -> list[str]:
    """Every crash point of one update, in order."""
    copy = Project(project.root.parent / "copy")
    shutil.copytree(project.root, copy.root)
    names: list[str] = []
    assert copy.run("update", failpoint=names.append).exit_code == 0
    shutil.rmtree(copy.root)
    return names


def leftovers(project: Project) -> list[str]:
    return [path for path in project.files() if "mtribes-" in path]


def journal_text(steps: list[dict[str, object]], *new_folders: str) -> str:
    return json.dumps({"version": 1, "state": "swapping", "steps": steps, "new_folders": new_folders})


def real_environment(stub_server: CodeStub, *, state: object) -> dict[str, str]:
    """That of a process of its own."""
    return {**os.environ, "MTRIBES_TOKEN": TOKEN, "MTRIBES_HOST": stub_server.url, "XDG_STATE_HOME": str(state)}


class PowerCutError(BaseException):
    """The process ends here without tidying up."""


def test_every_crash_point_is_passed(project: Project) -> None:
    assert set(crash_points_passed(project)) == set(CRASH_POINTS)


@pytest.mark.slow
def test_a_kill_at_any_crash_point_leaves_the_old_tree_or_the_new_and_the_next_run_mends_it(
    project: Project, stub_server: CodeStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In-process stand-in for a kill (nothing is tidied up), so that every passing of every point can be tried."""
    old, new = project.files(), expected(project, stub_server)
    points = crash_points_passed(project)
    pristine = project.root.parent / "pristine"
    shutil.copytree(project.root, pristine, copy_function=shutil.copy2)
    monkeypatch.setattr("mtribes_cli.generate.transaction._undo", lambda *_: None)
    for number in range(len(points)):
        shutil.rmtree(project.root)
        shutil.copytree(pristine, project.root, copy_function=shutil.copy2)
        counter = itertools.count()

        def cut(_name: str, number: int = number, counter: Iterator[int] = counter) -> None:
            if next(counter) == number:
                raise PowerCutError

        with pytest.raises(PowerCutError):
            project.run("update", failpoint=cut)
        outcome = project.run("update", "--check", "--offline")
        assert outcome.exit_code == 3, points[number]
        recover_only(project, stub_server)
        assert project.files() in (old, new), points[number]
        assert project.run("update").exit_code == 0
        assert project.files() == new, points[number]
        assert project.run("update", "--check", "--latest").exit_code == 0


def recover_only(project: Project, stub_server: CodeStub) -> None:
    """A run that mends what is left over, and then fails for another reason."""
    stub_server.status = 404
    try:
        assert project.run("update").exit_code == 1
    finally:
        stub_server.status = 200
    assert not leftovers(project)


@pytest.mark.slow
@pytest.mark.parametrize(("point", "number"), [*((point, 1) for point in CRASH_POINTS), ("file-swapped", 4)])
def test_a_real_process_that_ends_at_a_crash_point_is_mended_by_the_next(
    project: Project, stub_server: CodeStub, point: str, number: int
) -> None:
    old, new = project.files(), expected(project, stub_server)
    died = subprocess.run([sys.executable, "-c", DYING, project.root, point, str(number)], check=False)
    assert died.returncode == 99
    assert (project.root / JOURNAL_NAME).exists()
    recover_only(project, stub_server)
    assert project.files() in (old, new)
    told = project.run("update")
    assert told.exit_code == 0
    assert project.files() == new


@pytest.mark.slow
def test_kills_at_random_moments_never_harm(project: Project, stub_server: CodeStub) -> None:
    chance = random.Random(7)  # noqa: S311 - the same moments in every run
    sets = [dict(FILES), dict(NEWER)]
    environment = {
        **os.environ,
        "MTRIBES_TOKEN": TOKEN,
        "MTRIBES_HOST": stub_server.url,
        "XDG_STATE_HOME": str(project.folders.state.parent),
    }
    command = [sys.executable, "-c", "from mtribes_cli.main import run; run()", "update"]
    started = time.monotonic()
    subprocess.run(command, cwd=project.root, env=environment, check=True, capture_output=True)
    usual_seconds = time.monotonic() - started
    for turn in range(4):
        stub_server.files["vod"] = sets[turn % 2]
        process = subprocess.Popen(command, cwd=project.root, env=environment, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.7, 1.0) * usual_seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert {path: project.files()[path] for path in FOREIGN} == FOREIGN
        assert project.run("update").exit_code == 0
        assert project.run("update", "--check", "--latest").exit_code == 0
        assert not leftovers(project)


def test_what_was_edited_after_a_crash_stays_edited(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(name: str) -> None:
        if name == "all-swapped":
            raise PowerCutError

    with monkeypatch.context() as patch:
        patch.setattr("mtribes_cli.generate.transaction._undo", lambda *_: None)
        with pytest.raises(PowerCutError):
            project.run("update", failpoint=cut)
    (project.root / "src/vod/index.ts").write_text("// my own\n")
    assert project.run("update").exit_code == 1
    assert (project.root / "src/vod/index.ts").read_text() == "// my own\n"


def test_what_somebody_put_there_after_a_crash_stays(
    project: Project, stub_server: CodeStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(name: str) -> None:
        if name == "swapping-noted":
            raise PowerCutError

    with monkeypatch.context() as patch:
        patch.setattr("mtribes_cli.generate.transaction._undo", lambda *_: None)
        with pytest.raises(PowerCutError):
            project.run("update", failpoint=cut)
    place = project.root / "src/vod/section/body.ts"
    place.write_text(NEWER["section/body.ts"])
    recover_only(project, stub_server)
    assert place.read_text() == NEWER["section/body.ts"]


@pytest.mark.parametrize("kind", [errno.ENOSPC, errno.EACCES, errno.EIO])
def test_a_failure_at_any_point_is_told_and_leaves_everything_as_it_was(project: Project, kind: int) -> None:
    before, times = project.files(), project.times()
    kept = {path: time for path, time in times.items() if (project.root / path).is_file()}
    points = crash_points_passed(project)
    for number in range(points.index("done-noted")):
        counter = itertools.count()

        def fail(_name: str, number: int = number, counter: Iterator[int] = counter) -> None:
            if next(counter) == number:
                raise OSError(kind, os.strerror(kind), "somewhere")

        outcome = project.run("update", failpoint=fail)
        assert outcome.exit_code == 1
        assert os.strerror(kind) in outcome.err
        assert project.files() == before, points[number]
        after = project.times()
        assert after.keys() == times.keys(), points[number]
        assert {path: after[path] for path in kept} == kept, points[number]


def test_an_interruption_leaves_nothing_half_written(project: Project) -> None:
    before = project.files()

    def interrupt(name: str) -> None:
        if name == "file-swapped":
            raise KeyboardInterrupt

    assert project.run("update", failpoint=interrupt).exit_code == 130
    assert project.files() == before


@pytest.mark.skipif(os.name == "nt", reason="limits of processes are Unix's")
def test_a_disk_that_takes_no_more_is_told_and_leaves_everything_as_it_was(
    project: Project, stub_server: CodeStub
) -> None:
    stub_server.files["vod"]["index.ts"] = "x" * 200_000
    before = project.files()
    limited = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
    limited += "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000));"
    limited += "from mtribes_cli.main import run; run()"
    environment = {
        **os.environ,
        "MTRIBES_TOKEN": TOKEN,
        "MTRIBES_HOST": stub_server.url,
        "XDG_STATE_HOME": str(project.folders.state.parent),
    }
    ended = subprocess.run(
        [sys.executable, "-c", limited, "update"],
        cwd=project.root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "Free up disk space" in ended.stderr
    assert project.files() == before


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs to become another user")
def test_a_folder_that_cannot_be_written_is_told_and_leaves_everything_as_it_was(
    project: Project, stub_server: CodeStub, tmp_path: Path
) -> None:
    closed = [folder for folder in tmp_path.parents if folder.stat().st_mode & 0o777 == 0o700]  # pytest's own
    for folder in [*closed, tmp_path, *tmp_path.rglob("*")]:
        if folder.is_dir():
            folder.chmod(0o777)
    (project.root / "web").chmod(0o555)
    before = project.files()
    environment = {
        **os.environ,
        "MTRIBES_TOKEN": TOKEN,
        "MTRIBES_HOST": stub_server.url,
        "XDG_STATE_HOME": str(tmp_path / "other-state"),
    }
    as_another = "import os, sys; from mtribes_cli.main import main; main(['update', '--dry-run']);"
    as_another += "import mtribes_cli.generate.transaction, filelock; os.seteuid(65534); sys.exit(main(['update']))"
    command = [sys.executable, "-c", as_another]
    ended = subprocess.run(command, cwd=project.root, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 1, ended.stderr
    assert "writable" in ended.stderr
    assert project.files() == before


@pytest.mark.skipif(os.name == "nt", reason="Windows refuses to replace a read-only file")
def test_a_read_only_file_is_replaced_and_stays_read_only(project: Project) -> None:
    index = project.root / "src/vod/index.ts"
    index.chmod(0o444)
    assert project.run("update").exit_code == 0
    assert index.read_text() == "// newer\n"
    assert index.stat().st_mode & 0o777 == 0o444


@pytest.mark.slow
def test_two_at_once_both_end_well(project: Project, stub_server: CodeStub) -> None:
    new = expected(project, stub_server)
    environment = {
        **os.environ,
        "MTRIBES_TOKEN": TOKEN,
        "MTRIBES_HOST": stub_server.url,
        "XDG_STATE_HOME": str(project.folders.state.parent),
    }
    command = [sys.executable, "-c", "from mtribes_cli.main import run; run()", "update"]
    processes = [
        subprocess.Popen(command, cwd=project.root, env=environment, stdout=subprocess.DEVNULL) for _ in range(4)
    ]
    assert [process.wait() for process in processes] == [0, 0, 0, 0]
    assert project.files() == new


def test_a_second_run_waits_for_the_first(project: Project) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def pause(name: str) -> None:
        if name == "swapping-noted":
            entered.set()
            assert go_on.wait(20)

    codes: list[int] = []
    first = threading.Thread(target=lambda: codes.append(project.run("update", failpoint=pause).exit_code))
    first.start()
    assert entered.wait(20)
    second = threading.Thread(target=lambda: codes.append(project.run("update").exit_code))
    second.start()
    second.join(0.3)
    assert second.is_alive()
    assert project.run("update", "--check", "--offline").exit_code == 3
    go_on.set()
    first.join(20)
    second.join(20)
    assert codes == [0, 0]


@pytest.mark.parametrize(
    "journal",
    [
        "",
        "{}",
        "[]",
        '{"version": 2}',
        journal_text([{"path": "../x", "staging": ".mtribes-00000000", "number": 0, "sha256": None}]),
        journal_text([{"path": "x", "staging": "src", "number": 0, "sha256": None}]),
        journal_text([{"path": "x", "staging": ".mtribes-00000000", "number": "../0", "sha256": None}]),
        journal_text([], "/srv"),
    ],
)
def test_a_journal_that_is_not_ours_is_left_alone(project: Project, journal: str) -> None:
    (project.root / JOURNAL_NAME).write_text(journal)
    before = project.files()
    outcome = project.run("update")
    assert outcome.exit_code == 1
    assert JOURNAL_NAME in outcome.err
    assert project.files() == before


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_a_journal_never_leads_out_of_the_project(project: Project, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "keep").write_text("keep\n")
    (project.root / "out").symlink_to(outside)
    digest = hashlib.sha256(b"keep\n").hexdigest()
    step = {"path": "out/keep", "staging": ".mtribes-00000000", "number": 0, "sha256": digest}
    (project.root / JOURNAL_NAME).write_text(journal_text([step]))
    assert project.run("update").exit_code == 1
    assert (outside / "keep").read_text() == "keep\n"


def test_an_error_while_taking_back_keeps_the_journal_for_the_next_run(
    project: Project, stub_server: CodeStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = expected(project, stub_server)

    def fail(name: str) -> None:
        if name == "file-swapped":
            raise OSError(errno.EIO, "the disk is gone")

    def broken(*_: object) -> None:
        raise OSError(errno.EIO, "the disk is still gone")

    with monkeypatch.context() as patch:
        patch.setattr("mtribes_cli.generate.transaction.rollback", broken)
        outcome = project.run("update", failpoint=fail)
    assert outcome.exit_code == 1
    assert "still gone" in outcome.err
    assert (project.root / JOURNAL_NAME).exists()
    assert project.run("update").exit_code == 0
    assert project.files() == new
