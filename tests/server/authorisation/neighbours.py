"""One environment is asked the same things twice: beside empty neighbours, and beside neighbours full of its own ids.

The neighbours are the other environments of its Space and those of another Space. Their ids come before its own and
after it, so that whatever is read without regard to the environment has some of theirs, whichever row comes last.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

from sqlalchemy import select

from templates_server.app import create_app
from templates_server.features.event_names.job import fold_changes
from templates_server.features.exports import store as exports_store
from templates_server.features.imports import sqlite_store as import_rows_store
from templates_server.features.imports import store as imports_store
from templates_server.features.operations.daily_counts.job import DailyCountJob
from templates_server.features.people import erasure_store
from templates_server.features.people.devices import store as devices_store
from templates_server.features.people.identity import PersonKind, make_person_ref
from templates_server.features.people.tag_removal import store as tag_removal_store
from templates_server.features.sessions import store as sessions_store
from templates_server.features.sessions.changes import store as following_store
from templates_server.features.spaces import store as spaces_store
from templates_server.features.tribes import store as tribes_store
from templates_server.primitives.timestamps import DAY, HOUR, MINUTE, SECOND, system_clock, to_rfc3339
from templates_server.settings import Settings
from templates_server.storage import migrations, tables
from templates_server.storage.database import Database
from templates_server.storage.factory import open_database
from templates_server.storage.removal.job import SpaceRemovalJob
from tests.people import Grant, add_organization, add_person
from tests.server.authorisation.in_process import OF_A_PLACE, InProcessClient, InProcessResponse

BEGINNING = system_clock()
MIDDLE = "env_M"
IDS = (MIDDLE, "env_A", "env_B", "env_x", "env_y", "env_z")  # the first is production of the first Space
FOLDED_AT = 3  # before the last newcomers: some names of events are counted then, and some not yet
DRAWN = re.compile(r"\b(ses|exp|key|acc|pk|spc|org|trm|[ar][0-9]{15})_[0-9A-Za-z_]+")
MARK_OF_AN_IMPORT = re.compile(r"\b[0-9]{14,19}\b")  # a time has thirteen digits
TIME_IN_A_CURSOR = re.compile(
    r"(?<=ZW52X[0-9A-Za-z]{3})[0-9A-Za-z_-]+"
)  # behind an id of IDS; what else is open counts
LIMITS: Sequence[tuple[ModuleType, str, int]] = (
    (erasure_store, "ROWS_A_STEP", 2),
    (tag_removal_store, "MOST_CHANGED", 10),
    (sessions_store, "MOST_SESSIONS", 3),
    (devices_store, "MOST_DEVICES", 1),
    (import_rows_store, "USERS_A_STATEMENT", 50),
    (tribes_store, "MOST_LOOKED_THROUGH", 200),
    (tribes_store, "FEWEST_LOOKED_THROUGH", 200),
)
"""Limits that what is asked here keeps, and that it would exceed together with what the neighbours have; and steps."""
LONGEST_SECONDS = 60
NDJSON = "application/x-ndjson"
EVENT = {"name": "video/completed", "timestamp": "2026-11-20T20:00:00Z"}
DEVICE = {"device_id": "tv", "model": "TV", "app_build": "1", "app_version": "1"}
MODEL = {
    "experiences": {"header": {"properties": {"label": {"type": "text", "default": "plain"}}}},
    "collections": {"home": {"children": {"header": {"experience": "header"}}}},
    "revision": 0,
}
GOLD = {
    "name": "Gold",
    "category": "Plans",
    "audience": "all",
    "match": "any",
    "filters": [
        {"attribute": "attributes.plan", "operator": "equals", "value": "gold"},
        {"event": "video/completed", "condition": "have_done", "frequency": {"more_than": 2}},
        {"behaviour": "sessions_30_days", "operator": "greater_than", "value": 9},
        {"attribute": "last_seen", "operator": "after", "value": to_rfc3339(BEGINNING + HOUR // 2)},
    ],
}
STATE = {"enabled": True, "properties": {"label": "gold"}}
DELIVERY = {
    "published": ["home"],
    "scenarios": {"home.header": {"targeted": [{"name": "Gold", "tribes": ["gold"], **STATE}]}},
    "revision": 0,
}


@dataclass
class ServerAnswers:
    """What an environment answered and keeps, with ids of ours left out; and what was changed in others."""

    answers: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


@dataclass
class Server:
    """A server whose time stands still but for a second a request."""

    database: Database
    asker: InProcessClient
    times: list[int]
    token: str = ""
    keys: dict[str, str] = field(default_factory=dict)

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> InProcessResponse:
        """The answer to a request."""
        self.times[0] += SECOND
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        told = {"content_type": "application/json", "authorization": f"Bearer {self.token}", **headers}
        async with asyncio.timeout(LONGEST_SECONDS):  # something that never ends is a fault, too
            return await self.asker.ask(method, path, content, **told)


def find_differences(first_url: str, second_url: str, folder: Path) -> Sequence[str]:
    """What the environment tells, keeps or changes otherwise where its neighbours are full, on two empty databases."""
    with _small_limits():
        alone = ask_beside(first_url, folder / "alone", neighbours=False)
        among = ask_beside(second_url, folder / "among", neighbours=True)
    bad = [answer for answer in alone.answers if answer.partition(" ")[2][:1] != "2"]  # all that is asked is good
    answers = [
        f"{one} and not {other}" for one, other in zip(among.answers, alone.answers, strict=True) if one != other
    ]
    return [*bad, *answers, *sorted(set(among.rows) ^ set(alone.rows)), *among.changed]


@contextmanager
def _small_limits() -> Iterator[None]:
    with ExitStack() as limits:
        for module, name, value in LIMITS:
            limits.enter_context(patch.object(module, name, value))
        yield


@dataclass(frozen=True)
class Deletion:
    """What the deletion of a Space leaves: the rows of its environments by table before, then all that are left.

    `changed`: the rows of other environments that are others since.
    """

    before: Mapping[str, int]
    left: Sequence[str]
    changed: Sequence[str]


def deletion(database_url: str, folder: Path) -> Deletion:
    """Fill every environment alike and delete the second Space."""
    with _small_limits():
        server = _new_server(database_url, folder / "deletion")
        found = asyncio.run(_deletion(server))
    server.database.close()
    return found


async def _deletion(server: Server) -> Deletion:
    places = await _new_environments(server)
    for identifier, place in places.items():
        await _fill(server, place, server.keys[identifier], plan=f"plan of {identifier}")
        users = [{"user_id": f"t-{number}", "tags": ["removed"]} for number in range(GOING)]
        await _good(server, "POST", f"{place}/users", users)
        fold_changes(server.database, threading.Event())
        app = {"authorization": f"Bearer {server.keys[identifier]}"}
        await _good(server, "POST", "/api/client/events", [{**EVENT, "anonymous_id": "x"}], **app)
        await _good(server, "DELETE", f"{place}/user-tags/removed")  # goes on for longer than the request
    _close_day(server)
    mine, others = IDS[3:], IDS[:3]
    before, others_before = _rows(server.database, mine), _rows(server.database, others)
    await _good(server, "DELETE", "/v2/spaces/radio")
    await asyncio.to_thread(SpaceRemovalJob(server.database, system_clock).remove)
    left = [row for row in _rows(server.database, mine) if not row.startswith(OF_REMOVALS)]
    return Deletion(
        Counter(row.partition(" ")[0] for row in before),
        left,
        sorted(set(others_before) ^ set(_rows(server.database, others))),
    )


Step = tuple[str, str, Any]
"""Method, path below the environment or of the Client API, body."""


def ask_beside(database_url: str, folder: Path, *, neighbours: bool) -> ServerAnswers:
    """What the environment in the middle tells; its neighbours are empty unless `neighbours`."""
    server = _new_server(database_url, folder)
    told = asyncio.run(_told(server, neighbours=neighbours))
    server.database.close()
    return told


def _new_server(database_url: str, folder: Path) -> Server:
    folder.mkdir()
    database = open_database(database_url)
    migrations.upgrade(database)
    times = [BEGINNING]
    settings = Settings("http://localhost", database_url, folder, rate_limits=None)
    server = Server(database, InProcessClient(create_app(settings, clock=lambda: times[0], database=database)), times)
    organization = add_organization(database, "acme")
    server.token = add_person(database, organization, grant=Grant(kind="access")).token
    return server


async def _told(server: Server, *, neighbours: bool) -> ServerAnswers:
    places = await _new_environments(server)
    told = ServerAnswers()
    for number, (chapter, newcomers) in enumerate(CHAPTERS):
        server.times[0] = BEGINNING + HOUR
        for identifier in newcomers if neighbours else ():
            await _fill(server, places[identifier], server.keys[identifier], plan=f"plan of {identifier}")
        _forget_counts(server.database)
        if number == FOLDED_AT:
            fold_changes(server.database, threading.Event())
        before = _rows(server.database, IDS[1:])
        server.times[0] = BEGINNING + number * MINUTE
        for step in chapter():
            told.answers.append(await _answer(server, places[MIDDLE], step))
        told.rows += [*_rows(server.database, [MIDDLE]), *await _followed(server.database), *_listed(server)]
        told.changed += sorted(set(before) ^ set(_rows(server.database, IDS[1:])))
    _close_day(server)
    told.rows += _rows(server.database, [MIDDLE])
    return told


def _close_day(server: Server) -> None:
    """Have the day counted that all of this happened on, and the people of tribes."""
    after = (BEGINNING + 3 * HOUR) // DAY * DAY + DAY + MINUTE
    DailyCountJob(server.database, lambda: after, keep_events_days=30).close()


def _forget_counts(database: Database) -> None:
    """Have the events of everybody counted again, as after an update from a version that did not count them."""
    forgotten = tables.persons.update().values(event_units=None)
    database.write_sync(lambda connection: connection.execute(forgotten))


async def _followed(database: Database) -> Sequence[str]:
    """What is found for those who follow sessions of the environment: whose each is, and what may have changed."""
    table = tables.sessions
    query = select(table.c.person_id, table.c.session_id).where(table.c.environment_id == MIDDLE)
    sessions = database.read_sync(lambda connection: connection.execute(query).all())
    persons = [(MIDDLE, person_id) for person_id, _ in sessions]
    marks = database.read_sync(lambda connection: following_store.marks_of_persons(connection, persons))
    owners = [
        await following_store.find_session(database, MIDDLE, person_id=person_id, session_id=session_id)
        for person_id, session_id in sessions
    ]
    return sorted(
        _without_chance(f"follows {person} of {owner}: {marks.get(person)}")
        for person, owner in zip(persons, owners, strict=True)
    )


def _listed(server: Server) -> Sequence[str]:
    """What the console lists of the environment: the imports and the exports that began last."""
    now = server.times[0]
    imports = server.database.read_sync(lambda connection: imports_store.recent_imports(connection, MIDDLE, most=20))
    exports = server.database.read_sync(
        lambda connection: exports_store.recent_exports(connection, MIDDLE, now=now, most=20)
    )
    return [_without_chance(f"lists {imports}"), _without_chance(f"lists {exports}")]


async def _answer(server: Server, place: str, step: Step) -> str:
    """What a question is answered with, ids of ours left out."""
    method, path, body = step
    headers = {"content_type": NDJSON} if isinstance(body, bytes) else {}
    if path.startswith("/api/client/"):
        headers["authorization"] = f"Bearer {server.keys[MIDDLE]}"
    else:
        path = place + await _present(server, path)
    answer = await server.ask(method, path, body, **headers)
    return _without_chance(f"{method}:{path} {answer.status} {answer.body.decode()}")


def _without_chance(text: str) -> str:
    return TIME_IN_A_CURSOR.sub("", MARK_OF_AN_IMPORT.sub("mark", DRAWN.sub(r"\1", text)))


async def _new_environments(server: Server) -> Mapping[str, str]:
    """The paths of six environments, by the ids that they are given."""
    places: dict[str, str] = {}
    for space in ("vod", "radio"):
        await _good(server, "POST", "/v2/organizations/acme/spaces", {"key": space})
        await _good(server, "PUT", f"/v2/spaces/{space}/model", MODEL)
        await _good(server, "PUT", f"/v2/spaces/{space}/tribes", {"tribes": {"gold": GOLD}, "revision": 0})
        for name in ("production", "staging", "development"):
            identifier = IDS[len(places)]
            _rename(server.database, space, name, identifier)
            places[identifier] = f"/v2/spaces/{space}/environments/{name}"
            await _good(server, "PUT", f"{places[identifier]}/delivery", DELIVERY)
            key = json.loads((await _good(server, "POST", f"{places[identifier]}/keys", {"name": "web"})).body)
            server.keys[identifier] = key["data"][0]["key"]
    return places


def _rename(database: Database, space: str, name: str, identifier: str) -> None:
    place = database.read_sync(
        lambda connection: spaces_store.locate(connection, {"space": space, "environment": name})
    )
    assert place is not None
    table = tables.environments
    renamed = table.update().where(table.c.id == place.environment_id).values(id=identifier)
    database.write_sync(lambda connection: connection.execute(renamed))


async def _good(server: Server, method: str, path: str, body: Any = None, **headers: str) -> InProcessResponse:
    answer = await server.ask(method, path, body, **headers)
    assert answer.status < 300, (method, path, answer)
    return answer


async def _fill(server: Server, path: str, key: str, *, plan: str) -> None:
    """Everything that the questions are about, under the same ids, and otherwise different."""
    app = {"authorization": f"Bearer {key}"}
    tag = plan.lower().replace(" ", "-")
    attributes, tags = {"plan": plan, "only_here": plan}, ["vip", "old/tag", "staying"]
    people = [{"user_id": name, "attributes": attributes, "tags": tags, "locale": "de"} for name in PEOPLE]
    await _good(server, "POST", f"{path}/users", people)
    for visitor in ("phone", "tablet", "guest", "laptop", "console"):
        for route, body in (
            ("identify", {"anonymous_id": visitor, "data": {"plan": plan}}),
            ("events", [{**EVENT, "anonymous_id": visitor, "id": f"evt-{visitor}-{number}"} for number in range(3)]),
            ("devices", {**DEVICE, "anonymous_id": visitor, "os": plan}),
            ("sessions", {"anonymous_id": visitor, "app": {"version": "9.9", "platform": "roku"}, "unknown": [plan]}),
        ):
            await _good(server, "POST", f"/api/client/{route}", body, **app)
        await _good(server, "PUT", f"{path}/visitors/{visitor}/tags/{tag}")
    events = [{**EVENT, "external_id": "ada", "id": f"evt-{number}", "data": {"of": plan}} for number in range(3)]
    events.append({**EVENT, "name": plan, "external_id": "ada", "id": "evt-of"})
    await _good(server, "POST", "/api/client/events", events, **app)
    await _good(server, "POST", "/api/client/devices", {**DEVICE, "external_id": "ada", "os": plan}, **app)
    await _good(server, "POST", "/api/client/sessions", {"external_id": "ada", "app": {"version": "9.8"}}, **app)
    for visitor, user in (("tablet", "ada"), ("phone", "eve"), ("laptop", "eve")):
        await _good(server, "POST", "/api/client/alias", {"anonymous_id": visitor, "external_id": user}, **app)
    for number in (1, 2):
        row = json.dumps({"user_id": "grace", "attributes": {"plan": plan, "part": number}}).encode()
        part = f"{path}/imports/crm/parts/{number}"
        await _good(server, "PUT", part, row + b"\n", content_type=NDJSON)
    await _good(server, "POST", f"{path}/imports/crm/complete", {"parts": 2})
    if plan.endswith(IDS[1]):
        await _good(server, "POST", f"{path}/users", [{"user_id": name} for name in MANY[FEW:]])
        await _good(server, "POST", f"{path}/users", [{"user_id": f"g-{n}", "tags": ["going"]} for n in range(GOING)])
    await _good(server, "PUT", f"{path}/users/ada/tags/more")
    await _good(server, "DELETE", f"{path}/users/bob")
    await _good(server, "POST", f"{path}/events/exports", {"format": "csv"})
    await _all_exported(server)


MANY = sorted(
    (f"one-of-many-{number}" for number in range(150)),
    key=lambda name: make_person_ref(PersonKind.USER, name).person_id,
)
FEW = 10
"""Of many, those who are in the environment before they are imported; one neighbour has the others, just the same."""
GOING = 60  # users of that neighbour who have a tag that is deleted
PEOPLE = ("ada", "bob", "grace", "eve", "theirs")
LINES = b"".join(
    json.dumps(row).encode() + b"\n"
    for row in (
        {"user_id": "grace", "add_tags": ["imported"]},
        {"user_id": "theirs", "email": "theirs@example.com"},
        {"user_id": "ada", "attributes": {"imported": True}},
        {"user_id": "new", "tags": ["imported"]},
    )
)


def _of_users() -> Sequence[Step]:
    ada = {"user_id": "ada", "attributes": {"plan": "gold"}, "tags": ["vip"]}
    return [
        ("GET", "/users", None),
        ("GET", "/user-tags", None),
        ("POST", "/users", [ada, {"user_id": "bob", "attributes": {"plan": "free"}}]),
        ("POST", "/users", {"user_id": "grace", "add_tags": ["vip"]}),
        ("PATCH", "/users/bob", {"add_tags": ["old/tag"]}),
        ("PUT", "/users/ada/tags/more", None),
        ("DELETE", "/users/ada/tags/more", None),
        ("DELETE", "/user-tags/old/tag", None),
        ("GET", "/users", None),
        ("GET", "/users?tag=vip", None),
        ("GET", "/users?search=a", None),
        ("GET", "/users/ada", None),
        ("GET", "/user-tags", None),
    ]


def _of_imports() -> Sequence[Step]:
    return [
        ("PUT", "/imports/crm/parts/1", LINES),
        ("PUT", "/imports/crm/parts/1", LINES),
        ("GET", "/imports/crm", None),
        ("PUT", "/imports/crm/parts/2", LINES),
        ("POST", "/imports/crm/complete", {"parts": 2}),
        ("GET", "/imports/crm", None),
        ("POST", "/users", [{"user_id": name} for name in MANY[:FEW]]),
        ("PUT", "/imports/many/parts/1", b"".join(b'{"user_id": "%s"}\n' % name.encode() for name in MANY)),
        ("GET", "/users?search=many&limit=1000", None),
        ("GET", "/users", None),
        ("GET", "/user-tags", None),
    ]


def _of_tags() -> Sequence[Step]:
    return [
        ("PUT", f"/users/{MANY[-1]}/tags/going", None),
        ("DELETE", "/user-tags/going", None),  # in one step, for whoever is looked for among one's own people
        ("POST", "/users", [{"user_id": name, "add_tags": ["staying"]} for name in MANY[:70]]),
        ("DELETE", "/user-tags/staying", None),  # not at once: it says how many are left
        ("GET", "/users?tag=staying&limit=1000", None),
        ("GET", "/user-tags", None),
    ]


def _of_visits() -> Sequence[Step]:
    events = [
        {**EVENT, "external_id": "ada", "id": "evt-1"},
        {**EVENT, "anonymous_id": "tablet", "id": "evt-2"},
        {**EVENT, "anonymous_id": "guest", "id": "evt-3"},
        *({**EVENT, "anonymous_id": "laptop", "id": f"evt-laptop-{number}"} for number in range(3)),
        {**EVENT, "anonymous_id": "console", "id": "evt-4"},
    ]
    return [
        ("POST", "/api/client/events", events),
        ("POST", "/api/client/devices", {**DEVICE, "anonymous_id": "phone", "os": "ours"}),
        ("PUT", "/visitors/guest/tags/more", None),
        ("DELETE", "/visitors/console/tags/more", None),
        ("GET", "/visitors", None),
        ("GET", "/visitors/guest", None),
        ("GET", "/visitors/guest/everything", None),
        ("GET", "/visitors?tag=more", None),
        ("GET", "/visitors?attribute=plan=gold", None),
        ("GET", "/user-tags", None),
    ]


def _of_apps() -> Sequence[Step]:
    return [
        ("POST", "/api/client/identify", {"anonymous_id": "tablet", "data": {"seen": True}}),
        ("POST", "/api/client/identify", {"external_id": "ada", "data": {"seen": True}}),
        ("POST", "/api/client/sessions", {"external_id": "ada"}),
        ("POST", "/api/client/sessions", {"anonymous_id": "tablet"}),
        ("POST", "/api/client/sessions", {"anonymous_id": "nobody"}),
        ("POST", "/api/client/sessions", {"anonymous_id": "guest"}),
        ("POST", "/api/client/devices", {**DEVICE, "anonymous_id": "guest", "device_id": "radio", "os": "ours"}),
        ("POST", "/api/client/events", [{**EVENT, "external_id": "ada", "id": "evt-0"}]),
        ("POST", "/api/client/sessions", {"anonymous_id": "laptop", "external_id": "bob"}),  # merges them
        ("POST", "/api/client/sessions", {"anonymous_id": "console", "external_id": "grace"}),
        ("GET", "/visitors", None),
        ("POST", "/api/client/alias", {"anonymous_id": "phone", "external_id": "ada"}),
        ("POST", "/api/client/sessions", {"anonymous_id": "phone"}),
        ("GET", "/visitors", None),
        ("GET", "/users/ada", None),
        ("GET", "/users/ada/everything", None),
        ("GET", "/events", None),
        ("GET", "/events?user=ada", None),
        ("GET", "/events?name=video/completed", None),
        ("GET", "/event-names", None),
    ]


def _of_tribes() -> Sequence[Step]:
    return [
        ("GET", "/tribes/gold/count", None),
        ("GET", "/tribes/gold/users", None),
        *(("GET", f"/tribes/gold/explanation?user={name}", None) for name in ("ada", "bob")),
        ("POST", "/session-explanation", {"user_id": "ada"}),
        ("POST", "/session-explanation", {"user_id": "bob"}),
        ("POST", "/session-explanation", {"anonymous_id": "tablet"}),
        ("POST", "/delivery/impact", {"document": {"published": [], "scenarios": {}}}),
        ("GET", "/delivery", None),
        ("GET", "", None),
    ]


def _of_exports() -> Sequence[Step]:
    steps: list[Step] = []
    for what in ("/tribes/gold", "/events"):
        steps += [
            ("POST", f"{what}/exports", {"format": "ndjson"}),
            ("GET", "/exports/LAST", None),
            ("GET", "/exports/LAST/content", None),
        ]
    return steps


def _of_the_end() -> Sequence[Step]:
    return [
        ("DELETE", "/users/ada", None),
        ("DELETE", "/users/bob", None),
        ("DELETE", "/visitors/guest", None),
        ("GET", "/users", None),
        ("GET", "/visitors", None),
        ("GET", "/user-tags", None),
        ("GET", "/events", None),
        ("GET", "/event-names", None),
        ("POST", "/users", {"user_id": "ada"}),
        ("GET", "/users/ada/everything", None),
    ]


CHAPTERS: Sequence[tuple[Callable[[], Sequence[Step]], Sequence[str]]] = (
    (_of_users, IDS[1:4]),
    (_of_imports, ()),
    (_of_tags, ()),
    (_of_visits, ()),
    (_of_apps, IDS[4:]),
    (_of_tribes, ()),
    (_of_exports, ()),
    (_of_the_end, ()),
)
"""What is asked, in this order, and which neighbours come first: so that their rows are older or newer than its own."""


async def _present(server: Server, path: str) -> str:
    """The path, with the id of the last export that was asked for, once it is complete."""
    if "LAST" not in path:
        return path
    await _all_exported(server)
    table = tables.exports
    query = select(table.c.id).where(table.c.environment_id == MIDDLE).order_by(table.c.created.desc()).limit(1)
    return path.replace("LAST", server.database.read_sync(lambda connection: connection.execute(query).scalar_one()))


async def _all_exported(server: Server) -> None:
    """Wait until no export is running, in whichever environment."""
    query = select(tables.exports.c.id).where(tables.exports.c.state == exports_store.RUNNING)
    while True:
        if server.database.read_sync(lambda connection: connection.execute(query).first()) is None:
            return
        await asyncio.sleep(0.005)


OF_AN_ENVIRONMENT = {
    name: table
    for name, table in OF_A_PLACE.items()
    if "environment_id" in table.columns and name not in {"environment_keys", "audit_entries"}
}


OF_REMOVALS = "environment_removals"  # stays for some minutes: what was on its way may still arrive
ONLY_WHILE_FOLLOWED = {"event_followers", "event_arrivals"}


def _rows(database: Database, environment_ids: Sequence[str]) -> list[str]:
    """All rows of these environments."""
    found = []
    for name, table in OF_AN_ENVIRONMENT.items():
        query = select(table).where(table.c.environment_id.in_(environment_ids))
        rows = database.read_sync(lambda connection, query=query: connection.execute(query).all())  # type: ignore[misc]  # bound now
        found += [_without_chance(f"{name} {tuple(row)!r}") for row in rows]
    return sorted(found)
