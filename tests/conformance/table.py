"""The table of the manual: which behaviours hold in which language, as the run of the cases says.

`python -m tests.conformance.table` runs every case in every language that is switched on, and writes the table; with
names of languages it runs these. It keeps what the page says of the others.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import templates_server
from tests.conformance.cases import Case, all_cases
from tests.conformance.languages import LANGUAGES
from tests.conformance.outcomes import Ending, running

PAGE = Path(templates_server.__file__).parent / "docs" / "development" / "conformance.md"
HEADING = "## Behaviors by language\n"
HEAD = "Behavior"
SIGNS = {Ending.HOLDS: "yes", Ending.FAILS: "no", Ending.ABSENT: "n/a"}
Endings = Mapping[str, Ending]
"""How each case ends, by its id."""


def table_of(cases: Sequence[Case], endings: Mapping[str, Endings]) -> str:
    """The last part of the page."""
    lines = [HEADING, "`n/a`: the language has no such feature.\n"]
    for (_, subject), group in itertools.groupby(cases, key=lambda case: (case.file, case.subject)):
        lines.append("\n".join([*_head(subject, endings), *(_row(case, endings) for case in group)]) + "\n")
    return "\n".join(lines)


def _head(subject: str, endings: Mapping[str, Endings]) -> list[str]:
    names = " | ".join(LANGUAGES[language].title for language in endings)
    return [f"### {subject}", "", f"| {HEAD} | {names} |", f"|---{'|---' * len(endings)}|"]


def _row(case: Case, endings: Mapping[str, Endings]) -> str:
    signs = " | ".join(SIGNS[endings[language][case.id]] for language in endings)
    return f"| {case.title.replace('|', chr(92) + '|')} | {signs} |"


def column(page: str, language: str) -> dict[str, Ending]:
    """What the page says of a language, by the ids of the cases; nothing where it has no column for it."""
    said = list(_rows(page.partition(HEADING)[2]))
    endings = {sign: ending for ending, sign in SIGNS.items()}
    title = LANGUAGES[language].title
    by_title = {(subject, cells[HEAD]): endings[cells[title]] for subject, cells in said if title in cells}
    return {
        case.id: by_title[case.subject, case.title] for case in all_cases() if (case.subject, case.title) in by_title
    }


def _rows(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The subject of each row, and its cells by the head of their column."""
    subject, heads = "", [HEAD]
    for line in text.splitlines():
        if line.startswith("### "):
            subject = line.removeprefix("### ")
        elif line.startswith("| "):
            cells = [cell.replace("\\|", "|") for cell in line[2:-2].split(" | ")]
            if cells[0] == HEAD:
                heads = cells
            else:
                yield subject, dict(zip(heads, cells, strict=True))


def _endings_of(language: str, cases: Sequence[Case]) -> dict[str, Ending]:
    with tempfile.TemporaryDirectory() as code, tempfile.TemporaryDirectory() as folder:
        command = LANGUAGES[language].build(Path(code))
        with running(command, Path(folder)) as runner:
            outcomes = {case.id: runner.outcome(case) for case in cases}
    for outcome in outcomes.values():
        if outcome.ending is Ending.FAILS:
            sys.stderr.write(f"{language}: {outcome.told}\n\n")
    return {name: outcome.ending for name, outcome in outcomes.items()}


def write(languages: Sequence[str]) -> None:
    """Run these, and write the table."""
    cases = all_cases()
    page = PAGE.read_text("utf-8")
    endings = {name: _endings_of(name, cases) if name in languages else column(page, name) for name in LANGUAGES}
    PAGE.write_text(page.partition(HEADING)[0] + table_of(cases, endings), "utf-8")


if __name__ == "__main__":
    write(sys.argv[1:] or [name for name, language in LANGUAGES.items() if language.is_switched_on])
