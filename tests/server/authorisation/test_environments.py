"""An environment answers as if there were no other: the same requests, beside empty neighbours and beside full ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import templates_server
from templates_server.errors import Conflict
from templates_server.routes import ROUTES
from templates_server.settings import sqlite_file_url
from templates_server.storage.removal import store as removal_store
from tests.server.authorisation.neighbours import (
    OF_AN_ENVIRONMENT,
    OF_REMOVALS,
    ONLY_WHILE_FOLLOWED,
    deletion,
    find_differences,
)
from tests.servers import PostgresServer

DELETES = re.compile(r"delete\(organizations\)|organizations\.delete\(|DELETE FROM organizations\b")


@pytest.mark.slow
def test_an_environment_answers_as_if_there_were_no_other(tmp_path: Path) -> None:
    assert (
        find_differences(
            str(sqlite_file_url(tmp_path / "alone.db")), str(sqlite_file_url(tmp_path / "among.db")), tmp_path
        )
        == []
    )


@pytest.mark.slow
def test_an_environment_answers_as_if_there_were_no_other_on_postgresql(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    assert find_differences(postgres.new_database_url(), postgres.new_database_url(), tmp_path) == []


@pytest.mark.slow
def test_a_deleted_space_leaves_no_row_and_takes_no_other(fresh_database_url: str, tmp_path: Path) -> None:
    found = deletion(fresh_database_url, tmp_path)
    of_this = OF_AN_ENVIRONMENT.keys() - ONLY_WHILE_FOLLOWED - {OF_REMOVALS}
    assert found.before.keys() == of_this  # of every kind there was something
    assert (found.left, found.changed) == ([], [])


def test_one_place_alone_deletes_an_organization_and_none_that_has_spaces() -> None:
    """Its Spaces have to be deleted before, one by one: what is known of people hangs on no foreign key."""
    handlers = [route for route in ROUTES if route.method == "DELETE" and route.path.endswith("{organization}")]
    assert [(route.path, Conflict in route.refuses) for route in handlers] == [
        ("/v2/organizations/{organization}", True)
    ]
    files = Path(str(templates_server.__file__)).parent.rglob("*.py")
    found = [path for path in files if DELETES.search(path.read_text(encoding="utf-8"))]
    assert found == [Path(str(removal_store.__file__))]
    assert removal_store.END_ORGANIZATION.endswith(removal_store.WITHOUT_SPACES)
    for planted in ("delete(organizations)", "organizations.delete()", "DELETE FROM organizations WHERE id = ?"):
        assert DELETES.search(planted)
