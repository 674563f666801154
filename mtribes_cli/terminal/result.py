"""What a command gives back: data for `--json`, and the same for people. Values only; `console` renders them.

Named tuples, as every start makes these classes: dataclasses take several times as long.
"""

from collections.abc import Sequence
from typing import NamedTuple

from mtribes_cli.errors import ExitCode, Problem


class Table(NamedTuple):
    """Rows under headings, if it has any. `empty` is said instead, on stderr, when there are no rows."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    empty: str = ""


class Document(NamedTuple):
    """Text that a program may read: written as it is, but made safe where a terminal would obey it."""

    text: str


Block = str | Table | Document
"""A `str` is one line: a line break in it, from whoever it is, is shown and not obeyed, as all else in it."""


class Result(NamedTuple):
    """The outcome of a command that did what it was asked to do."""

    data: object = None  # what JSON can hold; complete, whatever the text leaves out
    body: tuple[Block, ...] = ()
    exit_code: ExitCode = ExitCode.DONE
    problems: tuple[Problem, ...] = ()  # with NOT_ALL_WELL: what is not well
    is_streamed: bool = False  # stdout has all of it already, a line each: no envelope follows

    @property
    def status(self) -> str:
        """The word for the exit code in the `--json` envelope."""
        return {ExitCode.DONE: "success", ExitCode.NOT_ALL_WELL: "partial"}.get(self.exit_code, "error")
