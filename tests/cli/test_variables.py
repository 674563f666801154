"""Variables of ours as files and containers set them: with blanks around a value, or with quotation marks."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtribes_cli.files.app_paths import AppPaths
from tests.cli.cli_runner import CliRunner
from tests.cli.stub_server import StubServer, data

SPACES = "/v2/spaces"


def test_blanks_around_the_value_of_a_variable_are_no_part_of_it(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", SPACES, data())
    expected = user("space", "list").out
    user.environment |= {"MTRIBES_HOST": f"\t{stub_server.url}\n", "MTRIBES_TOKEN": "mtp_of_a_test\r\n"}
    outcome = user("space", "list")
    assert (outcome.exit_code, outcome.out) == (0, expected)


@pytest.mark.parametrize("quote", ["'", '"'])
@pytest.mark.parametrize("name", ["MTRIBES_HOST", "MTRIBES_TOKEN", "MTRIBES_DATA"])
def test_quotes_around_the_value_of_a_variable_are_named(
    user: CliRunner, stub_server: StubServer, name: str, quote: str
) -> None:
    user.environment[name] = f"{quote}mtp_secret{quote}\n"
    outcome = user("space", "list")
    assert outcome.exit_code == 2
    assert f"The value of {name} is enclosed in quotation marks." in outcome.err
    assert "Remove the quotation marks" in outcome.err
    assert "mtp_secret" not in outcome.err
    assert stub_server.asked == []


def test_variables_of_others_stay_as_they_are(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", SPACES, data())
    user.environment |= {"OTHER": '"quoted"', "MTRIBES_EMPTY": " \n"}
    assert user("space", "list").exit_code == 0


def test_the_data_folder_is_found_as_the_server_finds_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert AppPaths.of_this_user({"MTRIBES_DATA": "~/data"}).server == tmp_path / "data"
    assert AppPaths.of_this_user({"MTRIBES_DATA": "data"}).server == tmp_path / "data"
