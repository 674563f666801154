"""The table of the manual: which behaviours hold in which language, as the run of the cases says.

`python -m tests.conformance.table` runs every case in every language and writes the table.
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

PAGE = Path(templates_server.__file__).parent / "docs" / "conformance.md"
HEADING = "## Behaviors by language\n"
NAMES = {"typescript": "TypeScript", "javascript": "JavaScript"}
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
    names = " | ".join(NAMES[language] for language in endings)
    return [f"### {subject}", "", f"| Behavior | {names} |", f"|---{'|---' * len(endings)}|"]


def _row(case: Case, endings: Mapping[str, Endings]) -> str:
    signs = " | ".join(SIGNS[endings[language][case.id]] for language in endings)
    return f"| {case.title.replace('|', chr(92) + '|')} | {signs} |"


def column(page: str, language: str) -> dict[str, Ending]:
    """What the page says of a language, by the ids of the cases."""
    at = list(NAMES).index(language) + 1
    said = list(_rows(page.partition(HEADING)[2]))
    endings = {sign: ending for ending, sign in SIGNS.items()}
    by_title = {(subject, cells[0]): endings[cells[at]] for subject, cells in said}
    return {
        case.id: by_title[case.subject, case.title] for case in all_cases() if (case.subject, case.title) in by_title
    }


def _rows(text: str) -> Iterator[tuple[str, list[str]]]:
    subject = ""
    for line in text.splitlines():
        if line.startswith("### "):
            subject = line.removeprefix("### ")
        elif line.startswith("| ") and not line.startswith("| Behavior |"):
            yield subject, [cell.replace("\\|", "|") for cell in line[2:-2].split(" | ")]


def _endings_of(language: str, cases: Sequence[Case]) -> dict[str, Ending]:
    with tempfile.TemporaryDirectory() as code, tempfile.TemporaryDirectory() as folder:
        command = LANGUAGES[language].build(Path(code))
        with running(command, Path(folder)) as runner:
            outcomes = {case.id: runner.outcome(case) for case in cases}
    for outcome in outcomes.values():
        if outcome.ending is Ending.FAILS:
            sys.stderr.write(f"{language}: {outcome.told}\n\n")
    return {name: outcome.ending for name, outcome in outcomes.items()}


def write() -> None:
    """Run everything, and write the table."""
    cases = all_cases()
    endings = {language: _endings_of(language, cases) for language in LANGUAGES}
    text = PAGE.read_text("utf-8").partition(HEADING)[0]
    PAGE.write_text(text + table_of(cases, endings), "utf-8")


if __name__ == "__main__":
    write()
