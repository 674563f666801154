"""The memory of the command does not grow with the file."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from pathlib import Path

import pytest

from tests.contract.ingest.world import Place, as_csv, row_of

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="/proc of Linux")]
IS_FULL_SCALE = os.environ.get("MTRIBES_FULL_SCALE") == "1"
FEW, MANY, ROWS_A_PART = (250_000, 1_000_000, 50_000) if IS_FULL_SCALE else (40_000, 120_000, 5_000)
MOST_KIB = 200 * 1024


def peak_kib(place: Place, rows: int) -> int:
    """What the command takes at most, for so many rows."""
    with (place.mtribes.home / "users.csv").open("w", encoding="utf-8", newline="") as file:
        file.write(as_csv([]))
        for number in range(rows):
            file.write(as_csv([row_of(number)]).split("\r\n", 1)[1])
    process = place.started("users.csv", rows=ROWS_A_PART)
    peak = 0
    while process.poll() is None:
        peak = max(peak, high_water_kib(process.pid))
        time.sleep(0.05)
    assert process.returncode == 0
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    return peak


def high_water_kib(pid: int) -> int:
    """The most that a process has taken by now; what its parent took before it began does not count, as in wait4."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
        return int(found[1]) if found else 0
    return 0


def test_four_times_the_rows_take_no_more_memory(place: Place) -> None:
    few, many = peak_kib(place, FEW), peak_kib(place, MANY)
    print(f"{FEW:,} rows: {few // 1024} MiB; {MANY:,} rows: {many // 1024} MiB")  # noqa: T201 - with pytest -s
    assert 0 < many < MOST_KIB
    assert many < few * 1.25
