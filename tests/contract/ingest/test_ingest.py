"""Users brought in by the real command line at the real server: what is stored, what is told, what is left behind."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from mtribes_cli.ingest import input_stream
from tests.cli.cli_runner import without_colors
from tests.contract.ingest.world import COLUMNS, FIELDS, Place, as_csv, loaded, model_of, row_of, totals_of

ROWS = [row_of(number) for number in range(60)]


def objects(rows: Sequence[Sequence[str]]) -> list[dict[str, object]]:
    """The same rows as JSON has them."""
    found = []
    for row in rows:
        cells = {name: cell for name, cell in zip(COLUMNS, row, strict=True) if cell}
        user: dict[str, object] = {name: cells[name] for name in FIELDS if name in cells}
        if "tags" in cells:
            user["tags"] = cells["tags"].split(";")
        found.append(user | {"attributes": {name: cells[name] for name in COLUMNS[7:] if name in cells}})
    return found


def left_behind(place: Place) -> list[str]:
    """What is in the state folder but locks and notes about rejects files."""
    folder = place.mtribes.folders.state / "imports"
    return [path.name for path in folder.glob("*") if path.suffix != ".rejects"]


def test_csv_is_stored_as_a_plain_model_says_and_the_same_file_again_changes_nothing(
    place: Place, small_parts: int
) -> None:
    file = place.write(ROWS)
    first = place.ingest(file, "--json")
    assert (first.exit_code, first.err) == (0, "")
    model = model_of(ROWS)
    assert totals_of(first) == model.totals
    assert place.stored() == model.users
    again = place.ingest(file, "--json")
    assert totals_of(again) == model_of(ROWS, ROWS).totals
    assert totals_of(again)["unchanged"] == len(ROWS)
    assert again.envelope["data"]["import"] != first.envelope["data"]["import"]
    assert place.stored() == model.users
    assert small_parts < len(ROWS)
    assert left_behind(place) == []


def test_repeated_ids_count_as_if_the_rows_came_one_by_one(place: Place, small_parts: int) -> None:
    rows = [row_of(number % 9, plan=f"plan-{number % 4}") for number in range(small_parts * 4)]
    outcome = place.ingest(place.write(rows), "--json")
    model = model_of(rows)
    assert totals_of(outcome) == model.totals
    assert place.stored() == model.users


@pytest.mark.parametrize("kind", ["ndjson", "json", "stdin", "gzip", "utf-16"])
def test_every_format_brings_the_same_users(place: Place, kind: str) -> None:
    home, users = place.mtribes.home, objects(ROWS)
    text = as_csv(ROWS)
    lines = "".join(json.dumps(user) + "\n" for user in users)
    name, content, options = {
        "ndjson": ("users.ndjson", lines.encode(), ()),
        "json": ("users.json", json.dumps(users, indent=1, ensure_ascii=False).encode(), ()),
        "gzip": ("users.csv.gz", gzip.compress(text.encode()), ()),
        "stdin": ("-", text.encode(), ()),
        "utf-16": ("users.csv", text.encode("utf-16"), ()),
    }[kind]
    if name != "-":
        (home / name).write_bytes(content)
    outcome = place.ingest(name, *options, "--json", stdin=content if name == "-" else "")
    assert totals_of(outcome) == model_of(ROWS).totals
    assert place.stored() == model_of(ROWS).users


def test_bad_rows_end_with_3_and_come_in_once_they_are_mended(place: Place, small_parts: int) -> None:
    rows = [list(row) for row in ROWS]
    for number in (3, 20, 21, 58):
        rows[number][1] = "no address"
    rows[30] = rows[30][:4]
    file = place.write(rows)
    outcome = place.ingest(file, "--json")
    assert (outcome.exit_code, outcome.envelope["status"]) == (3, "partial")
    assert totals_of(outcome) == {**model_of(ROWS).totals, "created": 55, "rejected": 5}
    assert small_parts < len(rows)
    rejects = place.mtribes.home / "users.rejects.csv"
    bad = loaded(rejects.read_bytes().decode())
    text = (place.mtribes.home / file).read_bytes().decode()
    for row in bad[:2]:
        assert text.splitlines()[int(row["_line"]) - 1].startswith(f"{row['user_id']},no address")
        assert row["_error"].startswith("email: This is not a valid e-mail address")
    assert [row["_raw"] for row in bad if row["_raw"]] == [",".join(rows[30])]
    mended = rejects.read_text(encoding="utf-8").replace("no address", "a@example.com")
    header = mended.splitlines()[0]
    kept = [line for line in mended.splitlines() if "the row has 4 cells" not in line]
    rejects.write_text("\n".join(kept) + "\n", encoding="utf-8")
    assert header == ",".join([*COLUMNS, "_line", "_error", "_raw"])
    again = place.ingest("users.rejects.csv", "--json")
    assert (again.exit_code, totals_of(again)["created"]) == (0, 4), again.out
    assert not (place.mtribes.home / "users.rejects-2.csv").exists()
    stored = place.stored()
    assert all(stored[user]["attributes"] == model_of(ROWS).users[user]["attributes"] for user in stored)


@pytest.mark.parametrize("kind", ["ndjson", "json"])
def test_rejected_objects_keep_their_own_form(place: Place, kind: str) -> None:
    good, bad = {"user_id": "1", "email": "a@example.com"}, {"user_id": "2", "email": "no", "attributes": {"n": 1}}
    home, lines = place.mtribes.home, [json.dumps(good), json.dumps(bad)]
    text = "".join(f"{line}\n" for line in [*lines, "{nope"]) if kind == "ndjson" else f"[{lines[0]},\n{lines[1]}]"
    (home / f"users.{kind}").write_text(text)
    assert place.ingest(f"users.{kind}").exit_code == 3
    written = (home / f"users.rejects.{kind}").read_text()
    rows = json.loads(written) if kind == "json" else [json.loads(line) for line in written.splitlines()]
    assert {**bad, "_line": 2} == {name: value for name, value in rows[0].items() if name != "_error"}
    assert kind == "json" or (rows[1]["_raw"], rows[1]["_line"]) == ("{nope", 3)
    (home / f"users.rejects.{kind}").write_text(written.replace('"no"', '"b@example.com"'))
    again = place.ingest(f"users.rejects.{kind}", "--json")
    assert totals_of(again)["created"] == 1
    assert place.stored()["2"]["attributes"] == {"n": 1}


def test_a_rejects_file_is_replaced_only_while_it_is_as_it_was_left(place: Place) -> None:
    rows = [row_of(1), ["", *row_of(2)[1:]]]
    home, file = place.mtribes.home, place.write(rows)
    assert place.ingest(file).exit_code == 3
    assert place.ingest(file).exit_code == 3
    assert [path.name for path in home.glob("users.rejects*")] == ["users.rejects.csv"]
    edited = (home / "users.rejects.csv").read_text() + "mine\n"
    (home / "users.rejects.csv").write_text(edited)
    outcome = place.ingest(file)
    assert "users.rejects-2.csv" in outcome.err
    assert (home / "users.rejects.csv").read_text() == edited
    place.write([row_of(1)])
    assert place.ingest(file).exit_code == 0
    assert (home / "users.rejects.csv").read_text() == edited


def test_a_rejects_file_of_before_goes_when_nothing_is_rejected_any_more(place: Place) -> None:
    file = place.write([row_of(1), ["", *row_of(2)[1:]]])
    assert place.ingest(file).exit_code == 3
    place.write([row_of(1)])
    assert place.ingest(file).exit_code == 0
    assert not (place.mtribes.home / "users.rejects.csv").exists()


def test_somebody_elses_file_is_never_taken_for_rejects(place: Place) -> None:
    file = place.write([row_of(1)])
    (place.mtribes.home / "mine.csv").write_text("mine")
    taken = place.ingest(file, "--rejects", "mine.csv")
    assert (taken.exit_code, "mine.csv already exists" in taken.err) == (1, True)
    itself = place.ingest(file, "--rejects", file)
    assert itself.exit_code == 2
    assert place.stored() == {}


def test_too_many_bad_rows_end_it_early_and_a_higher_limit_goes_on(place: Place, small_parts: int) -> None:
    rows = [list(row) for row in ROWS]
    for number in (8, 9, 10, 40):
        rows[number][1] = "no address"
    file = place.write(rows)
    outcome = place.ingest(file, "--max-errors", "2", "--json")
    assert outcome.exit_code == 3
    told = totals_of(outcome)
    assert (told["read"], told["rejected"], told["created"]) == (2 * small_parts, 3, 2 * small_parts - 3)
    assert len(place.stored()) == told["created"]
    assert len(loaded((place.mtribes.home / "users.rejects.csv").read_text(encoding="utf-8"))) == 3
    rest = place.ingest(file, "--json")
    assert totals_of(rest) == {"read": 60, "created": 56, "updated": 0, "unchanged": 0, "rejected": 4}


def test_a_dry_run_sends_nothing_and_tells_what_is_wrong_here(place: Place) -> None:
    rows = [row_of(1), row_of(2)[:3], ["", *row_of(3)[1:]]]
    place.mtribes.environment.pop("MTRIBES_TOKEN")
    outcome = place.ingest(place.write(rows), "--dry-run", "--json")
    assert outcome.exit_code == 3
    assert outcome.envelope["data"] == {
        "import": None,
        "read": 3,
        "created": None,
        "updated": None,
        "unchanged": None,
        "rejected": 2,
    }
    assert [error["path"] for error in outcome.envelope["errors"]][:2] == ["line 3", "line 4"]
    assert sorted(path.name for path in place.mtribes.home.glob("users*")) == ["users.csv"]


def test_a_file_without_rows_is_no_failure(place: Place) -> None:
    outcome = place.ingest(place.write([]))
    assert (outcome.exit_code, outcome.out) == (
        0,
        "Read 0 = created 0 + updated 0 + unchanged 0 + rejected 0.\n",
    )


def test_a_bar_is_shown_at_a_terminal_and_nowhere_else(place: Place, small_parts: int) -> None:
    file = place.write(ROWS)
    shown = place.ingest(file, terminal=True)
    assert "rows/s" in shown.err
    assert f"{'━' * 20} 100%" in without_colors(shown.err)
    assert small_parts < len(ROWS)
    assert place.ingest(file).err == ""
    assert "rows/s" not in place.ingest(file, "--quiet", terminal=True).err


def test_the_bar_claims_no_more_than_the_server_has_acknowledged(
    place: Place, small_parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(input_stream, "CHUNK_BYTES", 100)
    file = place.write(ROWS)
    size = (place.mtribes.home / file).stat().st_size
    shown = without_colors(place.ingest(file, terminal=True).err)
    claims = [(int(percent), int(rows)) for percent, rows in re.findall(r"(\d+)%  (\d+) rows", shown)]
    assert len({rows for _, rows in claims}) >= len(ROWS) // small_parts
    assert claims == sorted(claims)
    for percent, rows in claims:
        acknowledged = 100 * len(as_csv(ROWS[:rows]).encode()) / size
        assert acknowledged - 5 < percent <= acknowledged
    assert [percent for percent, _ in claims if percent == 100] == [claims[-1][0]]


@pytest.mark.parametrize("is_packed", [True, False])
def test_of_what_has_no_known_size_no_share_is_claimed(place: Place, small_parts: int, *, is_packed: bool) -> None:
    content = (place.mtribes.home / place.write(ROWS)).read_bytes()
    (place.mtribes.home / "users.csv.gz").write_bytes(gzip.compress(content))
    given = ("users.csv.gz", b"") if is_packed else ("-", content)
    shown = place.ingest(given[0], stdin=given[1], terminal=True).err
    assert f"{small_parts} rows" in shown
    assert not re.search(r"\d%", shown)
    assert "left" not in shown


def test_whoever_may_not_write_is_told_and_nothing_is_left_behind(place: Place) -> None:
    place.mtribes.environment["MTRIBES_TOKEN"] = "mtp_" + "0" * 36
    outcome = place.ingest(place.write(ROWS))
    assert outcome.exit_code == 4
    assert not list(place.mtribes.home.glob("*.rejects*"))


def test_no_row_is_kept_in_the_state_folder(place: Place, small_parts: int) -> None:
    rows = [list(row) for row in ROWS]
    rows[50][1] = "a-value-that-is-nobodys-business"
    place.ingest(place.write(rows), "--max-errors", "0")
    state = place.mtribes.folders.state
    kept = [path for path in state.rglob("*.import") if path.is_file()]
    assert len(kept) == 1
    assert small_parts < len(rows)
    for path in (path for path in Path(state).rglob("*") if path.is_file()):
        assert b"nobodys-business" not in path.read_bytes()
        assert b"@example.com" not in path.read_bytes()
