"""`.mtribes-journal.json`: what a write in progress is about to do, so that the next run can take it back.

It stands beside `mtribes.toml` only while files are written. Its `state` is `staging` (new files are being put into
the staging folders; nothing else has changed), `swapping` (files are being replaced: take back what was done), or
`done` (everything is in place: only the staging folders have to go). `tree_recovery` acts on it.
"""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

from mtribes_cli.errors import FileError
from mtribes_cli.output_paths import JOURNAL_NAME, MAX_PATH_BYTES, STAGING_PREFIX, is_git

JOURNAL_VERSION = 1

State = Literal["staging", "swapping", "done"]
_STAGING_NAME = re.compile(re.escape(STAGING_PREFIX) + r"[0-9a-f]{8}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Step(NamedTuple):
    """One file that is replaced or added (`sha256` of its new bytes), or removed (None).

    The new file waits in the staging folder under `number`, the old one is kept there as `number` with `.old`.
    """

    path: str
    staging: str
    number: int
    sha256: str | None

    def staged(self, root: Path) -> Path:
        """Where the new file waits."""
        return root / self.staging / str(self.number)

    def kept(self, root: Path) -> Path:
        """Where the old file is kept until all is done."""
        return root / self.staging / f"{self.number}.old"


class Journal(NamedTuple):
    """A write in progress; folders that it makes are named outermost first."""

    state: State
    steps: tuple[Step, ...]
    new_folders: tuple[str, ...]

    def in_state(self, state: State) -> "Journal":
        """The same write, further on."""
        return self._replace(state=state)

    @property
    def staging_folders(self) -> list[str]:
        """Where new and old files are kept meanwhile."""
        return sorted({step.staging for step in self.steps})


def write_journal(root: Path, journal: Journal) -> None:
    """Put `journal` on the disk, whole and durable."""
    place = root / JOURNAL_NAME
    passing = place.with_name(f"{JOURNAL_NAME}.new")
    steps = [step._asdict() for step in journal.steps]
    document = {"version": JOURNAL_VERSION, **journal._asdict(), "steps": steps}
    passing.unlink(missing_ok=True)
    write_durably(passing, json.dumps(document).encode())
    passing.replace(place)
    sync_folder(root)


def read_journal(root: Path) -> Journal | None:
    """The write that was interrupted in `root`, or None; FileError for a file that is not such a journal."""
    try:
        content = (root / JOURNAL_NAME).read_bytes()
    except FileNotFoundError:
        return None
    try:
        return _journal(json.loads(content))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise FileError(
            f"{root / JOURNAL_NAME} is not a journal that this mtribes wrote.", "Look at it, then remove it."
        ) from None


def remove_journal(root: Path) -> None:
    """Forget the write; what it has done stands."""
    (root / f"{JOURNAL_NAME}.new").unlink(missing_ok=True)
    (root / JOURNAL_NAME).unlink(missing_ok=True)
    sync_folder(root)


def write_durably(place: Path, content: bytes, then: Callable[[], None] = lambda: None) -> None:
    """A new file with `content`, on the disk when this returns; `then` is called before it is made durable.

    Never one that is there: that could be a link, or another name of somebody else's file.
    """
    with place.open("xb") as file:
        file.write(content)
        file.flush()
        then()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable, where the system can."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _journal(document: dict[str, Any]) -> Journal:
    if document["version"] != JOURNAL_VERSION or document["state"] not in ("staging", "swapping", "done"):
        raise ValueError(document["state"])
    steps = tuple(_step(table) for table in document["steps"])
    return Journal(document["state"], steps, tuple(_checked(folder) for folder in document["new_folders"]))


def _step(table: dict[str, Any]) -> Step:
    staging, sha256 = _checked(table["staging"]), table["sha256"]
    if not _STAGING_NAME.fullmatch(staging.rpartition("/")[2]) or type(table["number"]) is not int:
        raise ValueError(staging)
    if sha256 is not None and not _SHA256.fullmatch(sha256):
        raise ValueError(sha256)
    return Step(_checked(table["path"]), staging, table["number"], sha256)


def _checked(path: str) -> str:
    """A journal may have come with a checkout, from anybody: no path in it may lead out of the project."""
    names = path.split("/")
    if any(name in ("", ".", "..") or is_git(name) or "\\" in name or ":" in name or "\0" in name for name in names):
        raise ValueError(path)
    if len(path) > MAX_PATH_BYTES:
        raise ValueError(path)
    return path
