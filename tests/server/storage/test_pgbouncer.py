"""Everything works behind a PgBouncer in transaction mode, where each transaction may run in another process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from templates_server.__main__ import main
from templates_server.features.operations import retention_store
from templates_server.settings import sqlite_url
from templates_server.storage.database import PURGE_LOCK, Database
from templates_server.storage.factory import open_database
from templates_server.storage.postgresql import PREPARE_THRESHOLD
from tests.pgbouncer import FEW_CONNECTIONS, THROUGH_PGBOUNCER, pgbouncer
from tests.server_processes import server_process

ROOT = Path(__file__).parents[3]
CALLS, AT_ONCE = 240, 16
HOLDERS = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND objid = :low")
SLICE = (  # sessions and streams of two processes, imports, exports, idempotency, one-time things, purging, migrating
    "tests/server/storage/test_database.py",
    "tests/server/http/test_idempotency.py",
    "tests/server/storage/test_migrations.py",
    "tests/server/storage/test_pipelining.py",
    "tests/server/client/test_merging.py",
    "tests/server/features/events/test_events.py",
    "tests/server/features/exports/test_exports.py",
    "tests/server/features/exports/test_same_bytes.py",
    "tests/server/features/imports/test_imports.py",
    "tests/server/races/test_one_time_things.py",
    "tests/server/features/operations/test_retention.py",
    "tests/server/features/sessions/changes/test_processes.py",
)


@pytest.fixture
def pooled_url(postgres_url: str) -> Iterator[str]:
    """The URL of an empty database through a PgBouncer that has three connections for everybody."""
    where = make_url(postgres_url)
    with pgbouncer(Path(str(where.query["host"]))) as pooler:
        yield f"{pooler}/{where.database}"


def prepare_threshold(database: Database) -> int | None:
    def work(connection: Connection) -> int | None:
        driver: Any = connection.connection.driver_connection
        threshold: int | None = driver.prepare_threshold
        return threshold

    return database.read_sync(work)


def test_statements_are_prepared_on_a_direct_connection_alone(postgres_url: str, pooled_url: str) -> None:
    for url, expected in ((postgres_url, PREPARE_THRESHOLD), (pooled_url, None)):
        database = open_database(url)
        assert prepare_threshold(database) == expected
        database.close()


def test_all_calls_of_many_apps_at_once_are_answered_through_pgbouncer(pooled_url: str, tmp_path: Path) -> None:
    options = ("--demo", "--workers", "2", "--database", pooled_url, "--rate-limits", "off")
    with server_process(tmp_path / "data", *options) as server:
        facts = json.loads((tmp_path / "data" / "demo.json").read_text())
        app = {"Authorization": f"Bearer {facts['spaces']['vod']['production']}"}
        token = {"Authorization": f"Bearer {facts['token']}"}

        def call(number: int) -> int:
            with httpx.Client(base_url=server.url, trust_env=False, timeout=60) as client:
                who = {"external_id": f"user{number % 20}"}
                event = {"name": "video/completed", "external_id": f"user{number % 20}", "data": {"number": number}}
                match number % 4:
                    case 0:
                        return client.post("/api/client/sessions", json=who, headers=app).status_code
                    case 1:
                        return client.post("/api/client/events", json=[event], headers=app).status_code
                    case 2:
                        return client.post("/api/client/identify", json=who, headers=app).status_code
                return client.get("/v2/spaces/vod/environments/production/users", headers=token).status_code

        with ThreadPoolExecutor(AT_ONCE) as threads:
            statuses = Counter(threads.map(call, range(CALLS)))
        assert set(statuses) <= {200, 201, 202, 204}, statuses
        with httpx.Client(base_url=server.url, trust_env=False, headers=token, timeout=60) as client:
            path = "/v2/spaces/vod/environments/production/events"
            events = client.get(path, params={"name": "video/completed", "limit": 100}).json()["data"]
        assert {event["data"]["number"] for event in events if "number" in event["data"]} == set(range(1, CALLS, 4))


def test_one_process_purges_at_a_time_through_pgbouncer_and_leaves_no_lock(postgres_url: str, pooled_url: str) -> None:
    one, other, direct = open_database(pooled_url), open_database(pooled_url), open_database(postgres_url)
    low = {"low": PURGE_LOCK & 0xFFFFFFFF}
    with retention_store.hold_purge_lock(one) as is_alone:
        assert is_alone
        for _ in range(2 * FEW_CONNECTIONS):  # whichever connection it gets
            with retention_store.hold_purge_lock(other) as is_too:
                assert not is_too
        assert direct.read_sync(lambda connection: connection.execute(HOLDERS, low).scalar_one()) == 1
    assert direct.read_sync(lambda connection: connection.execute(HOLDERS, low).scalar_one()) == 0
    with retention_store.hold_purge_lock(other) as is_alone:
        assert is_alone
    for database in (one, other, direct):
        database.close()


def test_backup_restore_and_migrate_go_through_pgbouncer(pooled_url: str, tmp_path: Path) -> None:
    first, second = str(tmp_path / "first"), str(tmp_path / "second")
    assert main(["organization", "add", "acme", "--name", "Acmé", "--data", first]) == 0
    assert main(["backup", str(tmp_path / "1.tar.zst"), "--data", first]) == 0
    assert main(["restore", str(tmp_path / "1.tar.zst"), "--data", second, "--database", pooled_url]) == 0
    assert main(["migrate", "--data", second, "--database", pooled_url]) == 0
    assert main(["backup", str(tmp_path / "2.tar.zst"), "--data", second, "--database", pooled_url]) == 0
    assert main(["restore", str(tmp_path / "2.tar.zst"), "--data", str(tmp_path / "third")]) == 0
    database = open_database(sqlite_url(tmp_path / "third"))
    found = database.read_sync(
        lambda connection: connection.execute(text("SELECT name FROM organizations")).scalar_one()
    )
    database.close()
    assert found == "Acmé"


def test_what_keeps_pgbouncer_from_the_database_is_named(
    pooled_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pooler, _, name = pooled_url.rpartition("/")
    assert main(["migrate", "--data", str(tmp_path / "data"), "--database", f"{pooler}/absent"]) == 1
    assert "has no database 'absent'" in capsys.readouterr().err
    address = pooler.rpartition("@")[2]
    several = f"postgresql://bouncer@127.0.0.1:1,{address}/{name}?target_session_attrs=read-write"
    assert main(["migrate", "--data", str(tmp_path / "data"), "--database", several]) == 0


@pytest.mark.slow
@pytest.mark.parametrize("file", SLICE)
def test_the_tests_of_postgresql_pass_through_pgbouncer(file: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--slow", "-n", "0", "-k", "postgres or workers", file]
    environment = {**os.environ, THROUGH_PGBOUNCER: "1"}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-4000:]
    assert " passed" in run.stdout
