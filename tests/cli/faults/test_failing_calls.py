"""The N-th write, fsync, rename ... fails, for every N: the old tree or the new one, and a clear word."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mtribes_cli.project.output_paths import STAGING_PREFIX
from tests.cli.code_stub import FILES, TOKEN, CodeStub, serving_code
from tests.cli.faults.fault_injection import SPARE_CALLS, Fault, Tampered, tampering
from tests.cli.project_runner import Project

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="strace is Linux's")
NEWER = {".gitattributes": FILES[".gitattributes"], "index.ts": "// newer\n", "section/body.ts": "// added\n"}
ERRORS = ("ENOSPC", "EIO", "EACCES")
MOST_CALLS = 300


@dataclass
class Bench:
    """A project that is about to be updated, as it was, and as it is to be."""

    project: Project
    pristine: Path
    old: dict[str, bytes]
    new: dict[str, bytes]
    warm_up: Project

    def restore(self) -> None:
        """As it was."""
        shutil.rmtree(self.project.root)
        shutil.copytree(self.pristine, self.project.root)

    def leftovers(self) -> list[str]:
        """What only a write in progress has."""
        return [str(path) for path in self.project.root.rglob("*") if path.name.startswith(STAGING_PREFIX)]


@pytest.fixture(scope="module")
def stub_server() -> Iterator[CodeStub]:
    with serving_code() as stub_server:
        yield stub_server


@pytest.fixture
def bench(tmp_path: Path, stub_server: CodeStub) -> Bench:
    """Two targets, a file of somebody else's, one file to remove, one to change, one to add."""
    stub_server.files["vod"] = dict(FILES)
    environment = {"MTRIBES_TOKEN": TOKEN, "MTRIBES_HOST": stub_server.url}
    project = Project(tmp_path / "world" / "project", environment)
    project.root.mkdir(parents=True)
    project.write_toml(
        stub_server.url, {"language": "typescript", "output": "src/vod"}, {"language": "java", "output": "web"}
    )
    assert project.run("update").exit_code == 0
    (project.root / "src/vod/mine.ts").write_text("// mine\n")
    pristine, warm_up = tmp_path / "pristine", Project(tmp_path / "warm" / "project", environment)
    shutil.copytree(project.root, pristine)
    shutil.copytree(project.root, warm_up.root)
    old = project.files()
    stub_server.files["vod"] = dict(NEWER)
    assert project.run("update").exit_code == 0
    return Bench(project, pristine, old, project.files(), warm_up)


def check(bench: Bench, told: Tampered, about: str) -> None:
    """Old or new, told in two lines; and the next run has nothing in its way."""
    outcome = told.outcome
    about = f"{about}: exit {outcome.exit_code}: {outcome.err}"
    assert outcome.exit_code in {0, 1, 75}, about
    if outcome.exit_code == 0:
        assert bench.project.files() == bench.new, about
    else:
        lines = outcome.err.splitlines()
        assert len(lines) == 2, about
        assert lines[0].startswith("error: "), about
        assert lines[1].startswith("hint: "), about
    if not bench.leftovers():
        assert bench.project.files() in (bench.old, bench.new), about
    again = bench.project.run("update")
    assert again.exit_code == 0, f"{about}, then {again.err}"
    assert bench.project.files() == bench.new, about
    assert not bench.leftovers(), about


def fail_each(bench: Bench, fault: Fault, *, every: int = 1) -> list[Tampered]:
    """Every call of the kind fails once (or from then on), until there are no more of them."""
    found = []
    with tampering(bench.warm_up, ["update"], fault) as tampered:
        for number in range(1, MOST_CALLS, every):
            bench.restore()
            told = tampered.run(bench.project, ["update"], number)
            if not told.is_hit:
                break
            found.append(told)
            check(bench, told, f"{fault} at number {number}")
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("call", "error", "every"), [("rename", "ENOSPC", 3), ("fsync", "EIO", 5)])
def test_a_call_that_fails_leaves_the_old_tree_or_the_new(bench: Bench, call: str, error: str, every: int) -> None:
    """Some of them; all are in the long form."""
    found = fail_each(bench, Fault(call, error), every=every)
    assert len(found) > 2
    assert {told.outcome.exit_code for told in found} >= {1}


@pytest.mark.slow
@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("call", SPARE_CALLS)
def test_any_call_that_fails_leaves_the_old_tree_or_the_new(bench: Bench, call: str, error: str) -> None:
    assert fail_each(bench, Fault(call, error))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "error"),
    [("write", "ENOSPC"), ("fsync", "EIO"), ("rename", "EACCES"), ("unlink", "EACCES"), ("mkdir", "ENOSPC")],
)
def test_any_call_from_which_on_all_fail_leaves_what_the_next_run_mends(bench: Bench, call: str, error: str) -> None:
    assert fail_each(bench, Fault(call, error, is_lasting=True))
