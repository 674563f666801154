"""An environment answers as if there were no other: the same requests, beside empty neighbours and beside full ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from templates_server.settings import sqlite_file_url
from tests.server.authorisation.neighbours import differences
from tests.servers import PostgresServer


def test_an_environment_answers_as_if_there_were_no_other(tmp_path: Path) -> None:
    assert (
        differences(str(sqlite_file_url(tmp_path / "alone.db")), str(sqlite_file_url(tmp_path / "among.db")), tmp_path)
        == []
    )


@pytest.mark.slow
def test_an_environment_answers_as_if_there_were_no_other_on_postgresql(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    assert differences(postgres.new_database_url(), postgres.new_database_url(), tmp_path) == []
