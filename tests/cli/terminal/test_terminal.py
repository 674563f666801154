"""What terminals are shown: tables that fit, colors, trees, choices; and what pipes are not."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtribes_cli.terminal.diffs import change_lines, diff_lines
from mtribes_cli.terminal.result import ChangeLine, Kind, Table
from mtribes_cli.terminal.sanitize import display_width, sanitize_line
from mtribes_cli.terminal.sentences import folded
from mtribes_cli.terminal.styles import Role, rendered
from mtribes_cli.terminal.tables import GAP, table_lines
from mtribes_cli.terminal.times import relative_time, with_relative_time
from tests.cli.cli_runner import CliRunner, without_colors
from tests.cli.stub_server import StubServer, data

NOW = 1_796_000_000.0  # 2026-11-30T00:53:20Z
HOSTILE = Path(__file__).parents[2] / "server" / "features" / "codegen" / "hostile_names.json"
PLACE = ("--space", "vod", "--environment", "production")
NAMES = [
    *(name for one in json.loads(HOSTILE.read_text("utf-8")) if isinstance(name := one["name"], str)),
    "[red]name[/red]",
    "[link=https://example.com]here[/link]",
    "[/]",
    ":smile:",
    "\x1b[31mred",
    "\x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\",
    "user\u202egpj.exe",
    "\u2066isolated\u2069",
    "one\ntwo\tthree\r",
    "日本のストア",
    "Cafe\u0301",
    "e" + "\u0301" * 30,
    "👩‍👩‍👧 family",
]
TEXTS = st.one_of(st.text(max_size=60), st.sampled_from(NAMES))


def shown(table: Table, width: int) -> list[str]:
    return [rendered(line, has_color=False) for line in table_lines(table, width, NOW)]


# Tables


@st.composite
def tables(draw: st.DrawFn) -> Table:
    kinds = tuple(draw(st.lists(st.sampled_from(Kind), min_size=1, max_size=6)))
    rows = draw(st.lists(st.tuples(*(TEXTS for _ in kinds)), min_size=1, max_size=4))
    return Table(tuple(f"COLUMN {number}" for number, _ in enumerate(kinds)), rows, kinds=kinds)


@given(tables(), st.integers(min_value=40, max_value=130))
def test_no_line_of_a_table_is_wider_than_the_terminal_and_no_identifier_is_cut(table: Table, width: int) -> None:
    lines = shown(table, width)
    assert max(map(display_width, lines)) <= width
    rest = "".join(lines).replace(" ", "")
    for row in table.rows:
        for cell, kind in zip(row, table.kinds, strict=True):
            if kind in {Kind.ID, Kind.NUMBER}:
                assert sanitize_line(cell).replace(" ", "") in rest


@given(st.lists(st.tuples(TEXTS, TEXTS, st.integers(0, 10**9)), min_size=1, max_size=5), st.integers(40, 130))
def test_columns_stand_below_each_other_by_the_cells_that_they_take(rows: list[Any], width: int) -> None:
    cells = [(text[:12], other, str(number)) for text, other, number in rows]
    table = Table(("ID", "TEXT", "NUMBER"), cells, kinds=(Kind.ID, Kind.TEXT, Kind.NUMBER))
    if max(display_width(sanitize_line(one)) for one, _, _ in cells) > 15:
        return
    lines = [list(line) for line in table_lines(table, width, NOW)]
    for line in lines:
        starts = [sum(display_width(text) for text, _ in line[:at]) for at in (3, 6, 9)]
        assert starts == [sum(display_width(text) for text, _ in lines[0][:at]) for at in (3, 6, 9)]


def test_numbers_stand_on_the_right_below_their_heading() -> None:
    table = Table(("TAG", "USERS"), [("a", "7"), ("b", "1,200,300")], kinds=(Kind.ID, Kind.NUMBER))
    assert shown(table, 40) == ["TAG      USERS", "a            7", "b    1,200,300"]


def test_the_right_most_text_folds_first_and_between_words() -> None:
    row = ("ada", "Ada of London", "one two three four five six")
    table = Table(("ID", "NAME", "NOTE"), [row], kinds=(Kind.ID, Kind.TEXT, Kind.TEXT))
    assert shown(table, 40) == [
        "ID   NAME           NOTE",
        "ada  Ada of London  one two three four",
        "                    five six",
    ]


def test_a_word_that_is_longer_than_its_column_ends_in_an_ellipsis() -> None:
    table = Table(("ID", "NAME"), [("i" * 20, "n" * 30)], kinds=(Kind.ID, Kind.TEXT))
    assert shown(table, 40)[1] == "i" * 20 + GAP + "n" * 17 + "…"


def test_rows_become_blocks_where_identifiers_do_not_fit() -> None:
    table = Table(
        ("ID", "KEY", "CREATED"),
        [("i" * 26, "k" * 35, "2026-11-30T00:50:20Z"), ("j" * 26, "l" * 60, "-")],
        kinds=(Kind.ID, Kind.ID, Kind.TIME),
    )
    assert shown(table, 50) == [
        "ID       " + "i" * 26,
        "KEY      " + "k" * 35,
        "CREATED  3 minutes ago",
        "",
        "ID       " + "j" * 26,
        "KEY",
        "l" * 50,
        "l" * 10,
        "CREATED  -",
    ]


def test_facts_fold_beside_their_names() -> None:
    facts = Table((), [("scopes", "code:read, events:read, spaces:read"), ("expires", "2026-12-30T00:53:20Z")])
    assert shown(facts, 40) == [
        "scopes   code:read, events:read,",
        "         spaces:read",
        "expires  2026-12-30T00:53:20Z (in 30",
        "         days)",
    ]


# Times


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"), (4, "just now"), (-4, "just now"), (5, "5 seconds ago"), (59.6, "1 minute ago"),
        (180, "3 minutes ago"), (59.6 * 60, "1 hour ago"), (7200, "2 hours ago"), (86_400, "1 day ago"),
        (-30 * 86_400 + 5, "in 30 days"), (-90, "in 2 minutes"), (59 * 86_400, "59 days ago"),
        (61 * 86_400, "2 months ago"), (730 * 86_400, "2 years ago"), (-366 * 86_400, "in 12 months"),
    ],
)  # fmt: skip
def test_a_time_is_told_as_seen_from_now(seconds: float, words: str) -> None:
    at = NOW - seconds
    text = rfc_3339(at)
    assert relative_time(text, NOW) == words
    assert with_relative_time(text, NOW) == f"{text} ({words})"


def rfc_3339(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


@given(st.one_of(st.text(), st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", fullmatch=True)))
def test_any_other_text_is_no_time_and_stays(text: str) -> None:
    told = relative_time(text, NOW)
    assert told == text or re.fullmatch(r"just now|in [\d,]+ \w+|[\d,]+ \w+ ago", told)


# Differences and sentences


def test_a_diff_has_the_color_of_its_signs_in_hunks_alone() -> None:
    text = (
        "--- a/x\n+++ b/x\n@@ -1,3 +1,2 @@\n one\n--- two\n-three\n+four\n--- a/y\n+++ /dev/null\n@@ -1 +0,0 @@\n-z\n"
    )
    roles = [line[0][1] for line in diff_lines(text)]
    head, plain = Role.HEADING, None
    assert roles == [
        *(head, head, Role.PLACE, plain, Role.REMOVED, Role.REMOVED, Role.ADDED),
        *(head, head, Role.PLACE, Role.REMOVED),
    ]
    assert "".join(rendered(line, has_color=False) + "\n" for line in diff_lines(text)) == text


@given(TEXTS, st.one_of(st.just((None, None)), st.tuples(TEXTS, TEXTS)), st.integers(40, 120))
def test_no_line_about_a_change_is_wider_than_the_terminal(
    what: str, values: tuple[str | None, str | None], width: int
) -> None:
    lines = [rendered(line, has_color=False) for line in change_lines(ChangeLine("changed   ", what, *values), width)]
    assert max(map(display_width, lines)) <= width


def test_a_value_before_is_red_and_the_one_after_is_green() -> None:
    (line,) = change_lines(ChangeLine("retyped   ", "fields.age", "string", "number", is_breaking=True), 80)
    assert rendered(line, has_color=False) == "retyped   fields.age: string -> number  (breaks)"
    assert [role for text, role in line if text in {"string", "number"}] == [Role.REMOVED, Role.ADDED]


def test_a_sentence_folds_between_words_and_a_command_in_one_stays_whole() -> None:
    text = "  One sentence that is longer than forty columns are."
    assert list(folded(text, 40)) == ["  One sentence that is longer than forty", "  columns are."]
    assert list(folded(f"Run `{'x ' * 40}`, and then again.", 40)) == ["Run", f"`{'x ' * 40}`,", "and then again."]
    assert list(folded("x" * 90, 40)) == ["x" * 90]


# Through commands


def space(name: str) -> dict[str, object]:
    return {"id": "spc_1", "key": "vod", "name": name, "organization": "acme", "revision": 3}


def test_names_are_shown_in_their_column_and_neither_obeyed_nor_read_as_markup(
    user: CliRunner, stub_server: StubServer
) -> None:
    names = [
        name for name in NAMES if name.isascii() or name.isprintable() or not name.encode(errors="ignore").isascii()
    ]
    names = [name for name in names if "\ud800" not in name and len(name) < 1000]
    stub_server.on("GET", "/v2/spaces", data(*map(space, names)))
    user.environment["COLUMNS"] = "5000"
    plain = without_colors(user("space", "list", terminal=True).out)
    heading, *lines = plain.splitlines()
    start = display_width(heading[: heading.index("ORGANIZATION")])
    for name, line in zip(names, lines, strict=True):
        assert line.startswith(f"vod  {sanitize_line(name)}")
        assert display_width(line[: line.rindex("acme")]) == start
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", plain)
    assert len(names) > 200


EXPLANATION = {
    "person": "ada", "kind": "user", "merged_visitor": None, "at": "2026-11-21T00:00:00Z", "revision": "1.2.3",
    "entities": [{
        "entity": "home.top", "published": True, "known": True, "scenario": "[red]Gold\x1b[31m", "enabled": True,
        "why": "the first that matches",
        "scenarios": [{
            "name": "[red]Gold\x1b[31m", "outcome": "matched", "chosen": True, "in_time": True, "starts": None,
            "ends": None, "why": "ada is in gold",
            "tribes": [{
                "tribe": "gold", "name": "gold", "person": "ada", "kind": "user", "outcome": "matched",
                "in_audience": True, "audience": "users", "match": "all", "why": "1 of 1 does",
                "filters": [{"filter": {}, "outcome": "matched", "asked": "a", "found": 1, "why": "found [b]gold[/b]"}],
            }],
        }],
    }],
}  # fmt: skip


def test_an_explained_session_is_a_tree(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("POST", "/v2/spaces/vod/environments/production/session-explanation", data(EXPLANATION))
    outcome = user("session", "explain", "--user", "ada", *PLACE, terminal=True)
    plain = re.sub(r"\x1b\[[\d;]*m", "", outcome.out)
    assert plain.splitlines()[-5:] == [
        r"home.top: [red]Gold\x1b[31m",
        "├── the first that matches",
        r"└── chosen [red]Gold\x1b[31m: ada is in gold",
        "    └── gold: 1 of 1 does",
        "        └── yes found [b]gold[/b]",
    ]
    assert "\x1b[32myes \x1b[0m" in outcome.out


LISTS = (("space", "list"), ("session", "explain", "--user", "ada", *PLACE))


@pytest.mark.parametrize("argv", LISTS)
@pytest.mark.parametrize("switched_off", ["NO_COLOR", "--no-color", "TERM"])
def test_no_escape_is_written_where_colors_are_switched_off(
    user: CliRunner, stub_server: StubServer, argv: tuple[str, ...], switched_off: str
) -> None:
    stub_server.on("GET", "/v2/spaces", data(space("VOD")))
    stub_server.on("POST", "/v2/spaces/vod/environments/production/session-explanation", data(EXPLANATION))
    flags = (switched_off,) if switched_off.startswith("--") else ()
    user.environment |= {"NO_COLOR": {"NO_COLOR": "1"}, "TERM": {"TERM": "dumb"}}.get(switched_off, {})
    outcome = user(*argv, *flags, terminal=True)
    assert "\x1b" not in outcome.out + outcome.err
    assert outcome.exit_code == 0


@pytest.mark.parametrize("argv", LISTS)
def test_a_dumb_terminal_gets_what_a_pipe_gets_and_json_is_the_same_everywhere(
    user: CliRunner, stub_server: StubServer, argv: tuple[str, ...]
) -> None:
    stub_server.on("GET", "/v2/spaces", data(space("VOD")))
    stub_server.on("POST", "/v2/spaces/vod/environments/production/session-explanation", data(EXPLANATION))
    assert user(*argv, "--json", terminal=True).out == user(*argv, "--json").out
    piped = user(*argv).out
    user.environment["TERM"] = "dumb"
    assert user(*argv, terminal=True).out == piped


def test_times_are_seen_from_now_at_a_terminal_and_exact_in_a_pipe(user: CliRunner, stub_server: StubServer) -> None:
    at = rfc_3339(user.clock.now_seconds() - 180)
    key = {"id": "key_1", "name": "web", "key": "pk_1", "created": at, "revoked": None}
    stub_server.on("GET", "/v2/spaces/vod/environments/production/keys", data(key))
    assert "3 minutes ago" in user("env", "key", "list", *PLACE, terminal=True).out
    assert at in user("env", "key", "list", *PLACE).out


def test_a_pipe_makes_nobody_import_rich(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", "/v2/spaces", data(space("VOD")))
    program = (
        "import sys\nfrom mtribes_cli.main import main\ncode = main(['space', 'list'])\n"
        "print(code, sorted(name for name in sys.modules if name.partition('.')[0] == 'rich'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ | user.environment
    )
    assert done.stdout.splitlines()[-1] == "0 []"


# At a real terminal


def at_a_terminal(
    argv: Sequence[str], environment: dict[str, str], *, size: tuple[int, int], keys: Sequence[tuple[str, bytes]] = ()
) -> tuple[int, str]:
    """The exit code of a program at a terminal of so many columns and lines, and what it wrote; keys after a text."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    clean = {name: value for name, value in os.environ.items() if name not in {"CI", "NO_COLOR", "COLUMNS", "LINES"}}
    process = subprocess.Popen(
        [sys.executable, "-c", *argv], env=clean | {"TERM": "xterm"} | environment,
        stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    written, left = b"", list(keys)
    try:
        while piece := os.read(ours, 65_536):
            written += piece
            if left and left[0][0].encode() in written:
                os.write(ours, left.pop(0)[1])
    except OSError:  # a terminal ends so
        pass
    os.close(ours)
    return process.wait(), written.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_table_fits_the_terminal_as_wide_as_it_is(user: CliRunner, stub_server: StubServer, width: int) -> None:
    stub_server.on("GET", "/v2/spaces", data(space("A name of many words that goes on " * 3)))
    program = "import sys; from mtribes_cli.main import main; sys.exit(main(['space', 'list']))"
    code, written = at_a_terminal([program], user.environment, size=(width, 24))
    lines = without_colors(written.rpartition("\r")[2]).splitlines()
    assert code == 0
    assert max(map(len, lines)) <= width
    assert len(lines) == {40: 12, 80: 4, 120: 3}[width]
    assert not [line for line in lines if line.endswith("-")]


CHOOSE = """
import sys
from mtribes_cli.terminal.console import Console, Style
console = Console(Style(), {}, stdin=sys.stdin, stdout=sys.stdout, stderr=sys.stderr)
print("chosen:", console.choose("Which", ["vod", "radio", "sports"], flag="--space", default="radio"))
"""


@pytest.mark.parametrize(
    ("typed", "chosen"),
    [
        (b"\r", "radio"),
        (b"\x1b[B\r", "sports"),
        (b"\x1b[A\r", "vod"),
        (b"3\r", "sports"),
        (b"v\r", "vod"),
    ],
    ids=["enter", "down", "up", "number", "name"],
)
def test_one_of_several_is_chosen_by_keys(typed: bytes, chosen: str) -> None:
    keys = [("then Enter", typed[:-1]), (chosen, typed[-1:])] if len(typed) > 1 else [("then Enter", typed)]
    code, written = at_a_terminal([CHOOSE], {}, size=(80, 24), keys=keys)
    assert (code, written.splitlines()[-1]) == (0, f"chosen: {chosen}")
    assert "(default)" in written


def test_the_end_of_the_input_leaves_a_choice() -> None:
    code, written = at_a_terminal([CHOOSE], {}, size=(80, 24), keys=[("then Enter", b"\x04")])
    assert code == 1
    assert "InterruptedCommandError" in written


def test_a_list_that_is_longer_than_the_terminal_is_chosen_from_by_number() -> None:
    code, written = at_a_terminal(
        [CHOOSE], {}, size=(80, 5), keys=[("Number or name [radio]: ", b"9\n"), ("or a name.", b"3\n")]
    )
    assert (code, written.splitlines()[-1].rpartition("]: ")[2]) == (0, "chosen: sports")
    assert "9 is not in the list" in written
