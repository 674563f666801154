"""`.mtribes-journal.json`: what a write in progress is about to do, so that the next run can take it back.

It stands beside `mtribes.toml` only while files are written. Its `state` is `staging` (new files are being put into
the staging folders; nothing else has changed), `swapping` (files are being replaced: take back what was done), or
`done` (everything is in place: only the staging folders have to go). `recovery` acts on it.

A checkout may bring such a file along, from anybody: one is believed only when its MAC is of this user's own
(`journal_key`), and even then each path is judged by where links lead it.
"""

import json
import re
import stat
from pathlib import Path
from typing import Any, Literal, NamedTuple

from mtribes_cli.files.atomic_file import replace_file, sync_folder
from mtribes_cli.files.bounded_reader import MAX_JOURNAL_BYTES, read_regular_file
from mtribes_cli.files.real_paths import is_repository_folder
from mtribes_cli.generate.journal_key import JournalKey
from mtribes_cli.project.output_paths import JOURNAL_NAME, MAX_PATH_BYTES, STAGING_PREFIX

JOURNAL_VERSION = 2

State = Literal["staging", "swapping", "done"]
_STAGING_NAME = re.compile(re.escape(STAGING_PREFIX) + r"[0-9a-f]{8}")
_MAX_JOINED_LENGTH = 2 * MAX_PATH_BYTES + 1  # an output, and a file below it
_FORBIDDEN = frozenset("\\:\0")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class FileChange(NamedTuple):
    """One file that is replaced or added (`sha256` of its new bytes), or removed (None).

    The new file waits in the staging folder under `number`, the old one is kept there as `number` with `.old`.
    """

    path: str
    staging: str
    number: int
    sha256: str | None

    def staged(self, root: Path) -> Path:
        """The place where the new file waits."""
        return root / self.staging / str(self.number)

    def kept(self, root: Path) -> Path:
        """The place where the old file is kept until the write is done."""
        return root / self.staging / f"{self.number}.old"


class Journal(NamedTuple):
    """A write in progress; the folders that it creates are listed outermost first."""

    state: State
    steps: tuple[FileChange, ...]
    new_folders: tuple[str, ...]

    def in_state(self, state: State) -> "Journal":
        """Return the journal in a later state."""
        return self._replace(state=state)

    @property
    def staging_folders(self) -> list[str]:
        """The folders for new and old files during the write."""
        return sorted({step.staging for step in self.steps})

    @property
    def folders(self) -> list[str]:
        """Every folder in which something is added, replaced or removed."""
        around = {path.rpartition("/")[0] for path in (*(step.path for step in self.steps), *self.new_folders)}
        return sorted(around | set(self.staging_folders) | set(self.new_folders))


class UntrustedJournalError(Exception):
    """A journal that is not this user's, or no journal at all; `claimed` is what it says, as far as it has the form."""

    def __init__(self, claimed: Journal | None) -> None:
        super().__init__("owned by another user")
        self.claimed = claimed


def write_journal(root: Path, journal: Journal, key: JournalKey) -> None:
    """Write `journal` to disk atomically and durably, signed by `key`."""
    place = root / JOURNAL_NAME
    steps = [step._asdict() for step in journal.steps]
    text = json.dumps({**journal._asdict(), "steps": steps})
    document = {"version": JOURNAL_VERSION, "mac": key.mac(text.encode()), "journal": text}
    replace_file(place, json.dumps(document).encode(), staged=place.with_name(f"{JOURNAL_NAME}.new"))


def read_journal(root: Path, key: JournalKey) -> Journal | None:
    """Return the interrupted write in `root`, or None. Raises UntrustedJournalError for one of another user."""
    try:
        content = read_regular_file(root / JOURNAL_NAME, MAX_JOURNAL_BYTES, follows_links=False)
    except FileNotFoundError:
        return None
    except OSError:
        raise UntrustedJournalError(None) from None
    try:
        document = json.loads(content)
        if document.get("version") != JOURNAL_VERSION:
            raise UntrustedJournalError(_journal(document))
        text, mac = document["journal"], document["mac"]
        journal = _journal(json.loads(text))
        is_ours = key.signed(text.encode(), mac)
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError):
        raise UntrustedJournalError(None) from None
    if not is_ours:
        raise UntrustedJournalError(journal)
    return journal


def remove_journal(root: Path, key: JournalKey) -> None:
    """Remove the journal; what the write has done stays."""
    remove_journal_file(root)
    key.forget()


def remove_journal_file(root: Path) -> None:
    """Remove the file, whatever it is, unless it is a folder."""
    for name in (f"{JOURNAL_NAME}.new", JOURNAL_NAME):
        (root / name).unlink(missing_ok=True)
    sync_folder(root)


def is_staging_folder(place: Path) -> bool:
    """Return whether `place` is a folder (and no link to one) with the name of a staging folder."""
    try:
        return bool(_STAGING_NAME.fullmatch(place.name)) and stat.S_ISDIR(place.lstat().st_mode)
    except OSError:
        return False


def _journal(document: dict[str, Any]) -> Journal:
    if document["state"] not in ("staging", "swapping", "done"):
        raise ValueError(document["state"])
    steps = tuple(_step(table) for table in document["steps"])
    return Journal(document["state"], steps, tuple(_checked(folder) for folder in document["new_folders"]))


def _step(table: dict[str, Any]) -> FileChange:
    staging, sha256 = _checked(table["staging"]), table["sha256"]
    if not _STAGING_NAME.fullmatch(staging.rpartition("/")[2]) or type(table["number"]) is not int:
        raise ValueError(staging)
    if sha256 is not None and not _SHA256.fullmatch(sha256):
        raise ValueError(sha256)
    return FileChange(_checked(table["path"]), staging, table["number"], sha256)


def _checked(path: str) -> str:
    """Check a journal, which may have come with a checkout: no path in it may lead out of the project."""
    names = path.split("/")
    if any(name in ("", ".", "..") or is_repository_folder(name) for name in names) or _FORBIDDEN.intersection(path):
        raise ValueError(path)
    if len(path) > _MAX_JOINED_LENGTH:
        raise ValueError(path)
    return path
