"""Every command's help has an example, and what an example says exists: words, options, arguments."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from mtribes_cli.cli import typer_command
from mtribes_cli.commands import WORDS
from mtribes_cli.global_options import extract_global_options
from tests.cli.cli_runner import CliRunner

PROMPT = "$ "


def _commands(path: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    verbs = getattr(command, "commands", None)
    if verbs is None:
        yield path, command
        return
    for name, verb in verbs.items():
        yield from _commands((*path, name), verb)


COMMANDS = {path: command for name, word in WORDS.items() for path, command in _commands((name,), typer_command(word))}


def examples(help_text: str) -> list[str]:
    """The example lines of a help text."""
    lines = [line.strip() for line in help_text.splitlines()]
    return [line.removeprefix(PROMPT) for line in lines if line.startswith(PROMPT)]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_the_help_of_every_command_shows_an_example_of_it(mtribes: CliRunner, path: tuple[str, ...]) -> None:
    outcome = mtribes(*path, "--help")
    shown = examples(outcome.out)
    assert shown, outcome.out
    assert shown == examples(COMMANDS[path].help), "the help wraps an example"
    assert all(" ".join(["mtribes", *path]) in line for line in shown)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_example_can_be_typed_as_it_stands(path: tuple[str, ...]) -> None:
    for example in examples(COMMANDS[path].help):
        words = extract_global_options(_words_of(example)).words
        assert words[: len(path)] == path
        COMMANDS[path].make_context(example, list(words[len(path) :])).close()


def _words_of(example: str) -> list[str]:
    """What the program gets: without the shell's own redirections and substitutions."""
    inner = example.partition("<(")[2].rstrip(")") or example
    words = shlex.split(inner.partition(" < ")[0].partition(" | ")[0].partition(" > ")[0])
    assert words[0] == "mtribes"
    return words[1:]


def test_an_example_that_does_not_exist_would_be_found() -> None:
    with pytest.raises(Exception, match="--nonsense"):
        COMMANDS["update",].make_context("mtribes update", ["--nonsense"])
