"""What looks for secrets in all that a run has left finds them, wherever they were planted."""

from __future__ import annotations

import base64
import functools
import re
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import pytest
from sqlalchemy import Connection

from templates_server.security.secrets import SecretKind, new_secret
from templates_server.storage.factory import open_database
from tests import secret_scanner
from tests.requirements import require
from tests.secret_scanner import SecretFinder, Secrets
from tests.server_processes import ENVIRONMENT
from tests.servers import PostgresServer

ROOT = Path(__file__).parents[2]
TEST = """
from pathlib import Path
import logging
from tests.people import add_organization, add_person
from tests.secret_scanner import SAID
from tests.servers import running_server

def test_planted(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        token = add_person(server.database, add_organization(server.database)).token
        with server.client(Authorization=f"Bearer {token}") as client:
            assert client.get("/v2/me", headers={"Idempotency-Key": "key-of-a-request-1"}).status_code == 200
        PLANTS
"""
PLANTS = {
    "/mtribes.db": "server.database.write_sync(lambda connection: connection.exec_driver_sql("
    "'UPDATE accounts SET name = ?', ('is ' + token,)))",
    "the log": "logging.getLogger('templates_server').info('asked with %s', token)",
    "what commands said": "SAID.append('sent with key-of-a-request-1')",
    "/left": "(tmp_path / 'left').write_text(f'x{token}x')",
}


def run_with(plants: str) -> subprocess.CompletedProcess[str]:
    """A run of one test, whose files are not among those of this one."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "conftest.py").write_text("from tests.conftest import *\n")
        (folder / "test_planted.py").write_text(TEST.replace("PLANTS", plants))
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-n2",
            "-c",
            str(ROOT / "pyproject.toml"),
            f"--rootdir={folder}",
        ]
        command += ["-p", "no:cacheprovider", f"--basetemp={folder / 'temporary'}", str(folder / "test_planted.py")]
        return subprocess.run(
            command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=120, check=False
        )


@pytest.mark.slow
def test_a_run_that_leaves_no_secret_is_green_and_says_how_much_it_looked_at() -> None:
    done = run_with("pass")
    assert done.returncode == 0, done.stdout
    assert re.search("secrets: [1-9][0-9]* that were sent were looked for in 1 databases", done.stdout)


@pytest.mark.slow
def test_a_run_that_leaves_secrets_turns_red_and_says_where() -> None:
    done = run_with("; ".join(PLANTS.values()))
    assert done.returncode == 1, done.stdout
    assert "1 passed, 1 error" in done.stdout
    told = done.stdout.partition("tests/secret_scanner.py found secrets in")[2]
    assert [place for place in PLANTS if f"{place}: " not in told] == []


@pytest.fixture
def secrets() -> Secrets:
    """Secrets that were heard in a request and its answer."""
    heard = Secrets()
    basic = base64.b64encode(b"svc_1:mts+secret%2Bof%20a%20service").decode()
    heard.record(
        b"/oauth/token?code=0123456789abcdefXYZ&state=said"
        b"\nauthorization: Basic " + basic.encode() + b"\nidempotency-key: once-and-for-all"
        b"\ncookie: a=1; mtribes_4711=CookieCookieCookie1\n\nx=1&password=Lighthouse+and+a+harbour+7&code=short\n"
        b'{"refresh_token":"mtr_of-an-answer-that-is-long"} "token": "pk_0123456789abcdefgh"'
    )
    return heard


def found(secrets: Secrets, content: bytes) -> set[str]:
    return {one.partition(" ")[0] for one in secrets.finder().find_in(content)}


def test_what_is_public_or_too_short_to_be_one_is_no_secret(secrets: Secrets) -> None:
    assert found(secrets, b"pk_0123456789abcdefgh short said svc_1") == set()
    assert len(secrets) == 7  # Basic credentials are two: as they are sent, and the secret in them


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"before0123456789abcdefXYZafter", "code"),
        (b"\0\0\x17mtr_of-an-answer-that-is-longmtribes-cli", "refresh_token"),
        (b"Lighthouse and a harbour 7", "password"),
        (b"mts secret+of a service", "client_secret"),
        (b"(once-and-for-all)", "idempotency-key"),
        (b"=CookieCookieCookie1;", "mtribes_4711"),
        (b"\\x" + b"once-and-for-all".hex().encode(), "idempotency-key"),
    ],
)
def test_a_secret_is_found_wherever_it_stands(secrets: Secrets, content: bytes, kind: str) -> None:
    assert kind in found(secrets, b"a lot of other text " * 50 + content + b" and more")
    assert found(secrets, zlib.compress(content)) == set()


def test_a_token_is_known_by_its_checksum_wherever_it_came_from() -> None:
    finder = SecretFinder({})
    for kind in SecretKind:
        token = new_secret(kind)
        wrong = token[:-1] + ("A" if token[-1] != "A" else "B")
        assert len(list(finder.find_in(f"is{token}it".encode()))) == 1
        assert list(finder.find_in(wrong.encode())) == []


def test_what_was_planted_in_a_database_a_log_and_what_was_said_is_found(tmp_path: Path) -> None:
    secret_scanner.check_planted(tmp_path)


def plant(connection: Connection, text: str) -> None:
    """Keep a text in a table of its own."""
    connection.exec_driver_sql("CREATE TABLE planted (text text)")
    connection.exec_driver_sql("INSERT INTO planted VALUES (%s)", (f"is {text}",))


@pytest.mark.slow
def test_what_was_planted_in_a_postgresql_is_found() -> None:
    require(sys.platform != "win32", "PostgreSQL for tests", "run these on Linux or macOS")
    token = new_secret(SecretKind.PERSONAL)
    with tempfile.TemporaryDirectory(prefix="mtribes-postgres-", ignore_cleanup_errors=True) as folder:
        postgres = PostgresServer(Path(folder))
        urls = [postgres.new_database_url() for _ in range(2)]
        for url, text in zip(urls, ("nothing", token), strict=True):
            database = open_database(url)
            database.write_sync(functools.partial(plant, text=text))
            database.close()
        postgres.close()
        seen = secret_scanner.scan_postgres(Path(folder))
    assert seen.databases == 2
    assert len(seen.leaks) == 1
    assert f"token {token[:12]}" in seen.leaks[0]


@pytest.mark.parametrize(("secrets", "is_too_little"), [(10**6, False), (10, True)])
def test_a_whole_run_that_looks_through_too_little_is_noticed(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch, secrets: int, is_too_little: object
) -> None:
    monkeypatch.setattr(pytestconfig, "args_source", pytest.Config.ArgsSource.TESTPATHS)
    monkeypatch.setattr(pytestconfig.option, "keyword", "")
    monkeypatch.setenv("MTRIBES_REQUIRE_ALL", "1")
    pytestconfig.stash[secret_scanner.SCAN_SUMMARY] = secret_scanner.ScanSummary(
        secrets, databases=10**6, files=10**6, lines=10**6
    )
    found = secret_scanner.is_too_little(pytestconfig)
    del pytestconfig.stash[secret_scanner.SCAN_SUMMARY]
    assert found is is_too_little
