"""`mtribes-server backup` and `restore`: the same answers afterwards, on either database; all of it or nothing."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import stat
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from templates_server.__main__ import main
from templates_server.backup.archive import writing
from templates_server.endpoint import Route
from templates_server.events.names.folding import fold_changes
from templates_server.migrations import head_revision
from templates_server.opening import open_database
from templates_server.routes import ROUTES
from templates_server.settings import sqlite_url
from tests.fuzz.stage import sign_in
from tests.server_processes import ServerProcess, server_process
from tests.servers import PostgresServer

PARAMETERS = {
    "organization": "acme",
    "space": "vod",
    "environment": "production",
    "tribe": "gold-members",
    "name": "app.js",
    "file": "index.js",
    "language": "javascript",
    "issuer_path": "mtribes",
    "import": "crm-1",
    "user": "ada",
    "code": "x",
    "session": "x",
    "visitor": "phone",
    "export": "exp_0",
    "entity": "homepage.header",
    "template": "experience",
    "upload": "x",
}
ANSWERS_OF_ITS_OWN = re.compile(
    rb'(name="(?:form_token|key)" value="|"last_used":|live/stream\?after=)(?:null|"[^"]*"|[^"]*)'
    rb"|(?:last used )?<time [^>]*>[^<]*</time>|never used"
)
EXPORTS = ("user.export", "visitor.export")
FOLLOWERS = "event_followers"
GETS = [route for route in ROUTES if route.method == "GET"]


def path_of(route: Route) -> str:
    """The route's path with something in every place that is there; a new kind of place needs a line in PARAMETERS."""
    return re.sub(r"\{(\w+)\*?\}", lambda match: PARAMETERS[match[1]], route.path)


def answers_of(url: str, callers: Mapping[str, httpx.Headers]) -> Mapping[str, tuple[Any, ...]]:
    """What every GET of the server gives to each caller."""
    found = {}
    for caller, headers in callers.items():
        with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=30) as client:
            for route in GETS:
                with client.stream("GET", path_of(route)) as answer:
                    body = ANSWERS_OF_ITS_OWN.sub(rb"", _without_exports(_body_of(answer)))
                kept = (answer.headers.get("content-type"), answer.headers.get("etag"), answer.headers.get("link"))
                found[f"{route.path} {caller}"] = (answer.status_code, *kept, body)
    return found


def _body_of(answer: httpx.Response) -> bytes:
    """All that an answer says, and nothing of a stream that ends when its reader leaves."""
    return b"" if answer.headers.get("content-type", "").startswith("text/event-stream") else answer.read()


def _without_exports(body: bytes) -> bytes:
    """What is said of deeds, less those that asking is: exports of all that is known of somebody."""
    if b'"dataType":"audit_entry"' not in body:
        return b"".join(
            row
            for row in re.split(rb"(<tr>.*?</tr>\s*)", body, flags=re.DOTALL)
            if not any(action.encode() in row for action in EXPORTS)
        )
    entries = [entry for entry in json.loads(body)["data"] if entry["action"] not in EXPORTS]
    return json.dumps(entries).encode()


def use(server: ServerProcess) -> Mapping[str, httpx.Headers]:
    """Leave traces of everything that a server keeps; the headers of nobody, and of the administrator's two ways in."""
    facts = json.loads((server.folder / "demo.json").read_text())
    key = facts["spaces"]["vod"]["production"]
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {key}"}, trust_env=False) as app:
        app.post("/api/client/sessions", json={"external_id": "ada"}).raise_for_status()
        events = [{"name": "video/completed", "anonymous_id": f"d{n}", "data": {"ä": "\u2028"}} for n in range(20)]
        app.post("/api/client/events", json=events).raise_for_status()
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {facts['token']}"}) as client:
        path = "/v2/spaces/vod/environments/production/delivery"
        document = client.get(path).json()["data"][0]
        document["published"] = ["homepage"]
        client.put(path, json=document, headers={"If-Match": "*"}).raise_for_status()
        client.get("/demo/mtspace/vod/index.js").raise_for_status()  # it is remembered what code was rendered
    with httpx.Client(base_url=server.url, trust_env=False) as browser:
        sign_in(browser, facts["people"][0])
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    return {
        "by nobody": httpx.Headers(),
        "by a token": httpx.Headers({"Authorization": f"Bearer {facts['token']}"}),
        "by a browser": httpx.Headers({"Cookie": cookies}),
    }


def test_restored_servers_give_the_same_answers_on_either_database(postgres: PostgresServer, tmp_path: Path) -> None:
    first, second, third = tmp_path / "first", tmp_path / "second", tmp_path / "third"
    with server_process(first, "--demo") as server:
        callers, port = use(server), server.url.rpartition(":")[2]
        assert main(["backup", str(tmp_path / "1.tar.zst"), "--data", str(first)]) == 0  # while it runs
        expected = answers_of(server.url, callers)
    assert sum(status == 200 for status, *_ in expected.values()) >= len(GETS) * 0.7

    url = postgres.new_database_url()
    assert main(["restore", str(tmp_path / "1.tar.zst"), "--data", str(second), "--database", url]) == 0
    with server_process(second, "--demo", "--port", port, "--database", url) as server:
        assert answers_of(server.url, callers) == expected
    assert main(["backup", str(tmp_path / "2.tar.zst"), "--data", str(second), "--database", url]) == 0

    assert main(["restore", str(tmp_path / "2.tar.zst"), "--data", str(third)]) == 0
    with server_process(third, "--demo", "--port", port) as server:
        assert answers_of(server.url, callers) == expected
    for folder in (first, third):
        fold_names(folder)
    assert {**rows_of(third), FOLLOWERS: []} == {**rows_of(first), FOLLOWERS: []}  # whoever asks for a stream follows
    for name in ("server.key", "demo.json"):
        assert (third / name).read_bytes() == (first / name).read_bytes()


def fold_names(folder: Path) -> None:
    """Count the names of events, which a server does when it comes to it."""
    database = open_database(sqlite_url(folder))
    fold_changes(database, threading.Event())
    database.close()


def rows_of(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in an embedded database, less what the start of a server and every request write."""
    with contextlib.closing(sqlite3.connect(folder / "mtribes.db")) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        return {name: sorted(connection.execute(_all_rows(connection, name)), key=repr) for (name,) in names}


def _all_rows(connection: sqlite3.Connection, table: str) -> str:
    columns = [f'"{row[1]}"' for row in connection.execute(f"PRAGMA table_info({table})") if row[1] != "last_used"]
    asked_for = f" WHERE action NOT IN {EXPORTS}" if table == "audit_entries" else ""
    return f"SELECT {', '.join(columns)} FROM {table}{asked_for}"  # noqa: S608 - the names are the database's own


def test_a_backup_is_private_and_never_replaces_a_file(
    archive: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    before = archive.read_bytes()
    assert main(["backup", str(archive), "--data", str(folder)]) == 1
    assert "is there already" in capsys.readouterr().err
    assert archive.read_bytes() == before


def test_a_backup_into_a_folder_is_named_by_the_time(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    assert main(["backup", str(tmp_path / "backups"), "--data", str(folder)]) == 0
    (made,) = (tmp_path / "backups").iterdir()
    assert re.fullmatch(r"mtribes-\d{8}-\d{6}\.tar\.zst", made.name)


def test_where_nothing_is_there_is_nothing_to_back_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backup", str(tmp_path / "b.tar.zst"), "--data", str(tmp_path / "none")]) == 1
    assert "nothing to back up" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_empty_is_not_restored_into(
    archive: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("years of work")
    for target in (folder, tmp_path / "other"):
        assert main(["restore", str(archive), "--data", str(target)]) == 1
        assert "is not empty" in capsys.readouterr().err


def test_a_database_that_is_not_empty_is_not_restored_into(
    archive: Path, postgres: PostgresServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = postgres.new_database_url()
    assert main(["migrate", "--data", str(tmp_path / "x"), "--database", url]) == 0
    assert main(["restore", str(archive), "--data", str(tmp_path / "new"), "--database", url]) == 1
    assert "The database is not empty" in capsys.readouterr().err


@pytest.mark.parametrize("share", [0, 0.3, 0.9, 0.99])
def test_a_cut_backup_restores_nothing(archive: Path, tmp_path: Path, postgres: PostgresServer, share: float) -> None:
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(len(whole) * share)])
    url = postgres.new_database_url()
    for options in ((), ("--database", url)):
        target = tmp_path / f"new{len(options)}"
        assert main(["restore", str(archive), "--data", str(target), *options]) == 1
        assert {file.name for file in target.iterdir()} <= {"server.lock"}
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall() == []


def test_something_else_than_a_backup_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other.tar.zst").write_text("not a backup")
    assert main(["restore", str(tmp_path / "other.tar.zst"), "--data", str(tmp_path / "new")]) == 1
    assert "cannot be restored" in capsys.readouterr().err
    assert main(["restore", str(tmp_path / "none"), "--data", str(tmp_path / "new")]) == 2


def test_after_a_restore_that_failed_the_next_one_succeeds(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(archive.read_bytes()[:-40])
    assert main(["restore", str(tmp_path / "bad"), "--data", str(tmp_path / "new")]) == 1
    (tmp_path / "new" / ".restoring").mkdir()
    (tmp_path / "new" / ".restoring" / "mtribes.db").write_text("left by a crash")
    assert main(["restore", str(archive), "--data", str(tmp_path / "new")]) == 0
    assert rows_of(tmp_path / "new")["organizations"][0][1:3] == ("acme", "Acmé")


def test_a_backup_that_lacks_rows_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, target = tmp_path / "short.tar.zst", tmp_path / "new"
    manifest = {"format": 1, "version": "0.1.0", "schema": head_revision(), "created": 0}
    with writing(path) as writer:
        writer.add("manifest.json", json.dumps(manifest).encode())
        writer.add("end.json", json.dumps({"rows": {"organizations": 1}}).encode())
    assert main(["restore", str(path), "--data", str(target)]) == 1
    assert "rows are missing" in capsys.readouterr().err
    assert not (target / "mtribes.db").exists()


def test_a_backup_of_a_later_version_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "later.tar.zst"
    manifest = {"format": 1, "version": "9.0.0", "schema": "9999", "created": 0}
    with writing(path) as writer:
        writer.add("manifest.json", json.dumps(manifest).encode())
    assert main(["restore", str(path), "--data", str(tmp_path / "new")]) == 1
    assert "later mtribes-server 9.0.0" in capsys.readouterr().err
