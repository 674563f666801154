"""Any sequence of renders, edits, foreign files and crashes: what is not ours stays, and a tree is never mixed."""

import itertools
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from mtribes_cli.generate.journal_key import JournalKey
from mtribes_cli.generate.plan import DesiredFile, Plan, plan
from mtribes_cli.generate.recovery import recover
from mtribes_cli.generate.transaction import FileTransaction, commit
from mtribes_cli.generate.worktree import ChangeKind, OwnedFile, Worktree, local_changes
from mtribes_cli.project.lock_file import text_hash
from mtribes_cli.project.output_paths import collisions

OUTPUT = "out"
PATHS = ["a", "a/b", "a/b/c", "d/e.ts", "d/f.ts", "d/g/h.ts", "i.ts"]
TEXTS = ["1\n", "2\n", "3\n"]


def without_collisions(files: dict[str, str]) -> dict[str, str]:
    """The files without those that are another's folder."""
    refused = {path for path, _ in collisions(files)}
    return {path: text for path, text in files.items() if path not in refused}


rendered_sets = st.dictionaries(st.sampled_from(PATHS), st.sampled_from(TEXTS), min_size=1).map(without_collisions)
steps = st.one_of(
    st.tuples(st.just("render"), rendered_sets, st.booleans()),
    st.tuples(st.just("crash"), rendered_sets, st.integers(0, 30)),
    st.tuples(st.just("write"), st.sampled_from(PATHS), st.sampled_from([*TEXTS, "mine\n", "1\r\n"])),
    st.tuples(st.just("remove"), st.sampled_from(PATHS), st.none()),
)


class PowerCutError(BaseException):
    """The process ends here without tidying up."""


@dataclass
class World:
    """A project's folder, and what a plain model says of it."""

    folder: Path
    owned: dict[str, OwnedFile] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root = self.folder / "project"
        self.root.mkdir(exist_ok=True)
        self.key = JournalKey(self.folder / "state", self.root)

    def files(self) -> dict[str, str]:
        """What is there, with line ends as they are."""
        found = (path for path in self.root.rglob("*") if path.is_file())
        return {path.relative_to(self.root).as_posix(): path.read_bytes().decode() for path in found}

    def empty_folders(self) -> set[Path]:
        """Folders with nothing in them."""
        return {path for path in self.root.rglob("*") if path.is_dir() and not any(path.iterdir())}

    def plan(self, files: Mapping[str, str], *, is_forced: bool) -> Plan:
        """What would be done for `files`."""
        desired = {f"{OUTPUT}/{path}": DesiredFile(OUTPUT, text) for path, text in files.items()}
        return plan(Worktree(self.root), desired, self.owned, is_forced=is_forced)

    def write(self, found: Plan, files: Mapping[str, str], crash_at: int | None = None) -> None:
        """Carry the plan out, with a lock; PowerCutError at the N-th crash point."""
        counter = itertools.count()

        def cut(_name: str) -> None:
            if next(counter) == crash_at:
                raise PowerCutError

        hashes = {f"{OUTPUT}/{path}": text_hash(text.encode()) for path, text in files.items()}
        lock = json.dumps(hashes, sort_keys=True).encode()
        lock_path = self.root / "mtribes.lock"
        changed = not lock_path.exists() or lock_path.read_bytes() != lock
        commit(self.root, FileTransaction(found, {"mtribes.lock": lock} if changed else {}), self.key, cut)

    def read_lock(self) -> None:
        """Own what the lock on the disk says."""
        lock = self.root / "mtribes.lock"
        hashes = json.loads(lock.read_bytes()) if lock.exists() else {}
        self.owned = {path: OwnedFile(OUTPUT, digest) for path, digest in hashes.items()}

    def foreign(self) -> dict[str, str]:
        """What the lock does not name."""
        return {path: text for path, text in self.files().items() if path not in self.owned and path != "mtribes.lock"}


@pytest.fixture
def _no_undo() -> Iterator[None]:
    """Nobody tidies up behind a power cut."""
    with patch("mtribes_cli.generate.transaction._undo", lambda *_: None):
        yield


@pytest.mark.slow
@pytest.mark.usefixtures("_no_undo")
@settings(max_examples=80, deadline=None)
@given(st.lists(steps, max_size=7))
def test_the_invariants_hold_for_any_sequence(sequence: list[tuple[str, object, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        for kind, what, how in sequence:
            event(kind)
            if kind in ("render", "crash"):
                assert isinstance(what, dict)
                forced, crash_at = (bool(how), None) if kind == "render" else (False, how)
                _render(world, what, is_forced=forced, crash_at=crash_at if isinstance(crash_at, int) else None)
            else:
                _edit(world.root / OUTPUT / str(what), None if kind == "remove" else str(how))


def _render(world: World, files: Mapping[str, str], *, is_forced: bool, crash_at: int | None) -> None:
    before, foreign, empty = world.files(), world.foreign(), world.empty_folders()
    found = world.plan(files, is_forced=is_forced)
    if found.foreign or found.edited:
        assert not is_forced or found.foreign
        return
    try:
        world.write(found, files, crash_at)
    except PowerCutError:
        assert recover(world.root, world.key)
        world.read_lock()
    after = world.files()
    adopted = {f"{OUTPUT}/{path}" for path in files}
    assert {path: text for path, text in after.items() if path in foreign} == foreign
    if after != before:  # the new tree, then: all that was rendered, and of the rest what is not ours
        event("new tree" if crash_at is None else "new tree after a crash")
        world.read_lock()
        assert {path: after[path].replace("\r\n", "\n") for path in adopted} == {
            f"{OUTPUT}/{path}": text for path, text in files.items()
        }
        assert set(after) == adopted | set(foreign) | {"mtribes.lock"}
        assert not local_changes(Worktree(world.root), world.owned)
        assert not world.plan(files, is_forced=False).changes
    elif crash_at is not None:
        event("old tree after a crash")
    assert all(any(hollow.is_relative_to(folder) for hollow in empty) for folder in world.empty_folders())


def _edit(place: Path, text: str | None) -> None:
    """What a person does, as far as the file system lets them."""
    try:
        if text is None:
            place.unlink()
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text.encode())
    except OSError:
        event("not possible")


def test_a_set_in_step_has_nothing_to_do(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write(world.plan({"a": "1\n"}, is_forced=False), {"a": "1\n"})
    world.read_lock()
    found = world.plan({"a": "1\n"}, is_forced=False)
    assert (found.writes, found.removals, found.changes, found.unchanged) == ({}, {}, [], 1)


def test_each_kind_is_found(tmp_path: Path) -> None:
    world = World(tmp_path)
    first = {"edited": "1\n", "missing": "1\n", "changed": "1\n", "orphaned": "1\n", "same": "1\n"}
    world.write(world.plan(first, is_forced=False), first)
    world.read_lock()
    (world.root / OUTPUT / "edited").write_text("mine\n")
    (world.root / OUTPUT / "missing").unlink()
    second = {"edited": "1\n", "missing": "1\n", "changed": "2\n", "same": "1\n", "added": "1\n"}
    found = world.plan(second, is_forced=False)
    assert {change.path.removeprefix("out/"): change.kind.value for change in found.changes} == {
        kind.value: kind.value for kind in ChangeKind
    }
    assert found.edited == ["out/edited"]
    assert found.kinds() == {kind.value: 1 for kind in ChangeKind} | {"unchanged": 1}
