"""Commands that read files of hostile content, or what is no file: which of them ended as none should."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.cli.cli_runner import Outcome
from tests.fuzz.hostile_bytes import changed_bytes

DOCUMENTED = {0, 1, 2, 3, 4, 75}
QUICK, LONG = 25, int(os.environ.get("MTRIBES_FUZZ_FILES", "150"))
"""Contents of each file in the quick run and in the long proof; the variable is for a longer one by hand."""
MAX_PROCESSOR_SECONDS = 5.0
SPARSE_BYTES = 2**40
Run = Callable[..., Outcome]


@dataclass(frozen=True)
class UnreadableFile:
    """A sound file where it lies; `beside` are others that must be there too, and are put back each time."""

    path: Path
    sound: bytes
    beside: Mapping[Path, bytes] = field(default_factory=dict)


def run_on_contents(
    run: Run, file: UnreadableFile, commands: Sequence[Sequence[str]], *, seed: int, contents: int
) -> list[str]:
    """Return the commands that ended as none should, with the content that they read."""
    chance = Random(seed)  # noqa: S311 - a draw, not a secret
    wrong = []
    for number in range(contents):
        content = changed_bytes(file.sound, chance)
        for place, bytes_there in {**file.beside, file.path: content}.items():
            clear(place)
            place.write_bytes(bytes_there)
        wrong += _outcome_of(run, commands[number % len(commands)], repr(content[:500]))
    return wrong


def run_on_special_files(
    run: Run, path: Path, commands: Sequence[Sequence[str]], odd_places: Mapping[str, Callable[[Path], None]]
) -> list[str]:
    """Return the commands that ended as none should where something stands in a file's place that is none."""
    wrong = []
    for name, make in odd_places.items():
        for words in commands:
            clear(path)
            make(path)
            wrong += _outcome_of(run, words, name)
    clear(path)
    return wrong


def _outcome_of(run: Run, words: Sequence[str], read: str) -> list[str]:
    began = time.process_time()
    outcome = run(*words)
    seconds = time.process_time() - began
    if outcome.exit_code in DOCUMENTED and seconds < MAX_PROCESSOR_SECONDS and "Traceback" not in outcome.err:
        return []
    return [f"{outcome.exit_code} after {seconds:.1f} s of {words}: {read}\n{outcome.err[-500:]}"]


def clear(path: Path) -> None:
    """Have nothing at a path, in a folder that is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(SPARSE_BYTES)


def _full_folder(path: Path) -> None:
    path.mkdir()
    (path / "something").write_bytes(b"x")


ODD_PLACES: Mapping[str, Callable[[Path], None]] = {
    "an empty folder": Path.mkdir,
    "a folder": _full_folder,
    "a loop of links": _loop,
    "a link to nothing": lambda path: path.symlink_to("nowhere/at/all"),
    "an endless device": lambda path: path.symlink_to("/dev/zero"),
    "an empty device": lambda path: path.symlink_to("/dev/null"),
    "a terabyte of nothing": _sparse,
}
PIPE: Mapping[str, Callable[[Path], None]] = {"a pipe without a writer": os.mkfifo}
"""What a user names may be one, and then it is waited for; no other file may."""
