"""People in bulk, against what the database's own tool takes for the same rows into the same table.

    python -m tests.benchmarks.ingest [--rows 300000] [--database sqlite|postgresql] [--pairs 5] [--cli csv|ndjson]

Run it with the Python of an installed wheel. Without --cli the parts lie ready, and are sent one after the other as a
program would that costs nothing; with it `mtribes user ingest` reads the file and sends it. Each run has a new server,
whose start is not timed. Needs the `sqlite3` of Debian, or `psql`.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import http.client
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import create_mock_engine
from sqlalchemy.schema import CreateTable

from templates_server.features.imports.parser import MOST_ROWS, read_part
from templates_server.storage.tables import persons
from tests.server_processes import ServerProcess, server_process
from tests.servers import PostgresServer

TARGETS = {"sqlite": 1.5, "postgresql": 1.6}
MAX_MEGABYTES = 200
PATH = "/v2/spaces/vod/environments/production"
ZONES = ("Europe/Berlin", "Europe/London", "America/New_York", "Australia/Sydney", "Asia/Tokyo")
TAGS: Sequence[list[str]] = (["vip"], ["sports/football"], ["vip", "sports/football/australia"], [], ["news"])
PLANS = ("free", "silver", "gold")
NOW, MARK = 1_795_000_000_000, 2**62
OTHER_COLUMNS = 4  # of persons: what apps say of themselves
PAUSE_SECONDS = 0.05
WATCH = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
_, status, used = os.wait4(process.pid, 0)
print(used.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""  # a small process: what the one that starts it takes would count as the command's
command_megabytes: list[float] = []
"""The most memory that each command had."""


def user(number: int) -> dict[str, Any]:
    """A person as a CRM might have them."""
    return {
        "user_id": f"user-{number:08}",
        "email": f"person.{number}@example.com",
        "timezone": ZONES[number % 5],
        "locale": "en-GB",
        "joined": f"20{10 + number % 16}-0{1 + number % 9}-1{number % 10}",
        "tags": TAGS[number * 7 % 5],
        "attributes": {
            "age": 18 + number % 60,
            "country": "DE",
            "newsletter": number % 3 == 0,
            "plan": PLANS[number % 3],
            "spent": number % 1000 / 4,
        },
    }


@dataclass
class Files:
    """The same people in every form that is needed."""

    folder: Path
    rows: int
    rows_a_part: int
    parts: list[Path] = field(default_factory=list)

    @property
    def ndjson(self) -> Path:
        """One file, an object a line."""
        return self.folder / "users.ndjson"

    @property
    def csv(self) -> Path:
        """One file as a spreadsheet has it."""
        return self.folder / "users.csv"

    @property
    def floor_csv(self) -> Path:
        """The rows of the table, for `.import`."""
        return self.folder / "floor.csv"

    @property
    def floor_text(self) -> Path:
        """The rows of the table, for COPY."""
        return self.folder / "floor.txt"

    def write(self) -> None:
        """Make them all."""
        with contextlib.ExitStack() as stack:
            opened = [
                stack.enter_context(path.open("w", encoding="utf-8", newline=""))
                for path in (self.ndjson, self.csv, self.floor_csv, self.floor_text)
            ]
            for start in range(0, self.rows, self.rows_a_part):
                people = [user(number) for number in range(start, min(start + self.rows_a_part, self.rows))]
                self._write_part(people, *opened)

    def _write_part(self, people: Sequence[dict[str, Any]], ndjson: Any, sheet: Any, floor: Any, text: Any) -> None:
        lines = "".join(f"{json.dumps(person, separators=(',', ':'))}\n" for person in people)
        ndjson.write(lines)
        writer = csv.writer(sheet)
        if not self.parts:
            writer.writerow([*(name for name in people[0] if name != "attributes"), *people[0]["attributes"]])
        writer.writerows([*fields_of(person), *person["attributes"].values()] for person in people)
        part = self.folder / f"part{len(self.parts) + 1:04}.ndjson"
        part.write_text(lines, encoding="utf-8")
        self.parts.append(part)
        rows = sorted(read_part(lines.encode()).rows, key=lambda row: row[1])  # as they stand in the file
        for person_id, _, called, share_number, *columns in rows:
            values = [
                "env_0123456789abcdefghijkl",
                person_id,
                "user",
                called,
                NOW,
                None,
                None,
                NOW,
                *columns,
                None,
                None,
                MARK,
                None,
                None,
                share_number,
                *(None,) * OTHER_COLUMNS,
            ]
            assert len(values) == len(persons.columns), "the floor imports what the table has"
            csv.writer(floor, lineterminator="\n").writerow(["" if value is None else value for value in values])
            escaped = (
                "\\N" if value is None else str(value).replace("\\", "\\\\").replace("\n", "\\n") for value in values
            )
            text.write("\t".join(escaped) + "\n")


def fields_of(person: dict[str, Any]) -> Sequence[str]:
    """A person's own fields as cells."""
    return [";".join(value) if name == "tags" else value for name, value in person.items() if name != "attributes"]


class Sqlite:
    """Everything in one file."""

    name = "sqlite"

    def __init__(self, folder: Path, files: Files) -> None:
        folder.mkdir()
        self._folder, self._files = folder, files

    def options(self) -> Sequence[str]:
        """How a new server is started."""
        return ()

    def floor(self) -> tuple[float, float]:
        """The seconds of `.import`, and of the processor."""
        database = self._folder / "floor.db"
        for path in self._folder.glob("floor.db*"):
            path.unlink()
        create = table_in("sqlite")
        subprocess.run(["sqlite3", database], input=f"{create};", text=True, check=True)
        script = f".mode csv\n.import {self._files.floor_csv} persons\n"
        before = os.times()
        seconds = seconds_of(lambda: subprocess.run(["sqlite3", database], input=script, text=True, check=True))
        after = os.times()
        work = after.children_user + after.children_system - before.children_user - before.children_system
        return seconds, work


class Postgresql:
    """A server of its own."""

    name = "postgresql"

    def __init__(self, folder: Path, files: Files) -> None:
        self._files = files
        folder.mkdir()
        self._server = PostgresServer(folder, is_durable=True)

    def options(self) -> Sequence[str]:
        """How a new server is started."""
        return ("--database", self._server.new_database_url())

    def floor(self) -> tuple[float, float]:
        """The seconds of COPY; what the processor did is known to PostgreSQL alone."""
        url = self._server.new_database_url()
        create = table_in("postgresql+psycopg")
        psql(url, f"{create};")
        return seconds_of(lambda: psql(url, f"\\copy persons from '{self._files.floor_text}'\n")), math.nan


def table_in(dialect: str) -> str:
    """The statement that makes the table, with its primary key."""
    engine = create_mock_engine(f"{dialect}://", lambda *_: None)
    return str(CreateTable(persons).compile(dialect=engine.dialect))


def psql(url: str, script: str) -> None:
    """Run a script."""
    subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", url], input=script, text=True, check=True)


def seconds_of(act: Callable[[], object]) -> float:
    """Wall time."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


@dataclass(frozen=True)
class Run:
    """What one import took, the first time and again; the server's work and memory; what others waited meanwhile."""

    seconds: float
    processor_seconds: float
    again_seconds: float
    peak_megabytes: float
    waits: Sequence[float]


def run(database: Sqlite | Postgresql, files: Files, cli: str | None) -> Run:
    """Import into a new server, twice."""
    with (
        tempfile.TemporaryDirectory(prefix="mtribes-ingest-") as name,
        server_process(Path(name), "--demo", *database.options()) as server,
    ):
        facts = json.loads((server.folder / "demo.json").read_text())
        with waiting(server, facts["spaces"]["vod"]["production"]) as waits:
            idle = processor_seconds(server.process.pid)
            first = seconds_of(lambda: ingest(server, facts["token"], files, cli, "first"))
            worked = processor_seconds(server.process.pid) - idle
            told = list(waits)
        again = seconds_of(lambda: ingest(server, facts["token"], files, cli, "second"))
        return Run(first, worked, again, peak_megabytes(server.process.pid), told)


def ingest(server: ServerProcess, token: str, files: Files, cli: str | None, name: str) -> None:
    """The whole import, and whether its totals are right."""
    expected = {"created": files.rows, "unchanged": 0} if name == "first" else {"created": 0, "unchanged": files.rows}
    totals = by_command(server, token, files, cli) if cli else by_parts(server, token, files, name)
    if {key: totals[key] for key in expected} != expected:
        raise RuntimeError(f"{totals} is not what was to be")


def by_parts(server: ServerProcess, token: str, files: Files, name: str) -> dict[str, Any]:
    """Send the parts that lie ready."""
    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=600)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    with contextlib.closing(connection):
        for number, path in enumerate(files.parts, 1):
            connection.request("PUT", f"{PATH}/imports/{name}/parts/{number}", path.read_bytes(), headers)
            answered(connection)
        body = json.dumps({"parts": len(files.parts)})
        headers["Content-Type"] = "application/json"
        connection.request("POST", f"{PATH}/imports/{name}/complete", body, headers)
        return dict(answered(connection)["totals"])


def answered(connection: http.client.HTTPConnection) -> dict[str, Any]:
    """The data of a good answer."""
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != http.HTTPStatus.OK:
        raise RuntimeError(f"{answer.status}: {content[:500]!r}")
    return dict(json.loads(content)["data"][0])


def by_command(server: ServerProcess, token: str, files: Files, kind: str) -> dict[str, Any]:
    """Let `mtribes user ingest` do it."""
    program = shutil.which("mtribes", path=str(Path(sys.executable).parent))
    if program is None:
        raise SystemExit("There is no `mtribes` beside this Python: install the wheel first.")
    environment = {**os.environ, "MTRIBES_TOKEN": token, "MTRIBES_HOST": server.url}
    file = files.csv if kind == "csv" else files.ndjson
    command = [program, "user", "ingest", str(file), "--space", "vod", "--environment", "production", "--json"]
    watched = [sys.executable, "-c", WATCH, *command]
    done = subprocess.run(watched, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    command_megabytes.append(int(done.stderr.splitlines()[-1]) / 1000)
    return dict(json.loads(done.stdout)["data"])


@contextlib.contextmanager
def waiting(server: ServerProcess, key: str) -> Iterator[Sequence[float]]:
    """Somebody who starts a session now and then; how long each start took, in seconds."""
    waits: list[float] = []
    over = threading.Event()
    parts = urlsplit(server.url)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def start_sessions() -> None:
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
        with contextlib.closing(connection):
            for number in iter(lambda: len(waits), -1):
                if over.wait(PAUSE_SECONDS):
                    return
                body = json.dumps({"anonymous_id": f"device-{number}"})
                began = time.perf_counter()
                connection.request("POST", "/api/client/sessions", body, headers)
                connection.getresponse().read()
                waits.append(time.perf_counter() - began)

    thread = threading.Thread(target=start_sessions)
    thread.start()
    try:
        yield waits
    finally:
        over.set()
        thread.join()


def processor_seconds(pid: int) -> float:
    """What a process has used of the processors so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_megabytes(pid: int) -> float:
    """The most memory that a process ever had."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1000


def compare(database: Sqlite | Postgresql, files: Files, *, pairs: int, cli: str | None) -> None:
    """Print the ratios."""
    found = [(run(database, files, cli), database.floor()) for _ in range(pairs)]
    ours = statistics.median(one.seconds for one, _ in found)
    floor = statistics.median(seconds for _, (seconds, _) in found)
    ratio = statistics.median(one.seconds / seconds for one, (seconds, _) in found)
    work = statistics.median(one.processor_seconds / seconds for one, (_, seconds) in found)
    again = statistics.median(one.again_seconds / one.seconds for one, _ in found)
    waits = sorted(wait for one, _ in found for wait in one.waits)
    of_server = max(one.peak_megabytes for one, _ in found)
    of_command = f", the command's {max(command_megabytes):.0f} MB" if command_megabytes else ""
    how = f"`mtribes user ingest`, {cli}" if cli else f"{len(files.parts)} parts that lie ready"
    sys.stdout.write(
        f"{database.name}, {files.rows:,} users, {how}: {ratio:.2f} x its own import "
        f"(target {TARGETS[database.name]} x, both sides together), {ours:.1f} s and {floor:.1f} s, {pairs} pair(s); "
        f"the server's processor time alone: {work:.2f} x; the same again: {again:.2f} x the first time; "
        f"memory: the server's {of_server:.0f} MB{of_command} (target {MAX_MEGABYTES}); "
        f"a session started meanwhile: {statistics.median(waits) * 1000:.0f} ms, at worst {waits[-1] * 1000:.0f} ms\n"
    )


def main() -> None:
    """Print what each database takes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--rows-a-part", type=int, default=20_000, help=f"at most {MOST_ROWS:,}")
    parser.add_argument("--database", choices=sorted(TARGETS), action="append")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--cli", choices=("csv", "ndjson"))
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mtribes-ingest-") as name:
        folder = Path(name)
        files = Files(folder, wanted.rows, wanted.rows_a_part)
        files.write()
        for kind in (Sqlite, Postgresql):
            if wanted.database is None or kind.name in wanted.database:
                compare(kind(folder / kind.name, files), files, pairs=wanted.pairs, cli=wanted.cli)


if __name__ == "__main__":
    main()
