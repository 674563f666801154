"""All that is wrong with a row in one pass, whoever finds it; header rows in the middle; columns without a name."""

from __future__ import annotations

import csv
import io
import json
from signal import SIGKILL
from typing import Any

import pytest

from tests.contract.ingest.world import Place, loaded, outcome_of, totals_of

EMAIL = "email: This is not a valid e-mail address: it needs one @ followed by a domain with a dot, without spaces"
JOINED = "joined: This must be a date such as 2026-11-21 or a time such as 2026-11-21T20:35:00Z"
AGE = "age: This is not a number such as 12 or 0.5"
VIP = "vip: This is not true or false"


def brought(place: Place, text: str, *options: str, name: str = "users.csv") -> dict[str, Any]:
    """The totals, the reasons in the rejects file by line, and the notices."""
    (place.mtribes.home / name).write_text(text, encoding="utf-8", newline="")
    outcome = place.ingest(name, "--json", *options)
    assert outcome.exit_code in {0, 3}, outcome
    rejects = sorted(place.mtribes.home.glob("*.rejects.*"))
    content = rejects[0].read_text(encoding="utf-8") if rejects else ""
    is_csv = bool(rejects) and rejects[0].suffix == ".csv"
    delimiter = ";" if ";_line" in content else ","
    rows = (
        list(csv.DictReader(io.StringIO(content, newline=""), delimiter=delimiter))
        if is_csv
        else [json.loads(line) for line in content.splitlines()]
    )
    reasons = {int(row["_line"]): row["_error"] for row in rows}
    return {"totals": totals_of(outcome), "reasons": reasons, "notices": outcome.err}


def test_faults_found_here_and_by_the_server_are_told_together(place: Place) -> None:
    text = (
        "user_id,email,joined,age,vip\nk1,broken,soon,x,maybe\nk2,,,7,yes\nk3,broken,,x,\n,broken,,,\n k4,broken,,1,\n"
    )
    told = brought(place, text, "--type", "age=number", "--type", "vip=boolean")
    assert told["reasons"] == {
        2: f"{AGE}; {VIP}; {EMAIL}; {JOINED}.",
        4: f"{AGE}; {EMAIL}.",
        5: f"user_id: This is missing; {EMAIL}.",
        6: f"user_id: This begins with U+0020 (space): remove the invisible characters; {EMAIL}.",
    }
    assert told["totals"] == {"read": 5, "created": 1, "updated": 0, "unchanged": 0, "rejected": 4}
    assert place.stored()["k2"]["attributes"] == {"age": 7, "vip": True}


def test_faults_of_an_object_are_told_together(place: Place) -> None:
    rows = [
        {"user_id": " k1", "email": "broken", "joined": "soon", "tags": [f"t{n}" for n in range(200)],
         "add_tags": [f"s{n}" for n in range(100)]},
        {"user_id": "k2", "email": "ok@example.com"},
    ]  # fmt: skip
    told = brought(place, "".join(f"{json.dumps(row)}\n" for row in rows), name="users.ndjson")
    assert told["reasons"] == {
        1: f"user_id: This begins with U+0020 (space): remove the invisible characters; {EMAIL}; {JOINED}; tags: "
        "The user would have 300 tags; the maximum is 256."
    }
    assert told["totals"]["created"] == 1


def test_more_faults_than_are_told_are_counted(place: Place) -> None:
    row = {"user_id": "k1", "attributes": {f"a{n}": "x" * 5000 for n in range(14)}}
    reason = brought(place, json.dumps(row), name="users.ndjson")["reasons"][1]
    assert reason.count("the maximum is 4,096") == 10
    assert reason.endswith("; 4 more problems in this row are not listed.")


def test_too_many_bad_rows_are_seen_before_anything_is_sent(place: Place) -> None:
    text = "user_id,email,age\ngood,,1\nk1,broken,x\nk2,broken,y\n"
    told = brought(place, text, "--type", "age=number", "--max-errors", "1")
    assert told["totals"]["rejected"] == 2
    assert told["reasons"] == {3: f"{AGE}.", 4: f"{AGE}."}
    assert place.stored() == {}


@pytest.mark.slow
def test_an_interrupted_import_tells_all_faults_again(place: Place, small_parts: int) -> None:
    lines = [f"u{number},{'broken' if number % 5 == 0 else ''},{'x' if number % 3 == 0 else 1}" for number in range(40)]
    (place.mtribes.home / "users.csv").write_text("\n".join(["user_id,email,age", *lines, ""]), encoding="utf-8")
    words = ("users.csv", "--type", "age=number")
    assert outcome_of(place.started(*words, rows=small_parts, dies_at=("import-part-kept", 3))).exit_code == -SIGKILL
    assert place.ingest(*words).exit_code == 3
    rows = loaded((place.mtribes.home / "users.rejects.csv").read_text(encoding="utf-8"))
    expected = {
        str(number + 2): "; ".join([*([AGE] if number % 3 == 0 else []), *([EMAIL] if number % 5 == 0 else [])]) + "."
        for number in range(40)
        if number % 3 == 0 or number % 5 == 0
    }
    assert {row["_line"]: row["_error"] for row in rows} == expected
    assert len(place.stored()) == 40 - len(expected)


def test_a_header_in_another_order_ends_what_can_be_told(place: Place) -> None:
    """Nobody is called as a plan is; rows count again below a header in the order of the first."""
    text = "user_id,plan\nk1,gold\nplan,user_id\nsilver,k2\nuser_id,plan\nk3,gold\n"
    told = brought(place, text)
    assert set(place.stored()) == {"k1", "k3"}
    assert set(told["reasons"]) == {3, 4}
    assert "line 3 repeats the header with the columns in another order" in told["reasons"][4]
    assert "Skipped line 5: it repeats the header." in told["notices"]


def test_repeated_headers_are_counted_and_some_are_named(place: Place) -> None:
    told = brought(place, "".join(f'"user_id" ,plan\nk{number},x\n' for number in range(9)).replace('" ', '"'))
    assert told["totals"]["created"] == 9
    assert "Skipped lines 3, 5, 7, 9, 11 and 3 more: they repeat the header." in told["notices"]


def test_a_column_without_a_name_must_be_empty(place: Place) -> None:
    told = brought(place, "user_id,,plan,\nk1,,gold,\nk2,note,gold,\nk3,,gold, \nk4,,,x\n")
    assert told["reasons"] == {
        3: "column 2: This column has no name but contains a value.",
        5: "column 4: This column has no name but contains a value.",
    }
    assert set(place.stored()) == {"k1", "k3"}


@pytest.mark.parametrize("cell", ["1.23E+15", "1,23E+15", "1e+21", "-4.5E+12"])
def test_a_number_that_was_cut_short_is_no_id(place: Place, cell: str) -> None:
    text = f"user_id;plan\n{cell};gold\n"
    told = brought(place, text)
    assert cell in told["reasons"][2]
    assert "--type user_id=text" in told["reasons"][2]
    (place.mtribes.home / "users.rejects.csv").unlink()
    assert brought(place, text, "--type", "user_id=text")["totals"]["created"] == 1
    assert set(place.stored()) == {cell}


@pytest.mark.parametrize("cell", ["1E5", "12e7", "1.5E-7", "E+5", "a1E+5", "+41446681800"])
def test_other_ids_with_an_e_or_a_plus_are_taken(place: Place, cell: str) -> None:
    assert brought(place, f"user_id\n{cell}\n")["totals"]["created"] == 1
    assert set(place.stored()) == {cell}


def test_blanks_at_edges_count_in_text_alone(place: Place) -> None:
    text = (
        "user_id,email,phone,timezone,locale,joined,tags,age,note\n"
        "k1, a@b.cd\u00a0,\u200b1 ,Europe/Berlin , en, 2026-11-21 , a ; b ,  7 , as it is \n"
        'k2," a@b.cd\t","  ", , ,\u00a0," ", , \n'
    )
    assert brought(place, text, "--type", "age=number")["reasons"] == {}
    stored = place.stored()
    assert stored["k1"] == {
        "email": "a@b.cd",
        "phone": "1",
        "timezone": "Europe/Berlin",
        "locale": "en",
        "joined": "2026-11-21",
        "tags": ["a", "b"],
        "attributes": {"age": 7, "note": " as it is "},
    }
    assert (stored["k2"]["email"], stored["k2"]["phone"], stored["k2"]["attributes"]) == ("a@b.cd", None, {"note": " "})
