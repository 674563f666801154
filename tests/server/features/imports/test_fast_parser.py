"""The quick way to read a row gives what the rules give, for whatever is sent."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from templates_server.features.imports.fast_parser import UNUSUAL_ESCAPE, plain_rows
from templates_server.features.imports.parser import LINES_AT_ONCE, read_part, read_row
from templates_server.features.people.identity import PersonKind, make_person_ref
from templates_server.primitives.ids import ALPHABET, derive_id
from tests.server.features.tribes.oracle import share_number

ODD_CHARACTERS = [
    "",
    ".",
    "..",
    "a\0b",
    "a\nb",
    "a\u2028b",
    "\ud800",
    "\x85",
    "\u200b",
    " a ",
    "a ",
    " a",
    "\u3164",
    "é\u2800",
    "é",
    "😀",
    "مرحبا",
]
ODD_NAMES = [
    "007",
    "a_b",
    "per_x",
    "per_0123456789abcdefghijkl",
    "a/b/c",
    "a/b/c/d",
    "VIP",
    "vip",
    "x" * 65,
    "x" * 5000,
]
ODD_DAYS = ["2026-11-21", "2026-11-21T20:35:00Z", "2026-02-30", "\uff1226-11-21", "2026-11-21T20:35:00.5+23:00"]
ODD_EMAILS = [
    "a@b.c",
    "a@b",
    "a@@b.c",
    "a b@c.d",
    "a@b.",
    "a@.b",
    "a@b..c",
    "a\u00a0@b.cd",
    "@b.cd",
    f"{'x' * 250}@b.cd",
]
ODD_PLACES = ["Europe/Berlin", "Mars/Base", "de-CH", "de_CH"]
ODD_TEXTS = st.sampled_from([*ODD_CHARACTERS, *ODD_NAMES, *ODD_DAYS, *ODD_EMAILS, *ODD_PLACES])
TEXTS = ODD_TEXTS | st.text(max_size=12)
NUMBERS = (
    st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0.0, -0.0, 1.0, 2.0**53, 2.0**53 + 2, 1e300, 2**63 - 1, 2**63, -(2**63)])
)
SCALARS = st.none() | st.booleans() | TEXTS | NUMBERS
VALUES = SCALARS | st.lists(TEXTS, max_size=3) | st.dictionaries(TEXTS, SCALARS, max_size=3)
GOOD = {
    "user_id": st.sampled_from(["ada", "bob-1", "ünï", "per_x"]),
    "email": st.sampled_from(["ada@example.com", "a.b+c@d.ef"]),
    "phone": st.sampled_from(["+49 30 1", "1"]),
    "timezone": st.sampled_from(["Europe/Berlin", "UTC"]),
    "locale": st.sampled_from(["en", "de-CH"]),
    "joined": st.sampled_from(["2026-11-21", "1969-12-31", "1970-01-01", "2026-11-21T23:59:59-12:00"]),
    "tags": st.lists(st.sampled_from(["vip", "a/b", "a/b/c", "vip"]), max_size=4),
    "attributes": st.dictionaries(TEXTS, SCALARS, max_size=4),
}
RARE = {"add_tags": VALUES, "remove_tags": VALUES, "created": SCALARS, "nonsense": VALUES}


@st.composite
def users(draw: st.DrawFn) -> Any:
    """A row: mostly good, with something odd in it now and then."""
    names = draw(st.sets(st.sampled_from([*GOOD, *RARE]), max_size=6)) | {"user_id"}
    odd = draw(st.sets(st.sampled_from(sorted(names)), max_size=1))
    return {name: draw(VALUES if name in odd or name in RARE else GOOD[name]) for name in sorted(names)}


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """A line of a part: JSON as somebody's encoder writes it, seldom broken or with a name twice."""
    ascii_only, blanks = draw(st.booleans()), draw(st.booleans())
    text = json.dumps(draw(users()), ensure_ascii=ascii_only, separators=None if blanks else (",", ":"))
    if draw(st.integers(0, 9)) == 0:
        text = text[:-1] + "," + json.dumps(draw(users()), ensure_ascii=ascii_only)[1:]
    line = text.encode(errors="surrogatepass")
    if draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(line) - 1))
        line = line[:at] + draw(st.binary(max_size=2)) + line[at + 1 :]
    return line.replace(b"\n", b"")


@st.composite
def several_lines(draw: st.DrawFn) -> list[bytes]:
    """Lines that follow one another; now and then one is cut in two, or two are put into one."""
    found = draw(st.lists(lines(), min_size=1, max_size=4))
    if draw(st.integers(0, 4)) == 0:
        at = draw(st.integers(0, len(found[0])))
        found[0:1] = [found[0][:at], found[0][at:]]
    if draw(st.integers(0, 4)) == 0:
        found[-2:] = [draw(st.sampled_from([b"", b",", b" , "])).join(found[-2:])]
    return found


@pytest.mark.slow
@settings(max_examples=120, deadline=None)
@given(several_lines())
@example([b'{"user_id":"a","attributes":{"a":"\\u0032026-11-21"}}'])
@example([b'{"user_id":"a","attributes":{"a":1e999}}'])
@example([b'{"user_id":"a","attributes":{"b":1.0,"a":true}}', b'{"user_id":"b","attributes":{"b":1.5,"a":"1.0,"}}'])
@example([b'{"user_id":"a","attributes":{"b":-0.0,"a":9007199254740994.0,"c":1e16,"d":9e15}}'])
@example([b'{"user_id":"a","joined":"1970-01-01"}'])
@example([b'{"user_id":"a","email":null,"tags":null,"attributes":null}'])
@example([b'{"user_id":"\xc2\xadx"}'])
@example([b'{"user_id":"a"},{"user_id":"b"}', b'{"user_id":"c","attributes":', b'{"x":1}}'])
@example([b'{"user_id":"a', b'{","email":"a@b.cd"}', b'{"user_id":"c"},{"user_id":"d"}'])
@example([b'{"user_id":"a","attributes":{"x":1}},', b'{"user_id":"b"}'])
@example([b'{"user_id":"a","attributes":{"a":9223372036854775807,"b":-9223372036854775807}}'])
@example([b'{"user_id":"a","attributes":{"a":-9223372036854775808}}'])
@example([b'{"user_id":"a","attributes":{"born":"1980-05-06","a":"x"}}', b'{"user_id":"b","attributes":{"a":"x"}}'])
def test_plain_rows_are_what_the_rules_make_of_them(sent: list[bytes]) -> None:
    rows = plain_rows(7, sent)
    if rows is not None:
        expected = [read_row(line, text) for line, text in enumerate(sent, 7)]
        assert [(row, ()) for row in rows] == expected
        assert [[type(value) for value in row] for row in rows] == [[*map(type, row or ())] for row, _ in expected]


@settings(max_examples=40, deadline=None)
@given(several_lines(), st.integers(0, 2 * LINES_AT_ONCE))
def test_a_part_has_the_rows_of_its_lines_wherever_they_stand(sent: list[bytes], before: int) -> None:
    usual = [b'{"user_id":"n%d"}' % number for number in range(before)]
    part = read_part(b"\n".join([*usual, *sent, *usual[:1]]))
    by_the_rules = [read_row(line, text) for line, text in enumerate([*usual, *sent, *usual[:1]], 1) if text.strip()]
    assert sorted(part.rows) == sorted(row for row, _ in by_the_rules if row)
    assert list(part.rows) == sorted(part.rows)
    assert part.rejected == sum(row is None for row, _ in by_the_rules)


def test_what_is_usual_is_read_the_quick_way() -> None:
    row = {
        "user_id": "müller",
        "email": "m@example.com",
        "phone": "+49",
        "timezone": "Europe/Berlin",
        "locale": "de",
        "joined": "2026-11-21",
        "tags": ["b", "a/b"],
        "attributes": {"z": 2.0, "born": "1980-05-06", "a": "é", "ok": True},
    }
    for ascii_only in (True, False):
        line = json.dumps(row, ensure_ascii=ascii_only).encode()
        (found,) = plain_rows(7, [line]) or ((),)
        assert found[1:] == (
            *(7, "müller", share_number("user", "müller"), "m@example.com", "+49", "Europe/Berlin", "de"),
            *(1795219200000, "\na/b\nb\n"),
            *('{"a":"é","born":"1980-05-06","ok":true,"z":2}', '{"born":326419200000}'),
        )


@pytest.mark.parametrize("escape", ["\\u0000", "\\u0041", "\\ud83d", "\\uD83D", "\\u001f", "\\u0085"])
def test_escapes_that_could_hide_something_are_read_by_the_rules(escape: str) -> None:
    assert UNUSUAL_ESCAPE.search(escape.encode())


def test_ids_of_people_are_the_same_as_ever() -> None:
    assert make_person_ref(PersonKind.USER, "ada").person_id == "per_We9WIrqGsoidA2rtQ0u3Ux"


@given(st.text(st.characters(codec="utf-8")))
def test_an_id_has_a_character_for_each_byte_of_a_digest(text: str) -> None:
    digest = hashlib.sha256(f"user\0{text}".encode()).digest()
    assert derive_id("per", "user", text) == "per_" + "".join(ALPHABET[byte % 62] for byte in digest[:22])


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    part = read_part(b'\n{"user_id":"b"}\r\n \t\n{"user_id":"a"}')
    assert {(row[2], row[1]) for row in part.rows} == {("b", 2), ("a", 4)}
    assert part.rejected == 0
