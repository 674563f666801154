"""The README says what the programs are: its reference is made from them, its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

from tests.repo.reference import README, rewritten


def test_the_reference_is_what_the_programs_say() -> None:
    text = README.read_text(encoding="utf-8")
    assert rewritten(text) == text, "run: python -m tests.repo.reference"


def test_every_file_that_the_readme_names_is_there() -> None:
    root = README.parent
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", README.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (root / Path(link)).exists()] == []
