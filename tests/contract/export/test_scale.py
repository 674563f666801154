"""Very many people: interrupted at random and gone on with, an export has the bytes of one that nothing interrupted."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time

import pytest
from sqlalchemy import select

from templates_server.storage.tables import environments, persons, spaces
from tests.benchmarks.export import ROWS_AT_ONCE, fill
from tests.contract.export.export_environment import ExportEnvironment
from tests.contract.ingest.test_memory import high_water_kib

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="/proc of Linux")]
IS_FULL_SCALE = os.environ.get("MTRIBES_FULL_SCALE") == "1"
USERS, KILLS, PACE_SECONDS = (1_000_000, 12, 0.01) if IS_FULL_SCALE else (20_000, 3, 0.05)
MOST_KIB = 200 * 1024
PATIENCE_SECONDS = 300


def environment_of(leaving: ExportEnvironment) -> str:
    """The id of the environment."""
    query = select(environments.c.id).join(spaces, spaces.c.id == environments.c.space_id)
    query = query.where(spaces.c.key == leaving.space, environments.c.name == "production")
    return leaving.server.database.read_sync(lambda connection: str(connection.execute(query).scalar_one()))


def fill_with(leaving: ExportEnvironment, environment_id: str) -> None:
    """So many users, as an import would have stored them."""
    for start in range(0, USERS, ROWS_AT_ONCE):
        numbers = range(start, min(start + ROWS_AT_ONCE, USERS))
        leaving.server.database.write_sync(
            lambda connection, numbers=numbers: fill(connection, environment_id, numbers)  # type: ignore[misc]
        )


def change(leaving: ExportEnvironment, environment_id: str, chance: random.Random) -> None:
    """One of a hundred people changes, and one of a hundred goes."""
    endings = [f"%{number:02}" for number in chance.sample(range(100), 2)]
    here = persons.c.environment_id == environment_id
    changing = persons.update().where(here, persons.c.called.like(endings[0])).values(email="new@example.com")
    going = persons.delete().where(here, persons.c.called.like(endings[1]))
    for statement in (changing, going):
        leaving.server.database.write_sync(lambda connection, statement=statement: connection.execute(statement))  # type: ignore[misc]


def fetched_bytes(leaving: ExportEnvironment) -> int:
    """How much of it is here."""
    return sum(part.stat().st_size for part in leaving.parts())


def killed_on_its_way(leaving: ExportEnvironment, chance: random.Random) -> tuple[int, int]:
    """A command that is killed a while after it has gone on: what is here then, and the memory that it took."""
    before = fetched_bytes(leaving)
    process = leaving.started("--output", "broken.csv", seconds_a_piece=PACE_SECONDS)
    await_more(leaving, process, before)
    time.sleep(chance.uniform(0, 0.5))
    peak = high_water_kib(process.pid)
    process.kill()
    process.communicate()
    assert process.returncode == -9
    return fetched_bytes(leaving), peak


def await_more(leaving: ExportEnvironment, process: subprocess.Popen[bytes], before: int) -> None:
    """Wait until there is more than before; the snapshot is complete then, as nothing is fetched of another."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while fetched_bytes(leaving) <= before:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_killed_at_random_while_everything_changes_it_has_the_bytes_of_an_export_without_a_break(
    leaving: ExportEnvironment,
) -> None:
    environment_id = environment_of(leaving)
    fill_with(leaving, environment_id)
    chance = random.Random(11)  # noqa: S311 - the same changes in every run
    assert leaving.export("--output", "whole.csv").exit_code == 0
    sizes, peaks = [], []
    for _ in range(KILLS):
        size, peak = killed_on_its_way(leaving, chance)
        sizes.append(size)
        peaks.append(peak)
        change(leaving, environment_id, chance)
    outcome = leaving.export("--output", "broken.csv", "--json")
    assert outcome.exit_code == 0, outcome.err
    assert "Resuming the interrupted export from its original snapshot" in outcome.err
    assert outcome.envelope["data"]["rows"] == USERS
    assert sizes == sorted(set(sizes)), "each went on where the one before was killed"
    whole = leaving.read("whole.csv")
    assert sizes[-1] < len(whole), "none was interrupted before its end"
    assert leaving.read("broken.csv") == whole
    assert leaving.left_behind() == []
    assert max(peaks) < MOST_KIB
    assert leaving.export("--output", "later.csv").exit_code == 0
    assert leaving.read("later.csv") != whole, "nothing changed meanwhile"
    print(f"{USERS:,} users, killed {KILLS} times at bytes {sizes} of {len(whole):,}; {max(peaks) // 1024} MiB at most")  # noqa: T201 - with pytest -s
