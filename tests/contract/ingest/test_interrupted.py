"""Killed, interrupted, cut off or overtaken: the same command goes on, applies nothing twice and tells all."""

from __future__ import annotations

import functools
import os
import random
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from mtribes_cli.main import main
from mtribes_cli.terminal.console import standard_streams
from templates_server.storage.tables import import_parts
from tests.contract.ingest.world import Place, model_of, outcome_of, row_of, totals_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills of Unix")
IS_FULL_SCALE = os.environ.get("MTRIBES_FULL_SCALE") == "1"
KILLS = 100 if IS_FULL_SCALE else 3
CRASH_POINTS = (
    "import-begun",
    "import-part-answered",
    "import-part-kept",
    "import-completed",
    "import-rejects-written",
    "private-file-staged",
    "private-file-replaced",
)
ROWS_A_PART = 7
GOOD = [row_of(number) for number in range(40)]


def rows_with_faults() -> list[list[str]]:
    rows = [list(row) for row in GOOD]
    for number in (2, 17, 38):
        rows[number][1] = "no address"
    return rows


FAULTY = rows_with_faults()
EXPECTED = {**model_of([row for row in FAULTY if row[1] != "no address"]).totals, "read": 40, "rejected": 3}


def is_all_there(place: Place) -> None:
    assert place.stored() == model_of([row for row in FAULTY if row[1] != "no address"]).users
    assert (place.mtribes.home / "users.rejects.csv").read_text(encoding="utf-8").count("no address") == 3
    imports = place.mtribes.folders.state / "imports"
    assert [path for path in imports.iterdir() if path.suffix != ".rejects"] == []
    assert [path.name for path in place.mtribes.home.iterdir() if path.name.startswith(".users")] == []


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, pytest.param(3, marks=pytest.mark.slow)])
@pytest.mark.parametrize("point", CRASH_POINTS[:5])
def test_killed_anywhere_the_same_command_goes_on(place: Place, small_parts: int, point: str, count: int) -> None:
    file = place.write(FAULTY)
    is_reached = count == 1 or point in ("import-part-answered", "import-part-kept")
    dying = outcome_of(place.started(file, rows=ROWS_A_PART, dies_at=(point, count)))
    assert dying.exit_code == (-9 if is_reached else 3), dying.err
    assert small_parts == ROWS_A_PART
    last = place.ingest(file, "--json")
    assert last.exit_code == 3, last.out
    expected = EXPECTED if is_reached else {**EXPECTED, "created": 0, "unchanged": 37}
    assert totals_of(last) == expected
    is_all_there(place)


@pytest.mark.slow
def test_killed_at_random_again_and_again_it_comes_to_the_end(place: Place) -> None:
    chance = random.Random(4)  # noqa: S311 - the same moments in every run
    rows: list[list[str]] = []
    for kill in range(KILLS):
        mine = [[f"k{kill}-{row[0]}", *row[1:]] for row in FAULTY]
        rows += [row for row in mine if row[1] != "no address"]
        file, completed = place.write(mine), place.completed_imports()
        for _ in range(3):
            process = place.started(file, rows=3)
            time.sleep(chance.uniform(0.1, 1.5))
            process.kill()
            outcome_of(process)
        was_done = place.completed_imports() > completed  # then the next one finds all there
        told = totals_of(outcome_of(place.started(file, "--json", rows=3)))
        assert (told["read"], told["rejected"]) == (40, 3)
        assert told["created"] == 37 or was_done
    assert place.stored() == model_of(rows).users


def interrupted(place: Place, file: str, point: str, raising: Callable[[], None], count: int = 1) -> int:
    """In this process: `raising` is called where the command is at `point` for the `count`-th time."""
    reached: list[str] = []

    def failpoint(name: str) -> None:
        reached.append(name)
        if name == point and reached.count(point) == count:
            raising()

    context = replace(place.mtribes.context(standard_streams()), failpoint=failpoint)
    return main(place.words(file), context)


def press_ctrl_c_once_stored(place: Place, rows: int) -> None:
    """Ctrl-C when so many rows are stored: the two parts after the last one that is known here are on their way."""
    deadline = time.monotonic() + 20
    while len(place.stored()) < rows:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    press_ctrl_c()


def press_ctrl_c() -> None:
    raise KeyboardInterrupt


def test_ctrl_c_ends_with_130_leaves_nothing_half_written_and_says_how_to_go_on(
    place: Place, small_parts: int, capsys: pytest.CaptureFixture[str]
) -> None:
    file = place.write(FAULTY)
    assert interrupted(place, file, "import-part-kept", press_ctrl_c, count=2) == 130
    said = capsys.readouterr().err
    assert f"{small_parts:,} rows" in said
    assert "to resume" in said
    assert not list(place.mtribes.home.glob("*rejects*"))
    last = place.ingest(file, "--json")
    assert "after part 2" in last.err
    assert totals_of(last) == EXPECTED
    is_all_there(place)


def test_nothing_that_was_applied_is_sent_again(place: Place, small_parts: int) -> None:
    file = place.write(FAULTY)
    assert interrupted(place, file, "import-part-kept", press_ctrl_c, count=3) == 130
    rest = place.ingest(file, "--verbose")
    sent = [line for line in rest.err.splitlines() if line.startswith("PUT ")]
    numbers = [line.split("/parts/")[1].split()[0] for line in sent]
    assert sorted(numbers) == ["4", "5", "6"]  # the last two are on their way together
    assert small_parts == ROWS_A_PART


@pytest.mark.parametrize("changed", [1, 22])
def test_a_file_that_was_changed_meanwhile_is_a_new_import(place: Place, small_parts: int, changed: int) -> None:
    file = place.write(GOOD)
    press = functools.partial(press_ctrl_c_once_stored, place, 5 * small_parts)
    assert interrupted(place, file, "import-part-kept", press, count=3) == 130
    newer = [list(row) for row in GOOD]
    newer[changed][7] = "silver"
    place.write(newer)
    outcome = place.ingest(file, "--json")
    assert "changed" in outcome.err
    assert totals_of(outcome) == model_of(GOOD[: 5 * small_parts], newer).totals
    assert place.stored() == model_of(newer).users


def test_a_part_that_was_answered_but_not_noted_and_then_changed_is_a_new_import(
    place: Place, small_parts: int
) -> None:
    file = place.write(GOOD)
    press = functools.partial(press_ctrl_c_once_stored, place, 4 * small_parts)
    assert interrupted(place, file, "import-part-answered", press, count=2) == 130
    newer = [list(row) for row in GOOD]
    newer[small_parts + 1][7] = "silver"
    place.write(newer)
    outcome = place.ingest(file, "--json")
    assert "changed" in outcome.err
    assert totals_of(outcome) == model_of(GOOD[: 4 * small_parts], newer).totals
    assert place.stored() == model_of(newer).users


@pytest.mark.slow
def test_stdin_goes_on_when_the_same_bytes_come_again(place: Place, small_parts: int) -> None:
    text = (place.mtribes.home / place.write(FAULTY)).read_bytes()
    other = (place.mtribes.home / place.write(GOOD[20:30], "other.csv")).read_bytes()
    dying = place.started("-", rows=small_parts, dies_at=("import-part-kept", 3), stdin=text)
    assert outcome_of(dying).exit_code == -9
    assert place.ingest("-", stdin=other).exit_code == 0
    outcome = place.ingest("-", "--json", stdin=text)
    assert "after part 3" in outcome.err
    created = totals_of(outcome)["created"]  # those on their way when it was killed may have arrived before the others
    assert 28 <= created <= 37
    assert totals_of(outcome) == {**EXPECTED, "created": created, "unchanged": 37 - created}
    assert (place.mtribes.home / "stdin.rejects.csv").exists()


@pytest.mark.slow
def test_a_server_that_forgot_parts_gets_them_again(place: Place, small_parts: int) -> None:
    """As after a restored backup: the journal says more than the server knows."""
    file = place.write(FAULTY)
    press = functools.partial(press_ctrl_c_once_stored, place, 37)
    assert interrupted(place, file, "import-part-kept", press, count=4) == 130
    database = place.server.database
    newest = select(import_parts.c.import_id).order_by(import_parts.c.applied.desc()).limit(1)
    import_id = database.read_sync(lambda connection: connection.execute(newest).scalar_one())
    lost = delete(import_parts).where(import_parts.c.import_id == import_id, import_parts.c.part > 1)
    database.write_sync(lambda connection: connection.execute(lost))
    last = place.ingest(file, "--json")
    assert "after part 1" in last.err
    assert totals_of(last)["read"] == 40
    assert small_parts == ROWS_A_PART
    is_all_there(place)


@pytest.mark.slow
def test_of_two_at_once_one_waits_and_then_finds_all_unchanged(place: Place, small_parts: int) -> None:
    file = place.write(GOOD)
    go_on, outcomes = threading.Event(), []

    def second() -> None:
        outcomes.append(place.ingest(file, "--json"))

    waiting = threading.Thread(target=second)

    def let_the_other_come() -> None:
        waiting.start()
        go_on.wait(1)

    assert interrupted(place, file, "import-part-kept", let_the_other_come) == 0
    waiting.join(60)
    assert "Waiting for another mtribes process that is importing users.csv" in outcomes[0].err
    assert totals_of(outcomes[0]) == model_of(GOOD, GOOD).totals
    assert place.stored() == model_of(GOOD).users
    assert small_parts == ROWS_A_PART


def test_a_journal_whose_last_line_broke_off_is_good_up_to_there(place: Place, small_parts: int) -> None:
    file = place.write(FAULTY)
    assert interrupted(place, file, "import-part-kept", press_ctrl_c, count=3) == 130
    journal = next(Path(place.mtribes.folders.state / "imports").glob("*.import"))
    journal.write_bytes(journal.read_bytes()[:-20])
    last = place.ingest(file, "--json")
    assert "after part 2" in last.err
    assert totals_of(last) == EXPECTED
    assert small_parts == ROWS_A_PART
    is_all_there(place)
