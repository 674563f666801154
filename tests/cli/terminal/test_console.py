"""How results, notices and text from elsewhere reach terminals, pipes and files."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtribes_cli.terminal.console import Console, Style
from mtribes_cli.terminal.sanitize import columns, display_width, sanitize, sanitize_line
from tests.cli.cli_runner import CliRunner, without_colors
from tests.cli.stub_server import StubServer, data, refusal

HOSTILE = {
    "escape": "\x1b[31mred\x1b[0m",
    "title": "\x1b]0;owned\x07",
    "c1": "\x9b31m",
    "right-to-left override": "user\u202egpj.exe",
    "isolate": "\u2066hidden\u2069",
    "carriage return": "good\rbad",
    "backspace": "a\x08b",
    "newline": "one\ntwo",
    "tag characters": "a\U000e0041b",
    "rich markup": "[/red] [bold",
}


def _space(name: str, key: str = "vod") -> dict[str, object]:
    return {"id": "spc_1", "key": key, "name": name, "organization": "acme", "revision": 3}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_text_from_the_server_is_shown_and_not_obeyed(user: CliRunner, stub_server: StubServer, name: str) -> None:
    stub_server.on("GET", "/v2/spaces", data(_space(name)))
    outcome = user("space", "list")
    assert outcome.exit_code == 0
    assert sanitize_line(name) in outcome.out
    _assert_harmless(outcome.out)
    assert len(outcome.out.splitlines()) == 2


@pytest.mark.parametrize("message", HOSTILE.values(), ids=HOSTILE.keys())
def test_an_error_of_the_server_is_shown_and_not_obeyed(user: CliRunner, stub_server: StubServer, message: str) -> None:
    stub_server.on("GET", "/v2/spaces", refusal(422, {"code": "X", "message": message, "path": f"a.{message}"}))
    outcome = user("space", "list")
    assert outcome.exit_code == 2
    _assert_harmless(outcome.err)
    assert len(outcome.err.splitlines()) == 3


def _assert_harmless(text: str) -> None:
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]", text)


@given(st.text())
def test_no_text_keeps_a_character_that_a_terminal_obeys(text: str) -> None:
    safe = sanitize_line(text)
    assert not [c for c in safe if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}]
    assert not [c for c in safe if unicodedata.bidirectional(c) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI"}]
    assert sanitize_line(safe) == safe


@pytest.mark.parametrize("text", ["Müller", "日本語", "مرحبا", "नमस्ते", "👩‍👩‍👧", "می‌خواهم"])
def test_text_of_any_script_is_left_as_it_is(text: str) -> None:
    assert sanitize(text) == text


@pytest.mark.parametrize(("text", "cells"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("", 0), ("한", 2)])
def test_width_is_counted_in_cells(text: str, cells: int) -> None:
    assert display_width(text) == cells


def test_columns_stand_under_each_other_in_any_script() -> None:
    lines = columns([("KEY", "NAME", "N"), ("vod", "日本のストア", "1"), ("sports", "Cafe\u0301", "20")])
    assert [display_width(line[: line.rindex(" ")]) for line in lines] == [21, 21, 21]


def test_nothing_to_list_leaves_stdout_empty(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", "/v2/spaces", data())
    outcome = user("space", "list")
    assert (outcome.out, outcome.err) == ("", "No Spaces found.\n")
    assert user("space", "list", "--quiet").err == ""


def test_a_terminal_gets_colour_and_nothing_else_does(mtribes: CliRunner) -> None:
    assert "\x1b[31merror:\x1b[0m" in mtribes("nonsense", terminal=True).err
    assert "\x1b" not in mtribes("nonsense").err
    assert "\x1b" not in mtribes("nonsense", "--no-color", terminal=True).err
    mtribes.environment["NO_COLOR"] = "1"
    assert "\x1b" not in mtribes("nonsense", terminal=True).err


LONG = "The server cannot do that, for a reason that takes more than one line of a terminal to say, `with a command`."


def test_errors_and_hints_fold_between_words_at_a_terminal_and_nowhere_else(
    user: CliRunner, stub_server: StubServer
) -> None:
    stub_server.on("GET", "/v2/spaces", refusal(403, {"code": "FORBIDDEN", "message": LONG}))
    user.environment["COLUMNS"] = "40"
    hint = "Ask an administrator for access, or use a token with the required scope."
    assert user("space", "list").err == f"error: {LONG}\nhint: {hint}\n"
    shown = without_colors(user("space", "list", terminal=True).err)
    assert max(map(len, shown.splitlines())) <= 40
    assert "`with a command`." in shown
    assert shown.split() == f"error: {LONG} hint: {hint}".split()


def test_a_warning_folds_like_an_error_and_its_label_alone_has_a_color() -> None:
    err = io.StringIO()
    err.isatty = lambda: True  # type: ignore[method-assign]
    console = Console(Style(), {"COLUMNS": "40"}, stdin=io.StringIO(), stdout=io.StringIO(), stderr=err)
    console.warning("x " * 30)
    label, *_ = err.getvalue().splitlines()
    assert label.startswith("\x1b[33mwarning:\x1b[0m x x")
    assert [len(line) for line in without_colors(err.getvalue()).splitlines()] == [40, 27]


def test_a_document_goes_to_a_pipe_as_it_is_and_to_a_terminal_made_safe(
    user: CliRunner, stub_server: StubServer
) -> None:
    stub_server.on("GET", "/v2/spaces/vod/model", data({"space": "vod", "name": "a\u202eb"}))
    assert "a\u202eb" in user("space", "pull", "vod", "--format", "json").out
    shown = user("space", "pull", "vod", "--format", "json", terminal=True).out
    assert "a\\u202eb" in shown
    assert "\u202e" not in shown


def test_a_terminal_of_another_encoding_gets_escapes_and_no_crash() -> None:
    out = io.BytesIO()
    stdout = io.TextIOWrapper(out, encoding="latin-1")
    stdout.isatty = lambda: True  # type: ignore[method-assign]
    console = Console(Style(), {}, stdin=io.StringIO(), stdout=stdout, stderr=io.StringIO())
    console._write(stdout, "é 日\n")
    assert out.getvalue() == b"\xe9 \\u65e5\n"


def test_a_pipe_gets_utf_8_and_line_feeds_whatever_the_system_likes() -> None:
    out = io.BytesIO()
    stdout = io.TextIOWrapper(out, encoding="cp1252", newline="\r\n")
    console = Console(Style(), {}, stdin=io.StringIO(), stdout=stdout, stderr=io.StringIO())
    console._write(stdout, "日 \ud800\n")
    assert out.getvalue() == "日 \\ud800\n".encode()


def _process(*argv: str, **options: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "mtribes_cli", *argv], stderr=subprocess.PIPE, **options)  # type: ignore[call-overload,no-any-return]


def test_a_reader_that_goes_away_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as broken:
        process = _process("--help", stdout=broken)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, b"")


def test_streams_that_the_parent_closed_are_nowhere() -> None:
    closed = f"{sys.executable} -m mtribes_cli --help <&- >&- 2>&-"
    assert subprocess.run(["sh", "-c", closed], check=False).returncode == 0


def test_a_full_disk_behind_stdout_is_told() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("missing: /dev/full; get it with: Linux")
    with full.open("wb") as nowhere:
        process = _process("--help", stdout=nowhere)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert b"stdout cannot be written: the disk is full." in err


def test_what_takes_its_time_is_shown_at_a_terminal_and_gone_afterwards() -> None:
    def told(*, is_terminal: bool, **style: bool) -> str:
        stderr = io.StringIO()
        stderr.isatty = lambda: is_terminal  # type: ignore[method-assign]
        console = Console(Style(**style), {}, stdin=io.StringIO(), stdout=io.StringIO(), stderr=stderr)
        with console.working("Asking"):
            console.warning("Slow.")
        return stderr.getvalue()

    wiped = f"\r{' ' * len('Asking ...')}\r"
    at_a_terminal = re.sub("\x1b\\[[0-9]*m", "", told(is_terminal=True))
    assert at_a_terminal == f"Asking ...{wiped}warning: Slow.\nAsking ...{wiped}"
    assert told(is_terminal=False) == "warning: Slow.\n"
    assert "Asking" not in told(is_terminal=True, quiet=True)
    assert "Asking" not in told(is_terminal=True, json=True)
