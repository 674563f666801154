"""The manual is whole: made parts are in step, links lead somewhere, commands can be typed as they stand."""

from __future__ import annotations

import functools
import itertools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import pytest

from mtribes_cli.cli import typer_command
from mtribes_cli.commands import WORDS
from mtribes_cli.global_options import extract_global_options
from mtribes_cli.help_topics import TOPICS
from templates_server.features.api_docs.manual import CONTENTS, Manual
from templates_server.features.api_docs.markdown_renderer import MARKER, Document
from tests.manual import DOCS, README, all_pages, code_blocks
from tests.repo.reference import SERVER, made_pages

PAGES = {path.relative_to(DOCS).as_posix(): path.read_text(encoding="utf-8") for path in all_pages()}
DOCUMENTS = {name: Document(text) for name, text in PAGES.items()}
MOST_BYTES_OF_THE_README = 9 * 1024
COMMANDS = (
    "pip install '.[server]' && mtribes setup --local",
    "pip install '.[test]' && pytest",
)
SHELL = ("sh", "console")
ENDS_OF_A_COMMAND = re.compile(r"&&|\|\||[|;<>]")
OF_THE_SOURCES = re.compile(r"`((?:mtribes_cli|templates_server|tests)/[\w./-]*)`")
FOLDERS = {"getting-started", "guides", "concepts", "reference", "development"}


def test_the_made_parts_are_what_the_programs_say() -> None:
    made = made_pages()
    assert {name: PAGES[name] for name in made} == made, "run: python -m tests.repo.reference"


def test_the_readme_is_short_and_has_both_commands() -> None:
    text = README.read_text(encoding="utf-8")
    assert len(text.encode()) < MOST_BYTES_OF_THE_README
    assert [command for command in COMMANDS if f"\n{command}\n" not in text] == []


def test_every_page_is_in_the_table_of_contents_once() -> None:
    manual = Manual("/docs")
    listed = [f"{entry.path}.md" for chapter in manual.chapters for entry in chapter.entries]
    assert sorted(listed) == sorted(PAGES.keys() - {CONTENTS})
    assert {PurePosixPath(name).parts[0] for name in listed} == FOLDERS


def broken_links(page: Path, document: Document) -> Iterator[str]:
    """The links of a page that lead to no file of the repository, or to no heading of a page."""
    for link in document.links:
        target = urlsplit(link)
        if target.scheme:
            continue
        file = (page.parent / target.path).resolve() if target.path else page
        if not file.exists() or (target.fragment and target.fragment not in anchors(file)):
            yield f"{page.name}: {link}"


@functools.cache
def anchors(file: Path) -> set[str]:
    return {heading.anchor for heading in Document(file.read_text(encoding="utf-8")).headings}


def test_every_link_of_the_readme_and_the_manual_leads_to_a_file_and_a_heading() -> None:
    pages = {README: Document(README.read_text(encoding="utf-8"))}
    pages |= {DOCS / name: document for name, document in DOCUMENTS.items()}
    assert [link for page, document in pages.items() for link in broken_links(page, document)] == []


def test_a_link_to_nowhere_would_be_found() -> None:
    text = "[a](nowhere.md) [b](install.md#nowhere) ![c](../pictures/nowhere.svg) [d](install.md#sign-in)"
    found = list(broken_links(DOCS / "getting-started" / "planted.md", Document(text)))
    assert [link.partition(": ")[2] for link in found] == [
        "nowhere.md",
        "install.md#nowhere",
        "../pictures/nowhere.svg",
    ]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_one_title_headings_in_order_and_no_html(name: str) -> None:
    levels = [heading.level for heading in DOCUMENTS[name].headings]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    prose = re.sub(r"```.*?```|`[^`]*`", "", MARKER.sub("", PAGES[name]), flags=re.DOTALL)
    assert re.findall(r"<[a-z!/][^>]*>", prose) == []


def test_every_column_of_every_table_has_a_heading() -> None:
    heads = [
        (name, row)
        for name, text in PAGES.items()
        for row in re.findall(r"^(\|.*\|)\n\|[ :|-]+\|$", text, re.MULTILINE)
    ]
    assert len(heads) > 100
    assert [head for head in heads if not all(cell.strip() for cell in head[1].strip("|").split("|"))] == []


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("development/")])
def test_every_file_that_a_page_for_developers_names_is_there(name: str) -> None:
    named = OF_THE_SOURCES.findall(PAGES[name])
    assert [path for path in named if not (DOCS.parents[1] / path).exists()] == []


def commands_of(text: str, program: str) -> Iterator[list[str]]:
    """What a program is called with in the blocks of shell on a page."""
    for block in code_blocks(text, *SHELL):
        for line in block.replace("\\\n", " ").splitlines():
            for part in ENDS_OF_A_COMMAND.split(line.removeprefix("$ ").partition(" # ")[0].partition("   #")[0]):
                words = shlex.split(part) if part.strip().startswith(f"{program} ") else []
                if words[:1] == [program]:
                    yield words[1:]


@functools.cache
def command_of(word: str) -> Any:
    """What Typer makes of a word, once."""
    return typer_command(WORDS[word])


def parse(words: list[str]) -> None:
    """Parse the words of a command of `mtribes`; nothing is run."""
    first, *rest = extract_global_options(words).words or ("status",)
    command = command_of(first)
    while rest and rest[0] in getattr(command, "commands", {}):
        command = command.commands[rest.pop(0)]
    command.make_context("mtribes", list(rest)).close()


def parse_of_the_server(words: list[str]) -> None:
    """Parse the words of a command of `mtribes-server`; nothing is run."""
    command: Any = SERVER
    rest = list(words)
    while rest and rest[0] in getattr(command, "commands", {}):
        command = command.commands[rest.pop(0)]
    command.make_context("mtribes-server", rest).close()


def test_every_command_of_the_readme_and_the_manual_can_be_typed_as_it_stands() -> None:
    texts = [README.read_text(encoding="utf-8"), *PAGES.values()]
    own = [words for text in texts for words in commands_of(text, "mtribes")]
    of_the_server = [words for text in texts for words in commands_of(text, "mtribes-server")]
    assert len(own) > 150
    assert len(of_the_server) > 10
    for words in own:
        parse(words)
    for words in of_the_server:
        parse_of_the_server(words)


def test_a_command_that_cannot_be_typed_would_be_found() -> None:
    [words] = commands_of("```sh\nls && mtribes update --nonsense > file\n```\n", "mtribes")
    with pytest.raises(Exception, match="--nonsense"):
        parse(words)
    with pytest.raises(Exception, match="nonsense"):
        parse_of_the_server(["start", "--nonsense"])


def test_the_help_of_a_topic_and_the_manual_have_the_same_table() -> None:
    for topic, page in (
        ("exit-codes", "reference/exit-codes.md"),
        ("environment", "reference/environment-variables.md"),
    ):
        assert [name for name, _ in TOPICS[topic].rows if f"| `{name}` |" not in PAGES[page]] == []
