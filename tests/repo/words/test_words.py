"""No string that a user sees contains a phrase of `phrases.txt`."""

from pathlib import Path

import pytest

from tests.repo.words.phrases import find_phrases, phrases
from tests.repo.words.strings import list_strings, strings_of

ROOT = Path(__file__).parents[3]
PACKAGES = ("mtribes_cli", "templates_server")
PLANTED = '''
"""A docstring of a module: there is no phrase here."""
app.command("x")(print)

@app.command("show")
def show(name: str) -> str:
    """{phrase}"""

def fail(name: str) -> None:
    raise UsageError(f"{{name}}: {phrase} for it.", "Pass a name.")
'''


@pytest.mark.parametrize("package", PACKAGES)
def test_no_visible_string_has_a_listed_phrase(package: str) -> None:
    found = find_phrases(list_strings(ROOT / package))
    assert [f"{one.path.relative_to(ROOT)}:{one.line}: {phrase!r} in {one.text!r}" for one, phrase in found] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_strings_of_a_package_are_listed(package: str) -> None:
    assert len(list(list_strings(ROOT / package))) > 1_000


def test_a_planted_phrase_is_found_in_help_and_in_errors() -> None:
    for phrase in phrases():
        found = find_phrases(strings_of(Path("planted.py"), PLANTED.format(phrase=f"so {phrase}")))
        assert {(one.line, each) for one, each in found} >= {(7, phrase), (10, phrase)}


def test_a_phrase_across_pieces_of_a_string_is_found() -> None:
    source = 'raise UsageError("Which user is "\n    "meant?", "Pass a name.")'
    assert [phrase for _, phrase in find_phrases(strings_of(Path("planted.py"), source))] == ["is meant"]


def test_part_of_a_word_and_a_docstring_are_no_phrase() -> None:
    source = '"""Mend the file."""\nraise UsageError("Recommend the file.", "Pass a name.")'
    assert list(find_phrases(strings_of(Path("planted.py"), source))) == []
