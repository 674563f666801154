"""What the console's pages, lists, searches and counts take of the processor in a large environment.

    python -m tests.benchmarks.scale [--people 300000] [--events-each 10] [--database sqlite|postgresql] [--tries 3]
        [--folder FOLDER] [--against TREE]

A fifth of the people are visitors; each event has one of twenty names, one of them is nobody's. With --folder the
database is kept there, and used again where it is there already. With --against the program of another tree, such as
that of an earlier version, is measured in turn with this one, on a copy that was made by it. Of each request: the
median time of the server's threads, SQLite's work among it and PostgreSQL's not, and that of the clock.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from sqlalchemy import Connection, select

from templates_server.features.people.identity import PersonKind
from templates_server.features.spaces import store as spaces_store
from templates_server.primitives.shares import ids_and_numbers
from templates_server.primitives.timestamps import DAY, system_clock
from templates_server.security.authorization import Role
from templates_server.storage.bulk import Insertion, write_all
from templates_server.storage.tables import environments, organizations, spaces
from tests.people import FULL, add_token
from tests.server.features.auth.flows import Browser, Someone, signed_in_browser, someone
from tests.server.features.console.people import colleague
from tests.servers import PostgresServer, RunningServer, running_server

MOST_SECONDS = 0.1
ENVIRONMENT = "production"
SPACE = "scale"
ROWS_AT_ONCE = 10_000
NAMES = 20
NOBODYS = "nobody/did"
TAGS = ("\nvip\n", "\nsports/football\n", "\nsports/football/australia\nvip\n", "", "\nnews\n")
PLANS = ("free", "silver", "gold")
PERSON = {
    **dict.fromkeys(("environment_id", "person_id", "kind", "called"), "text"),
    **dict.fromkeys(("share_number", "created", "updated", "first_seen", "last_seen"), "bigint"),
    **dict.fromkeys(("email", "timezone", "locale", "tags", "attributes"), "text"),
}
EVENTS = f"""
INSERT INTO events (environment_id, person_id, event_id, name, metadata, happened, received)
SELECT environment_id, person_id, 'e-' || each.number,
  'video/' || CAST((share_number + each.number * 7) % {NAMES} AS TEXT),
  '{{{{"genre":"' || CASE share_number % 3 WHEN 0 THEN 'Football' ELSE 'Drama' END || '"}}}}',
  {{now}} - (share_number * (each.number + 1)) % {90 * DAY}, {{now}}
FROM persons CROSS JOIN (SELECT value AS number FROM {{numbers}}) AS each
WHERE environment_id = {{mark}} AND person_id >= {{mark}} AND person_id < {{mark}}
"""  # noqa: S608 - numbers of ours
NUMBERS = {
    "sqlite": "json_each('{}')",
    "postgresql": "(SELECT CAST(value AS bigint) AS value FROM json_array_elements_text('{}')) AS numbers",
}
FOOTBALL = {"metadata": {"genre": "Football"}}
RULES: Mapping[str, dict[str, Any]] = {
    "event": {"event": "video/3", "frequency": "any"},
    "event-metadata": {"event": "video/3", "frequency": {"more_than": 0}, **FOOTBALL},
    "event-days": {"event": "video/3", "frequency": "any", "timeframe": {"less_than": 7}},
    "event-not": {"event": "video/3", "condition": "have_not_done", "frequency": "any"},
    "event-nobody": {"event": NOBODYS, "frequency": "any"},
    "attribute": {"attribute": "attributes.plan", "operator": "equals", "value": "gold"},
    "tag": {"tag": "sports/football"},
}


@dataclass(frozen=True)
class Case:
    """Something that is asked for: a page of the console, or a route of the API. A count may take longer."""

    label: str
    path: str
    query: Mapping[str, str]
    is_api: bool = False
    is_count: bool = False


def case(label: str, path: str, *, is_api: bool = False, is_count: bool = False, **query: str) -> Case:
    """What is asked for of the environment."""
    head = f"/v2/spaces/{SPACE}" if is_api else f"/console/spaces/{SPACE}"
    return Case(label, f"{head}/environments/{ENVIRONMENT}/{path}", query, is_api, is_count)


CASES = (
    Case("home", "/console", {}),
    case("live", "live"),
    case("users", "users"),
    case("visitors", "visitors"),
    case("search, whole ID", "users", search="user-00001234"),
    case("search, start of many IDs", "users", search="USER-0000"),
    case("search, part of an e-mail", "users", search="person.299@"),
    case("search, nobody", "users", search="zebra"),
    case("tag, many", "users", tag="vip"),
    case("tag, nobody", "users", tag="zebra"),
    case("attribute, many", "users", attribute="plan=gold"),
    case("attribute, nobody", "users", attribute="plan=zebra"),
    case("visitors, tag, nobody", "visitors", tag="zebra"),
    case("one user", "users/user-00001234"),
    case("user tags", "user-tags"),
    case("tribes", "tribes"),
    case("tribe's users, event", "tribes/event-days", people="1"),
    case("tribe's users, nobody", "tribes/event-nobody", people="1"),
    case("events", "events", is_api=True),
    case("events of a name", "events", is_api=True, name="video/3"),
    case("events that nobody did", "events", is_api=True, name=NOBODYS),
    *(case(f"count, {key}", f"tribes/{key}/count", is_api=True, is_count=True) for key in RULES),
)


def add_people(connection: Connection, environment_id: str, kind: PersonKind, numbers: Sequence[int]) -> list[str]:
    """People as an import and apps would have stored them; their ids."""
    now, called = system_clock(), [f"{kind.value}-{number:08}" for number in numbers]
    ids, shares = ids_and_numbers(kind.value, called)
    rows = [
        (
            *(environment_id, person_id, kind.value, name, share, now, now, now, now - number * 1000),
            f"person.{number}@example.com" if kind is PersonKind.USER else None,
            *("Europe/Berlin", "en-GB", TAGS[number * 7 % len(TAGS)]),
            json.dumps({"country": "DE", "plan": PLANS[number % 3], "spent": number % 1000}, separators=(",", ":")),
        )
        for number, person_id, name, share in zip(numbers, ids, called, shares, strict=True)
    ]
    write_all(connection, Insertion("persons", PERSON), sorted(rows))
    return sorted(ids)


def add_events(connection: Connection, environment_id: str, first: str, last: str, each: int) -> None:
    """So many events of each of the people whose ids are in a range."""
    is_sqlite = connection.dialect.name == "sqlite"
    numbers = NUMBERS[connection.dialect.name].format(json.dumps(list(range(each))))
    text = EVENTS.format(now=system_clock(), numbers=numbers, mark="?" if is_sqlite else "%s")
    text = text if is_sqlite else text.replace(" % ", " %% ")
    connection.exec_driver_sql(text, (environment_id, first, last))


def fill(server: RunningServer, people: int, events_each: int) -> None:
    """A Space with so many people and events in one environment."""
    person, now = someone(server), system_clock()
    server.database.write_sync(
        lambda connection: spaces_store.create_space(
            connection, person.organization_id, key=SPACE, name="Scale", now=now
        )
    )
    environment_id = environment_of(server)
    visitors = people // 5
    for kind, number in ((PersonKind.USER, people - visitors), (PersonKind.VISITOR, visitors)):
        for start in range(0, number, ROWS_AT_ONCE):
            numbers = range(start, min(start + ROWS_AT_ONCE, number))
            server.database.write_sync(
                lambda connection, kind=kind, numbers=numbers: add_people(connection, environment_id, kind, numbers)  # type: ignore[misc]
            )
    starts = [f"per_{letter}" for letter in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz{"]
    for first, last in itertools.pairwise(starts):
        server.database.write_sync(
            lambda connection, first=first, last=last: add_events(  # type: ignore[misc]
                connection, environment_id, first, last, events_each
            )
        )
    add_tags(server, environment_id, people - visitors, visitors)


def add_tags(server: RunningServer, environment_id: str, users: int, visitors: int) -> None:
    """The counts of tags."""
    rows = [(environment_id, f"tag/{number}", users, visitors) for number in range(10_000)]
    columns = {"environment_id": "text", "tag": "text", "users": "bigint", "visitors": "bigint"}
    server.database.write_sync(lambda connection: write_all(connection, Insertion("user_tags", columns), rows))


def environment_of(server: RunningServer) -> str:
    """The id of the environment."""
    query = select(environments.c.id).join(spaces, spaces.c.id == environments.c.space_id)
    query = query.where(spaces.c.key == SPACE, environments.c.name == ENVIRONMENT)
    return server.database.read_sync(lambda connection: str(connection.execute(query).scalar_one()))


def has_space(server: RunningServer) -> bool:
    """Whether the database was filled before."""
    query = select(spaces.c.id).where(spaces.c.key == SPACE)
    return server.database.read_sync(lambda connection: connection.execute(query).first() is not None)


def administrator(server: RunningServer) -> Someone:
    """Somebody new who administrates the Space."""
    query = select(organizations.c.id, organizations.c.key).join(spaces, spaces.c.organization_id == organizations.c.id)
    row = server.database.read_sync(lambda connection: connection.execute(query.where(spaces.c.key == SPACE)).one())
    owner = Someone("", f"{system_clock()}@example.com", row.id, row.key)
    return colleague(server, owner, Role.ADMINISTRATOR)


@dataclass(frozen=True)
class Measured:
    """Seconds of the server's processor time, and of the clock."""

    own: float
    wall: float


class Measuring:
    """A server and who asks it."""

    def __init__(self, server: RunningServer) -> None:
        person = administrator(server)
        self.server = server
        self._browser: Browser = signed_in_browser(server, person)
        self._token = add_token(server.database, FULL, account_id=person.account_id)

    def put_tribes(self) -> None:
        """The tribes that are counted."""
        with self._client() as client:
            for key, rule in RULES.items():
                tribe = {"audience": "all", "match": "all", "filters": [rule]}
                client.put(f"/v2/spaces/{SPACE}/tribes/{key}", json=tribe).raise_for_status()

    def measure(self, one: Case) -> Measured:
        """One request; this thread, which asks, is not counted."""
        began, wall = time.process_time(), time.perf_counter()
        asking = time.thread_time()
        address = f"{one.path}?{urlencode(one.query)}" if one.query else one.path
        with self._client() as client:
            if not one.is_api:
                client.cookies = self._browser.cookies
                del client.headers["Authorization"]
            answer = client.get(address)
        asked = time.thread_time() - asking
        assert answer.status_code == 200, f"{one.label}: {answer.status_code} {answer.text[:500]}"
        own = time.process_time() - began - asked
        return Measured(own, time.perf_counter() - wall)

    def _client(self) -> httpx.Client:
        return self.server.client(Authorization=f"Bearer {self._token}")


@contextlib.contextmanager
def measuring(folder: Path, database: str) -> Iterator[RunningServer]:
    """A server whose data lie in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    url = None
    with contextlib.ExitStack() as held:
        if database == "postgresql":
            (folder / "postgres").mkdir(exist_ok=True)
            postgres = PostgresServer(folder / "postgres")
            held.callback(postgres.close)
            kept = folder / "url"
            if not kept.exists():
                kept.write_text(postgres.new_database_url())
            url = kept.read_text()
        yield held.enter_context(running_server(folder, database_url=url))


def run(asked: argparse.Namespace, folder: Path) -> dict[str, list[float]]:
    """Fill the database where it is empty, and measure all; the medians by label."""
    with measuring(folder, asked.database) as server:
        if not has_space(server):
            began = time.perf_counter()
            fill(server, asked.people, asked.events_each)
            sys.stderr.write(f"filled in {time.perf_counter() - began:.0f} s\n")
            if asked.database == "postgresql":
                with server.database.engine.connect() as connection:
                    connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")
        one = Measuring(server)
        one.put_tribes()
        found = {}
        for each in CASES:
            one.measure(each)
            tries = [one.measure(each) for _ in range(asked.tries)]
            found[each.label] = [statistics.median(getattr(each, name) for each in tries) for name in vars(tries[0])]
        return found


def run_other(asked: argparse.Namespace, folder: Path) -> dict[str, list[float]]:
    """The same by the program of another tree."""
    target = Path(asked.against) / "tests" / "benchmarks" / "scale.py"
    if target.resolve() != Path(__file__).resolve():
        shutil.copy(__file__, target)
    options = ("--people", asked.people, "--events-each", asked.events_each, "--database", asked.database)
    argv = [sys.executable, "-m", "tests.benchmarks.scale", *map(str, options), "--tries", str(asked.tries)]
    ended = subprocess.run(
        [*argv, "--folder", str(folder), "--json"],
        cwd=asked.against,
        env={**os.environ, "PYTHONPATH": asked.against},
        check=True,
        stdout=subprocess.PIPE,
    )
    return dict(json.loads(ended.stdout))


def told(asked: argparse.Namespace, found: Mapping[str, list[float]], before: Mapping[str, list[float]]) -> str:
    """What was found, a line a request, in milliseconds."""
    lines = [f"{asked.people:,} people, {asked.people * asked.events_each:,} events, {asked.database}; ms"]
    for each in CASES:
        own, wall = (1000 * one for one in found[each.label])
        line = f"{each.label:28} {own:8.1f} own {wall:8.1f} wall"
        if each.label in before:
            line += "   before " + " ".join(f"{1000 * one:8.1f}" for one in before[each.label])
        if own / 1000 > MOST_SECONDS and not each.is_count:
            line += "   too much"
        lines.append(line)
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=300_000)
    parser.add_argument("--events-each", type=int, default=10)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--tries", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--against")
    parser.add_argument("--json", action="store_true", help="print the seconds alone")
    asked = parser.parse_args()
    with contextlib.ExitStack() as held:
        folder = asked.folder or Path(held.enter_context(tempfile.TemporaryDirectory(prefix="mtribes-scale-")))
        before = run_other(asked, folder / "before") if asked.against else {}
        found = run(asked, folder if asked.json else folder / "now")
        sys.stdout.write(json.dumps(found) if asked.json else told(asked, found, before))


if __name__ == "__main__":
    main()
