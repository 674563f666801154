"""Streams that are closed or go away, terminals that can nothing, words in other alphabets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.failure_modes.error_assertions import Program, Told, ended, told
from tests.cli.failure_modes.sockets import answering, listening

SHELL = ("sh", "-c")


@pytest.mark.parametrize("words", [("--version",), ("--help",), ("space", "--help"), ("--json", "--version")])
def test_a_closed_stdout_is_no_failure(program: Program, words: tuple[str, ...]) -> None:
    outcome = program(*words, prefix=(*SHELL, '"$@" >&-', "sh"))
    assert (outcome.exit_code, outcome.out, outcome.err) == (0, "", "")


@pytest.mark.parametrize("words", [("--version",), ("--help",), ("--json", "--version")])
def test_a_reader_that_goes_away_is_no_failure(program: Program, words: tuple[str, ...]) -> None:
    outcome = program(*words, prefix=(*SHELL, '{ "$@"; echo "ended with $?" >&2; } | true', "sh"))
    assert outcome.err == "ended with 0\n"


def test_a_closed_stderr_hides_no_exit_code(program: Program) -> None:
    assert program("whoami", prefix=(*SHELL, '"$@" 2>&-', "sh")).exit_code == 4


def test_a_closed_stdin_is_empty_input(program: Program) -> None:
    said = told(program("login", "--with-token", "--host", "https://m.invalid", prefix=(*SHELL, '"$@" <&-', "sh")))
    assert said == Told(
        2, "stdin is not a valid token.", "Copy it again: letters, digits and _, without spaces or quotes."
    )


def test_all_three_closed_is_survived(program: Program) -> None:
    with listening(answering()) as port:
        words = ("space", "list", "--host", f"http://127.0.0.1:{port}")
        assert program(*words, prefix=(*SHELL, '"$@" <&- >&- 2>&-', "sh")).exit_code == 0


@pytest.mark.parametrize("terminal", ["", "dumb", "unknown-terminal"])
def test_no_terminal_type_is_needed(program: Program, terminal: str) -> None:
    outcome = program("whoami", TERM=terminal)
    assert told(outcome).exit_code == 4
    assert "\x1b" not in outcome.err


@pytest.mark.parametrize(
    ("variable", "value"), [("LC_ALL", "C"), ("LC_ALL", "POSIX"), ("PYTHONUTF8", "0"), ("PYTHONIOENCODING", "ascii")]
)
def test_text_of_every_alphabet_is_printed_in_every_locale(program: Program, variable: str, value: str) -> None:
    body = '{"data": [{"id": "s", "key": "k", "name": "Кино 映画 é", "organization": "acme", "revision": 1}]}'.encode()
    with listening(answering(body)) as port:
        program.environment[variable] = value
        outcome = program("space", "list", "--host", f"http://127.0.0.1:{port}")
    assert outcome.exit_code == 0, outcome.err
    assert "Кино 映画 é" in outcome.out


def test_a_file_name_that_is_not_utf8_is_told(program: Program) -> None:
    process = program.start("space", "push", os.fsdecode(b"\xff.yaml"), LC_ALL="C")
    said = told(ended(process))
    assert said == Told(2, "No file \\udcff.yaml.", "Pass an existing file, or - for stdin.")


WINDOWS = {
    ("setup", "--local", "--yes", "--target", r"typescript:C:\src\vod"): Told(
        2,
        "The output of --target typescript:C:\\src\\vod contains a backslash; use '/' to separate folders.",
        "Use a folder inside the project, with '/' as separator.",
    ),
    ("-C", r"Z:\no\such", "whoami"): Told(2, "No folder Z:\\no\\such.", "Pass an existing folder to -C."),
    ("space", "push", r"Z:\no\such.yaml"): Told(
        2, "No file Z:\\no\\such.yaml.", "Pass an existing file, or - for stdin."
    ),
}


@pytest.mark.parametrize("words", WINDOWS, ids=" ".join)
def test_paths_of_windows_are_taken_by_the_word(program: Program, words: tuple[str, ...]) -> None:
    assert told(program(*words)) == WINDOWS[words]
    assert list(Path(program.folder).iterdir()) == []
