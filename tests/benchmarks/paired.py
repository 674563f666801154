"""Two commands run in turn, A B A B ..., and the ratio of their wall times, pair by pair."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

DEFAULT_PAIRS = 7


class Timed(Protocol):
    """What can be run and timed."""

    @property
    def label(self) -> str:
        """What people call it."""
        ...

    def seconds(self) -> float:
        """Wall time of one run."""
        ...


@dataclass(frozen=True)
class Command:
    """A program with its arguments, run to its end; `before` is done untimed ahead of every run."""

    label: str
    argv: Sequence[str]
    folder: Path | None = None
    environment: Mapping[str, str] | None = None
    before: Callable[[], None] | None = None

    def seconds(self) -> float:
        """Wall time of one run; RuntimeError with what it printed when it fails."""
        if self.before is not None:
            self.before()
        began = time.perf_counter()
        done = subprocess.run(self.argv, cwd=self.folder, env=self.environment, capture_output=True, check=False)
        taken = time.perf_counter() - began
        if done.returncode != 0:
            raise RuntimeError(f"{self.label} ended with {done.returncode}: {done.stdout!r} {done.stderr!r}")
        return taken


def compare(subject: Timed, peer: Timed, target: float, pairs: int = DEFAULT_PAIRS) -> float:
    """Print and return the median of the ratios, after one pair that does not count."""
    subject.seconds(), peer.seconds()
    times = [(subject.seconds(), peer.seconds()) for _ in range(pairs)]
    ratio = statistics.median(ours / theirs for ours, theirs in times)
    ours = statistics.median(pair[0] for pair in times)
    theirs = statistics.median(pair[1] for pair in times)
    sys.stdout.write(
        f"{subject.label} against {peer.label}: {ratio:.2f} x (target {target:g} x), "
        f"median of {pairs} pairs, {ours * 1000:.0f} ms and {theirs * 1000:.0f} ms\n"
    )
    return ratio
