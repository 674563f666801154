"""An environment to bring users into, what is stored in it, and a plain model of what should be."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Protocol

from sqlalchemy import func, select

from templates_server.features.people.profile import decode_attributes, decode_tags, format_joined
from templates_server.storage.database import Database
from templates_server.storage.tables import environments, imports, persons
from tests.cli.cli_runner import CliRunner, Outcome
from tests.contract.people import Signed
from tests.people import unique
from tests.servers import RunningServer

COLUMNS = ("user_id", "email", "phone", "timezone", "locale", "joined", "tags", "plan", "note")
FIELDS = COLUMNS[:7]
User = dict[str, Any]

# A process that brings a file in, in small parts, and is killed where it is told.
DYING = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from mtribes_cli.terminal.console import standard_streams
from mtribes_cli.clock import Clock
from mtribes_cli.ingest import batch
from mtribes_cli.main import main
from tests.cli.cli_runner import CliRunner
home, rows, point, count = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
batch.MAX_PART_ROWS = rows
reached = []
def failpoint(name):
    reached.append(name)
    if reached.count(point) == count:
        os.kill(os.getpid(), signal.SIGKILL)
environment = {name: value for name, value in os.environ.items() if name.startswith("MTRIBES_")}
context = CliRunner(home, environment).context(standard_streams())
sys.exit(main(sys.argv[5:], replace(context, failpoint=failpoint, clock=Clock())))
"""


class HasDatabase(Protocol):
    """A server in this process or in another."""

    @property
    def database(self) -> Database:
        """What it works on."""


@dataclass(frozen=True)
class Place:
    """One environment of a Space, and somebody who may bring users in."""

    mtribes: CliRunner
    server: HasDatabase
    space: str

    def ingest(self, file: str, *options: str, stdin: str | bytes = "", terminal: bool = False) -> Outcome:
        """`mtribes user ingest`."""
        return self.mtribes(*self.words(file, *options), stdin=stdin, terminal=terminal)

    def words(self, file: str, *options: str) -> tuple[str, ...]:
        """The words of that command."""
        return ("user", "ingest", file, "--space", self.space, "--environment", "production", *options)

    def started(
        self, file: str, *options: str, rows: int, dies_at: tuple[str, int] = ("nowhere", 1), stdin: bytes = b""
    ) -> subprocess.Popen[str]:
        """The same in a process of its own, so many rows a part, that dies when it is so often at a crash point."""
        given = (str(self.mtribes.home), str(rows), dies_at[0], str(dies_at[1]))
        with tempfile.TemporaryFile() as content:
            content.write(stdin)
            content.seek(0)
            return self._process([*given, *self.words(file, *options)], content)

    def _process(self, argv: Sequence[str], stdin: IO[bytes]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", DYING, *argv],
            env=os.environ | self.mtribes.environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def write(self, rows: Iterable[Sequence[str]], name: str = "users.csv") -> str:
        """A file of COLUMNS."""
        (self.mtribes.home / name).write_text(as_csv(rows), encoding="utf-8", newline="")
        return name

    def stored(self) -> dict[str, User]:
        """All users, by their id, as far as files have it."""
        query = select(persons).join(environments, environments.c.id == persons.c.environment_id)
        query = query.where(environments.c.name == "production", environments.c.space_id == self._space_id())
        rows = self.server.database.read_sync(lambda connection: connection.execute(query).mappings().all())
        return {row["called"]: _user(row) for row in rows}

    def completed_imports(self) -> int:
        """How many imports are complete."""
        query = select(func.count()).select_from(
            imports.join(environments, environments.c.id == imports.c.environment_id)
        )
        query = query.where(environments.c.space_id == self._space_id(), imports.c.state == "complete")
        return self.server.database.read_sync(lambda connection: int(connection.execute(query).scalar_one()))

    def _space_id(self) -> str:
        shown = self.mtribes("space", "show", self.space, "--json")
        return str(shown.envelope["data"]["id"])


def _user(row: Mapping[Any, Any]) -> User:
    user = {name: row[name] for name in ("email", "phone", "timezone", "locale")}
    user |= {"joined": format_joined(row["joined"]), "tags": list(decode_tags(row["tags"]))}
    return user | {"attributes": decode_attributes(row["attributes"])}


def new_place(ada: Signed, server: RunningServer) -> Place:
    """An empty one."""
    key = unique("crm")
    assert ada.mtribes("space", "create", key, "--org", ada.organization).exit_code == 0
    return Place(ada.mtribes, server, key)


def as_csv(rows: Iterable[Sequence[str]], columns: Sequence[str] = COLUMNS) -> str:
    """Rows under their names."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return buffer.getvalue()


def row_of(number: int, *, plan: str = "gold", prefix: str = "user") -> list[str]:
    """A good row."""
    day = f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}"
    mail = f"{prefix}{number}@example.com" if number % 3 else ""
    tags = f"sports/football;n{number % 5}" if number % 2 else ""
    note = ("", "Köln, Mitte", 'say "hello"\nworld', "007", "👩‍👩‍👧 שלום")[number % 5]
    return [f"{prefix}-{number}", mail, "+49 30 1", "Europe/Berlin", "de-DE", day, tags, plan, note]


@dataclass
class Model:
    """What should be stored, and what should have been told, if rows were applied one by one."""

    users: dict[str, User] = field(default_factory=dict)
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0

    def apply(self, row: Sequence[str]) -> None:
        """One good row of COLUMNS."""
        cells = dict(zip(COLUMNS, row, strict=True))
        user_id = cells.pop("user_id")
        before = self.users.get(user_id)
        empty: User = dict.fromkeys(FIELDS[1:6]) | {"tags": [], "attributes": {}}
        after = {**(before or empty)}
        after |= {name: cells[name] for name in FIELDS[1:6] if cells[name]}
        after["tags"] = sorted(set(cells["tags"].split(";"))) if cells["tags"] else after["tags"]
        after["attributes"] = dict(after["attributes"]) | {name: cells[name] for name in COLUMNS[7:] if cells[name]}
        self.users[user_id] = after
        if before is None:
            self.created += 1
        elif before == after:
            self.unchanged += 1
        else:
            self.updated += 1

    @property
    def totals(self) -> dict[str, int]:
        """As `--json` tells them."""
        told = {name: getattr(self, name) for name in ("created", "updated", "unchanged", "rejected")}
        return {"read": sum(told.values()), **told}


def model_of(*files: Iterable[Sequence[str]]) -> Model:
    """After these files, one behind the other; the totals are those of the last one."""
    model = Model()
    for rows in files:
        model = Model(model.users)
        for row in rows:
            model.apply(row)
    return model


def totals_of(outcome: Outcome) -> dict[str, int]:
    """What `--json` told, without the import's id."""
    told = dict(outcome.envelope["data"])
    told.pop("import")
    return told


def outcome_of(process: subprocess.Popen[str]) -> Outcome:
    """How a process ended."""
    out, err = process.communicate(timeout=120)
    return Outcome(process.returncode, out, err)


def loaded(text: str) -> list[dict[str, str]]:
    """A CSV file as it can be edited."""
    return list(csv.DictReader(io.StringIO(text, newline="")))
