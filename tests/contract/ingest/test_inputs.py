"""Files as spreadsheets, databases and other programs write them: what becomes of each, to the last person and word."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.contract.ingest.world import Place, totals_of

INPUTS = Path(__file__).parent / "inputs"
TABLE = json.loads((Path(__file__).parent / "inputs.json").read_text(encoding="utf-8"))
LONG = {  # too large to lie here
    "c01_long_cell.csv": f"user_id,note\nc1,{'x' * 131_073}\nc1b,ok\n",
    "c01b_long_cell_130k.csv": f"user_id,note\nc1,{'x' * 131_072}\nc1b,ok\n",
    "c01c_long_cell_quoted.csv": f'user_id,note\nc1,"{"x" * 140_000}"\nc1b,ok\n',
    "c01d_long_cell_leftout.csv": f"user_id,note\nc1,{'x' * 140_000}\nc1b,ok\n",
    "c01e_long_badrow.csv": f"user_id,email,note\nc1e,broken,{'x' * 140_000}\nc1f,ok@example.com,y\n",
    "c01f_long_header.csv": f"user_id,{'x' * 140_000}\nc1,v\n",
}


@dataclass
class Told:
    """What a user sees of an import, and what is stored afterwards."""

    exit_code: int
    totals: dict[str, int] | None
    errors: dict[str, str]
    notices: list[str]
    stored: dict[str, Any] = field(default_factory=dict)


def told_of(place: Place, name: str, *options: str) -> Told:
    outcome = place.ingest(name, "--json", *options)
    envelope = outcome.envelope
    placed = [error for error in envelope["errors"] if error.get("path") not in {None, name}]
    errors = {error["path"]: error["message"] for error in placed}
    if envelope["status"] == "error":
        errors = {"error": envelope["errors"][0]["message"], "hint": envelope["errors"][0]["hint"], **errors}
    stored = {user: {key: value for key, value in kept.items() if value} for user, kept in place.stored().items()}
    notices = [line for line in outcome.err.splitlines() if "rejects" not in line]
    return Told(outcome.exit_code, envelope["data"] and totals_of(outcome), errors, notices, stored)


def brought(place: Place, name: str) -> None:
    """Put the file into the user's folder."""
    if name in LONG:
        (place.mtribes.home / name).write_text(LONG[name], encoding="utf-8", newline="")
    else:
        shutil.copy(INPUTS / name, place.mtribes.home / name)


def test_the_table_has_every_input() -> None:
    assert {path.name for path in INPUTS.iterdir()} | set(LONG) == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_a_file_has_the_outcome_of_the_table(place: Place, name: str) -> None:
    expected = TABLE[name]
    brought(place, name)
    dry = told_of(place, name, "--dry-run")
    assert (dry.exit_code, dry.stored) == (expected["dry_exit_code"], {})
    told = told_of(place, name)
    assert vars(told) == {key: value for key, value in expected.items() if key != "dry_exit_code"}
    if told.totals:
        assert told.totals["read"] == sum(told.totals[key] or 0 for key in ("created", "updated", "rejected"))


REJECTED = [name for name, row in TABLE.items() if row["exit_code"] == 3]
UNDECODABLE = "a07b_cp1252_cells.csv"
"""Its cell that is no text goes to `_raw`: the row that is left over is good, and comes in without it."""


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in REJECTED if name != UNDECODABLE])
def test_a_rejects_file_can_be_fed_back(place: Place, name: str) -> None:
    """As it is, each row is rejected again: none is lost, none comes in by chance."""
    brought(place, name)
    first = told_of(place, name)
    assert first.totals is not None
    (rejects,) = place.mtribes.home.glob("*.rejects*")
    again = told_of(place, rejects.name)
    assert again.exit_code == 3, again
    assert again.totals is not None
    assert again.totals["rejected"] == again.totals["read"] == first.totals["rejected"]
    assert again.stored == first.stored
