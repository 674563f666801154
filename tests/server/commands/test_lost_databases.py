"""A database that was lost is never made anew beside what a server left, unless somebody says that it is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from templates_server.__main__ import main
from templates_server.settings import sqlite_file_url
from tests.server_processes import server_process, status_of
from tests.servers import PostgresServer

pytestmark = pytest.mark.slow

COMMANDS = (["start", "--port", "0"], ["migrate"], ["organization", "add", "acme"])
SIGNS = ("server.key", "server.json", "demo.json", "local-code", "erasures.jsonl", "exports")


def lived(folder: Path, *options: str) -> Path:
    """A data folder on which a server ran."""
    with server_process(folder, *options) as server:
        assert status_of(f"{server.url}/readyz") == 200
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_makes_a_database_where_one_was_lost(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = lived(tmp_path / "data")
    (folder / "mtribes.db").rename(tmp_path / "moved.db")
    before = sorted(path.name for path in folder.iterdir())
    assert main([*command, "--data", str(folder)]) == 1
    said = capsys.readouterr().err
    assert (
        f"A server has used {folder} before (server.key), but its database {folder / 'mtribes.db'} is missing." in said
    )
    assert "restore a backup into a new --data directory" in said
    assert "--new-database" in said
    assert sorted(path.name for path in folder.iterdir()) == before

    (tmp_path / "moved.db").rename(folder / "mtribes.db")
    assert main(["migrate", "--data", str(folder)]) == 0


@pytest.mark.parametrize("sign", SIGNS)
def test_each_trace_of_a_server_is_enough(sign: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / sign).touch()
    assert main(["migrate", "--data", str(folder)]) == 1
    assert f"({sign})" in capsys.readouterr().err
    assert [path.name for path in folder.iterdir() if "mtribes.db" in path.name] == []


def test_a_database_without_content_is_a_lost_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = lived(tmp_path / "data")
    (folder / "mtribes.db").write_bytes(b"")
    assert main(["migrate", "--data", str(folder)]) == 1
    assert f"its database {folder / 'mtribes.db'} is empty." in capsys.readouterr().err
    assert (folder / "mtribes.db").stat().st_size == 0


def test_a_new_database_is_made_where_that_is_said(tmp_path: Path) -> None:
    folder = lived(tmp_path / "data")
    (folder / "mtribes.db").unlink()
    with server_process(folder, "--new-database") as server:
        assert status_of(f"{server.url}/readyz") == 200
    assert main(["organization", "add", "acme", "--data", str(folder)]) == 0


def test_an_empty_postgresql_is_no_heir_of_the_former_one(
    postgres: PostgresServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, other = postgres.new_database_url(), postgres.new_database_url()
    folder = lived(tmp_path / "data", "--database", first)
    assert main(["migrate", "--data", str(folder), "--database", other]) == 1
    assert "the database in --database or MTRIBES_DATABASE is empty" in capsys.readouterr().err
    assert main(["migrate", "--data", str(folder)]) == 1  # nor is the file that is made where no --database is given
    assert not (folder / "mtribes.db").exists()
    assert main(["migrate", "--data", str(folder), "--database", first]) == 0
    assert main(["migrate", "--data", str(folder), "--database", other, "--new-database"]) == 0


def test_a_first_start_that_failed_is_followed_by_one_that_succeeds(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "server.log").mkdir()  # so that it ends after the database was made
    assert main(["start", "--port", "0", "--data", str(folder)]) != 0
    (folder / "server.log").rmdir()
    with server_process(folder) as server:
        assert status_of(f"{server.url}/readyz") == 200


def test_a_damaged_database_is_named_as_that(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = lived(tmp_path / "data")
    (folder / "mtribes.db").write_bytes(b"not a database, but as long as one" * 1000)
    assert main(["migrate", "--data", str(folder)]) == 1
    said = capsys.readouterr().err
    assert "The database file is damaged" in said
    assert "restore the latest backup" in said


def test_nothing_is_made_by_backing_up_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "missing.db"
    options = ["--data", str(tmp_path / "data"), "--database", str(sqlite_file_url(missing))]
    assert main(["backup", str(tmp_path / "b.tar.zst"), *options]) == 1
    assert "Nothing to back up" in capsys.readouterr().err
    assert not missing.exists()
