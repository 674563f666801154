"""Reaching a PostgreSQL: URLs of every kind, and what an operator reads when it lets nobody in."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from templates_server.__main__ import main
from templates_server.storage.postgresql_url import format_location
from tests.servers import PostgresServer

SECRET = "p4ss-of-the-database"
SSL_REQUEST_BYTES = 8


def migrate(folder: Path, url: str) -> int:
    return main(["migrate", "--data", str(folder), "--database", url])


@pytest.fixture
def without_ssl() -> Iterator[int]:
    """The port of a server that, as PostgreSQL without SSL does, answers N to whoever asks for it."""

    def serve(listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with connection:
                    connection.recv(SSL_REQUEST_BYTES)
                    connection.sendall(b"N")
                    connection.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        yield listening.getsockname()[1]


@pytest.fixture
def port_of_nobody() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://u:{secret}%zz@db.example.com/mtribes", "a valid PostgreSQL URL"),
        ("postgresql://u:x/{secret}@db.example.com/mtribes", "its host or its database contains an @"),
        ("postgresql://u:x@{secret}@db.example.com/mtribes", "its host or its database contains an @"),
        ("postgresql://u:{secret}@db.example.com:{secret}/mtribes", "its port is not a number"),
        (
            "postgresql://u:{secret}@db.example.com/mtribes?sslmode=a&sslmode={secret}",
            "the parameter sslmode appears more than once",
        ),
        ("postgresql://u:{secret}@db.example.com/mtribes?{secret}=1", "a valid PostgreSQL URL"),
        ("{secret}", "not a URL"),
    ],
)
def test_a_database_url_that_cannot_be_read_is_refused_without_a_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str, told: str
) -> None:
    assert migrate(tmp_path / "data", url.format(secret=SECRET)) == 2
    said = capsys.readouterr().err
    assert "Invalid database URL (--database, MTRIBES_DATABASE): " in said
    assert told in said
    assert SECRET not in said
    assert not (tmp_path / "data" / "mtribes.db").exists()


@pytest.mark.slow
def test_a_refused_connection_and_an_unknown_host_are_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], port_of_nobody: int
) -> None:
    assert migrate(tmp_path / "data", f"postgresql://u:{SECRET}@127.0.0.1:{port_of_nobody}/x") == 75
    refused = capsys.readouterr().err
    assert f"Connection refused at 127.0.0.1:{port_of_nobody}" in refused
    assert migrate(tmp_path / "data", f"postgresql://u:{SECRET}@nowhere.invalid/x") == 75
    unknown = capsys.readouterr().err
    assert "Cannot resolve the database host nowhere.invalid:5432." in unknown
    assert migrate(tmp_path / "data", f"postgresql://u:{SECRET}@/x?host={tmp_path}") == 75
    no_socket = capsys.readouterr().err
    assert f"Connection refused at {tmp_path}" in no_socket
    assert SECRET not in refused + unknown + no_socket


def test_a_server_without_ssl_is_named_where_ssl_is_required(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], without_ssl: int
) -> None:
    assert migrate(tmp_path / "data", f"postgresql://u:{SECRET}@127.0.0.1:{without_ssl}/x?sslmode=require") == 1
    said = capsys.readouterr().err
    assert f"The database server at 127.0.0.1:{without_ssl} does not support SSL" in said
    assert SECRET not in said


def test_a_wrong_parameter_of_the_url_is_a_matter_of_the_url(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], port_of_nobody: int
) -> None:
    assert migrate(tmp_path / "data", f"postgresql://u@127.0.0.1:{port_of_nobody}/x?sslmode=maybe") == 1
    assert "A parameter of the database URL has an unsupported value" in capsys.readouterr().err


def test_a_wrong_password_and_what_is_absent_are_named(
    postgres: PostgresServer, postgres_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = make_url(postgres_url)
    folder = str(where.query["host"])
    postgres.require_password("locked", SECRET)
    good = f"postgresql://locked:{SECRET}@/{where.database}?host={folder}"
    for url, code, told in (
        (
            good.replace(SECRET, "wrong"),
            1,
            f"The database server at {folder} does not accept the password of user 'locked'.",
        ),
        (good.replace(f":{SECRET}", ""), 1, "requires a password for user 'locked', and the database URL has none."),
        (
            good.replace(f"{where.database}?", "absent?"),
            1,
            f"The database server at {folder} has no database 'absent'.",
        ),
        (good.replace("locked:", "nobody:"), 1, f"The database server at {folder} has no user 'nobody'."),
        (good, 0, ""),
        (good.replace("postgresql://", "postgres://"), 0, ""),
    ):
        assert migrate(tmp_path / "data", url) == code
        said = capsys.readouterr()
        assert told in said.err
        assert SECRET not in said.err + said.out


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_cannot_store_every_text_is_refused(
    postgres: PostgresServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], encoding: str
) -> None:
    url = postgres.new_database_url(encoding=encoding)
    for command in (["migrate"], ["start", "--port", "0"], ["organization", "add", "acme"]):
        assert main([*command, "--data", str(tmp_path / "data"), "--database", url]) == 1
        said = capsys.readouterr().err
        assert f"has the encoding {encoding}; UTF8 is required." in said
        assert "ENCODING 'UTF8' TEMPLATE template0" in said


def test_the_encoding_of_the_environment_is_not_the_connections(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    options = ["--data", str(tmp_path / "data"), "--database", postgres_url]
    assert main(["organization", "add", "acme", "--name", "Ακμή 🏔", *options]) == 0


def test_of_several_hosts_the_one_that_can_be_written_is_found(
    postgres_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = make_url(postgres_url)
    hosts = f"host=/nowhere,{where.query['host']}&target_session_attrs=read-write"
    assert migrate(tmp_path / "data", f"postgresql://postgres@/{where.database}?{hosts}") == 0
    assert capsys.readouterr().out.startswith("schema 0")


@pytest.mark.slow
def test_every_host_is_named_where_none_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"postgresql://u:{SECRET}@127.0.0.1:1,localhost:2/x?target_session_attrs=read-write"
    assert migrate(tmp_path / "data", url) == 75
    said = capsys.readouterr().err
    assert "127.0.0.1:1, localhost:2" in said
    assert SECRET not in said


def test_blanks_around_a_variable_are_no_part_of_it(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MTRIBES_DATABASE", f" {postgres_url}\n")
    monkeypatch.setenv("MTRIBES_DATA", f"{tmp_path / 'data'}\r\n")
    assert main(["migrate"]) == 0
    assert capsys.readouterr().out.startswith("schema 0")
    assert {path.name for path in tmp_path.iterdir()} == {"data"}
    assert not (tmp_path / "data" / "mtribes.db").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("parts", "place"),
    [
        ({}, "the default socket"),
        ({"host": "db1"}, "db1:5432"),
        ({"host": "db1,db2", "port": "5432,5433"}, "db1:5432, db2:5433"),
        ({"host": "db1,db2", "port": "6000"}, "db1:6000, db2:6000"),
        ({"host": "/run/postgresql"}, "/run/postgresql"),
    ],
)
def test_where_a_server_is_is_said_for_people(parts: dict[str, str], place: str) -> None:
    assert format_location(parts) == place
