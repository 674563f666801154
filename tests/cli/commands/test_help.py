"""`mtribes help`: the tables of exit codes, environment variables and files."""

from __future__ import annotations

import pytest

from mtribes_cli.commands.help import TopicName
from mtribes_cli.errors import ExitCode
from mtribes_cli.help_topics import TOPICS
from tests.cli.cli_runner import CliRunner


def test_help_alone_lists_commands_and_topics(mtribes: CliRunner) -> None:
    outcome = mtribes("help")
    assert outcome.exit_code == 0
    assert outcome.out == mtribes().out
    assert all(name in outcome.out for name in ("  update", *TOPICS))


@pytest.mark.parametrize("name", TOPICS)
def test_help_of_a_topic_shows_its_table(mtribes: CliRunner, name: str) -> None:
    outcome = mtribes("help", name)
    assert outcome.exit_code == 0
    assert all(entry in outcome.out and meaning in outcome.out for entry, meaning in TOPICS[name].rows)
    data = mtribes("help", name, "--json").envelope["data"]
    assert data["topic"] == name
    assert [(entry["name"], entry["meaning"]) for entry in data["entries"]] == list(TOPICS[name].rows)


def test_every_topic_has_a_name_and_every_exit_code_a_row() -> None:
    assert [str(name) for name in TopicName] == list(TOPICS)
    assert [entry for entry, _ in TOPICS["exit-codes"].rows] == [str(int(code)) for code in ExitCode]


def test_an_unknown_topic_is_invalid_usage_that_names_the_topics(mtribes: CliRunner) -> None:
    outcome = mtribes("help", "nonsense")
    assert outcome.exit_code == ExitCode.USAGE
    assert all(name in outcome.err for name in TOPICS)
