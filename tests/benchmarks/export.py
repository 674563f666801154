"""A tribe's users out over HTTP into a file, against the database's own tool writing the same rows as CSV.

    python -m tests.benchmarks.export [--rows 1000000] [--database sqlite|postgresql] [--pairs 5] [--cli]

Whole, and filtered by an attribute (a third of them). From asking for the export to the last byte in the file; with
--cli by `mtribes tribe export`, start-up and checking included. Prints the most memory that the server, and the
command, took. Needs the `sqlite3` of Debian, or `psql`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Connection, select

from templates_server.features.people.identity import PersonKind, make_person_ref
from templates_server.features.people.profile import COLUMNS, Profile, to_columns
from templates_server.primitives.shares import share_number
from templates_server.primitives.timestamps import DAY
from templates_server.settings import sqlite_url
from templates_server.storage.factory import open_database
from templates_server.storage.tables import environments, persons, spaces
from tests.benchmarks.ingest import NOW, WATCH, user
from tests.server_processes import ServerProcess, server_process
from tests.servers import PostgresServer

TARGET = 1.3
PATH = "/v2/spaces/vod/environments/production"
TRIBES = {
    "whole": {"match": "all", "audience": "users", "filters": []},
    "filtered": {"filters": [{"attribute": "attributes.plan", "operator": "equals", "value": "gold"}]},
}
TEXTS = ("called", "email", "phone", "timezone", "locale")
ROWS_AT_ONCE = 5000
FIRST_PAUSE_SECONDS, SLOWER_A_LOOK = 0.02, 1.1  # as the command line looks
PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Measuring:
    """A server with people, and where they lie."""

    server: ServerProcess
    url: str  # of the database
    environment_id: str
    headers: dict[str, str]
    token: str
    folder: Path
    command_megabytes: list[int] = field(default_factory=list)

    def ours(self, tribe: str) -> float:
        """Seconds from asking to the last byte."""
        began = time.perf_counter()
        base = f"{self.server.record['url']}{PATH}"
        with httpx.Client(headers=self.headers, trust_env=False, timeout=600) as client:
            export = client.post(f"{base}/tribes/{tribe}/exports", json={"format": "csv"}).json()["data"][0]
            pause = FIRST_PAUSE_SECONDS
            while export["state"] == "running":
                time.sleep(pause)
                pause *= SLOWER_A_LOOK
                export = client.get(f"{base}/exports/{export['export']}").json()["data"][0]
            with (
                client.stream("GET", f"{base}/exports/{export['export']}/content") as answer,
                (self.folder / "ours.csv").open("wb") as file,
            ):
                for piece in answer.iter_raw(PIECE_BYTES):
                    file.write(piece)
        return time.perf_counter() - began

    def command(self, tribe: str) -> float:
        """The same by the command line; `command_megabytes` gets what it took at most."""
        (self.folder / "ours.csv").unlink(missing_ok=True)
        words = ("tribe", "export", tribe, "--space", "vod", "--env", "production", "--output", "ours.csv")
        environment = {**os.environ, "MTRIBES_HOST": self.server.record["url"], "MTRIBES_TOKEN": self.token}
        began = time.perf_counter()
        argv = [sys.executable, "-S", "-c", WATCH, sys.executable, "-m", "mtribes_cli", *words]
        ended = subprocess.run(argv, cwd=self.folder, env=environment, check=True, capture_output=True)
        seconds = time.perf_counter() - began
        self.command_megabytes.append(int(ended.stderr.split()[-1]) // 1024)
        return seconds

    def theirs(self, tribe: str) -> float:
        """Seconds of the database's own tool."""
        is_sqlite = self.url.startswith("sqlite")
        query = self._query(tribe, is_sqlite=is_sqlite)
        argv = ["sqlite3", "-csv", "-header", self.url.removeprefix("sqlite:///"), query]
        if not is_sqlite:
            argv = ["psql", "-qX", self.url, "-c", f"COPY ({query}) TO STDOUT (FORMAT csv, HEADER)"]
        began = time.perf_counter()
        with (self.folder / "theirs.csv").open("wb") as file:
            subprocess.run(argv, check=True, stdout=file)
        return time.perf_counter() - began

    def _query(self, tribe: str, *, is_sqlite: bool) -> str:
        texts = ", ".join(TEXTS)
        if is_sqlite:
            times = [
                f"strftime('%Y-%m-%dT%H:%M:%SZ', {one} / 1000, 'unixepoch')"
                for one in ("created", "updated", "first_seen", "last_seen")
            ]
            joined, line_feed, trim = "strftime('%Y-%m-%d', joined / 1000, 'unixepoch')", "char(10)", "trim"
            plan, order = "json_extract(attributes, '$.plan') = 'gold'", "person_id"
        else:
            form = '\'YYYY-MM-DD"T"HH24:MI:SS"Z"\''
            times = [
                f"to_char(to_timestamp({one} / 1000) AT TIME ZONE 'UTC', {form})"
                for one in ("created", "updated", "first_seen", "last_seen")
            ]
            joined, line_feed, trim = "to_char(to_timestamp(joined / 1000), 'YYYY-MM-DD')", "chr(10)", "btrim"
            plan, order = "CAST(attributes AS jsonb) ->> 'plan' = 'gold'", 'person_id COLLATE "C"'
        columns = f"{texts}, {joined}, replace({trim}(tags, {line_feed}), {line_feed}, ';')"
        where = f"environment_id = '{self.environment_id}' AND kind = 'user'" + (
            f" AND {plan}" if tribe == "filtered" else ""
        )
        return f"SELECT {columns}, {', '.join(times)} FROM persons WHERE {where} ORDER BY {order}"  # noqa: S608 - for one's own database


def fill(connection: Connection, environment_id: str, numbers: Sequence[int]) -> None:
    """Users as an import would have stored them."""
    rows = []
    for number in numbers:
        sent = user(number)
        profile = Profile(
            sent["email"],
            None,
            sent["timezone"],
            sent["locale"],
            NOW // DAY * DAY,
            tuple(sorted(sent["tags"])),
            sent["attributes"],
        )
        row: dict[str, Any] = dict(zip(COLUMNS, to_columns(profile), strict=True))
        person_id = make_person_ref(PersonKind.USER, sent["user_id"]).person_id
        row |= {"environment_id": environment_id, "person_id": person_id, "kind": "user", "called": sent["user_id"]}
        row["share_number"] = share_number(PersonKind.USER, sent["user_id"])
        rows.append(row | {"created": NOW + number, "updated": NOW + number, "last_seen": NOW if number % 2 else None})
    connection.execute(persons.insert(), sorted(rows, key=lambda row: str(row["person_id"])))


@contextlib.contextmanager
def measuring(folder: Path, database_url: str | None, rows: int) -> Iterator[Measuring]:
    """A demo server with so many users more."""
    options = () if database_url is None else ("--database", database_url)
    with server_process(folder / "data", "--demo", "--rate-limits", "off", *options) as server:
        demo = json.loads((folder / "data" / "demo.json").read_text())
        url = database_url or str(sqlite_url(folder / "data"))
        database = open_database(url)
        query = select(environments.c.id).join(spaces, spaces.c.id == environments.c.space_id)
        query = query.where(spaces.c.key == "vod", environments.c.name == "production")
        environment_id = database.read_sync(lambda connection: str(connection.execute(query).scalar_one()))
        for start in range(0, rows, ROWS_AT_ONCE):
            numbers = range(start, min(start + ROWS_AT_ONCE, rows))
            database.write_sync(lambda connection, numbers=numbers: fill(connection, environment_id, numbers))  # type: ignore[misc]
        database.close()
        headers = {"Authorization": f"Bearer {demo['token']}"}
        for key, tribe in TRIBES.items():
            address = f"{server.record['url']}/v2/spaces/vod/tribes/{key}"
            httpx.put(address, json=tribe, headers=headers, trust_env=False).raise_for_status()
        yield Measuring(server, url, environment_id, headers, demo["token"], folder)


def peak_megabytes(pid: int) -> int:
    """The most memory that a process has taken (Linux)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--cli", action="store_true")
    asked = parser.parse_args()
    with contextlib.ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="mtribes-export-")))
        url = None
        if asked.database == "postgresql":
            (folder / "postgres").mkdir()
            postgres = PostgresServer(folder / "postgres", is_durable=True)
            held.callback(postgres.close)
            url = postgres.new_database_url()
        measured = held.enter_context(measuring(folder, url, asked.rows))
        before = peak_megabytes(measured.server.process.pid)
        ours = measured.command if asked.cli else measured.ours
        for tribe in TRIBES:
            ours(tribe), measured.theirs(tribe)
            pairs = [(ours(tribe), measured.theirs(tribe)) for _ in range(asked.pairs)]
            ratio = statistics.median(mine / other for mine, other in pairs)
            mine, other = (statistics.median(pair[at] for pair in pairs) for at in (0, 1))
            size = (folder / "ours.csv").stat().st_size
            sys.stdout.write(
                f"{tribe}, {asked.rows:,} users, {asked.database}{', command' if asked.cli else ''}: {ratio:.2f} x "
                f"(target {TARGET:g} x), {mine:.2f} s and {other:.2f} s, {size / 1e6:.1f} MB, "
                f"{asked.pairs} pairs\n"
            )
        after = peak_megabytes(measured.server.process.pid)
        sys.stdout.write(f"the server took {after} MB at most, {before} MB before the first export\n")
        if measured.command_megabytes:
            sys.stdout.write(f"the command took {max(measured.command_megabytes)} MB at most\n")


if __name__ == "__main__":
    main()
