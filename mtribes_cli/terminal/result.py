"""What a command gives back: data for `--json`, and the same for people. Values only; `console` renders them.

Named tuples, as every start makes these classes: dataclasses take several times as long.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from mtribes_cli.errors import ExitCode, Problem


class Kind(Enum):
    """What a column of a table contains, which decides how it fits a terminal."""

    TEXT = "text"  # folds between words
    ID = "id"  # is copied: never cut
    NUMBER = "number"  # stands on the right
    TIME = "time"  # RFC 3339, shown as seen from now
    STATE = "state"  # a word that may have a color


class Table(NamedTuple):
    """Rows under headings, if it has any. `empty` is said instead, on stderr, when there are no rows.

    `at_terminal` is shown instead at a terminal, whose width is known; `kinds` are used there alone.
    """

    columns: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    empty: str = ""
    kinds: tuple[Kind, ...] = ()  # none: all are text
    at_terminal: Table | None = None

    @property
    def all_kinds(self) -> Sequence[Kind]:
        """Return the kind of each column."""
        return self.kinds or (Kind.TEXT,) * len(self.columns)


BREAKS = "  (breaks)"


class Diff(NamedTuple):
    """A unified diff: like a `Document`, with colors at a terminal."""

    text: str


class ChangeLine(NamedTuple):
    """A change of something that is named by `what`: its kind, and perhaps a value before and after.

    `lines` stand for it where there is no terminal; none: all of it in one line.
    """

    kind: str
    what: str
    before: str | None = None
    after: str | None = None
    indent: str = ""
    is_breaking: bool = False
    lines: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Return all of it in one line."""
        values = "" if self.after is None else f": {self.before} -> {self.after}"
        return f"{self.indent}{self.kind}{self.what}{values}{BREAKS if self.is_breaking else ''}"


class Branch(NamedTuple):
    """A part of a tree. `state` is a word such as `yes` before the label, in color."""

    label: str
    children: Sequence[Branch] = ()
    state: str = ""


class Trees(NamedTuple):
    """Trees below each other, and the lines that stand for them without a terminal."""

    lines: Sequence[str]
    branches: Sequence[Branch]


class Document(NamedTuple):
    """Text for programs: written as it is, but sanitized for a terminal."""

    text: str


Block = str | Table | Document | Diff | ChangeLine | Trees
"""A `str` is one line: a line break in it, from whoever it is, is shown and not obeyed, as all else in it."""


class Result(NamedTuple):
    """The result of a command that succeeded."""

    data: object = None  # what JSON can hold; complete, whatever the text leaves out
    body: tuple[Block, ...] = ()
    exit_code: ExitCode = ExitCode.DONE
    problems: tuple[Problem, ...] = ()  # with NOT_ALL_WELL: what is not well
    is_streamed: bool = False  # stdout has all of it already, a line each: no envelope follows

    @property
    def status(self) -> str:
        """The word for the exit code in the `--json` envelope."""
        return {ExitCode.DONE: "success", ExitCode.NOT_ALL_WELL: "partial"}.get(self.exit_code, "error")
