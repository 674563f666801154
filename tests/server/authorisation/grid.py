"""A good request for every route, and the walk over the grid: each route, by each credential, at each place."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from templates_server.http.response import Surface
from templates_server.routes import ROUTES
from tests.server.authorisation.expectations import (
    CREDENTIALS,
    HERE,
    OLD,
    ORGANIZATION,
    SPACE,
    Row,
    expected_marks,
    expected_status,
    rows,
)
from tests.server.authorisation.in_process import InProcessResponse
from tests.server.authorisation.world import MARK, NEW, SPACES, UNKNOWN, World, delivery, model, tribes, user

PARAMETER = re.compile(r"\{(\w+)(\*?)\}")
NOWHERE = "nowhere"
ALL_ROWS = tuple(rows())
OK, ACCEPTED, NOT_FOUND = 200, 202, 404
INNER = {
    "environment": "key_text", "user": "only_user", "import": "only_import", "tribe": "only_tribe", "key": "key",
    "export": "export", "member": "member", "invitation": "invitation", "service_account": "service_account",
    "visitor": "only_visitor",
}  # fmt: skip
"""Parts of paths within a place, and the names of what each place has of its own there."""
OF_THE_SPACE = {"environment", "tribe"}  # staging's are to be seen from production
MADE_BY_PUT = {f"PUT {SPACE}/tribes/{{tribe}}", f"PUT {HERE}/imports/{{import}}/parts/{{part}}"}
TRAVELLERS = {
    "administrator who signed in", "narrowed to the Space", "narrowed to another Space", "a service account",
    "administrator there, viewer here", "administrator here, viewer there",
}  # fmt: skip
BELONGS_TO_BOTH = "administrator here, viewer there"
UNREAD = ("garbage", "another scheme", "a wrong checksum")  # refused without a look into the database
OF_STRANGERS = ("none", "another scheme", "garbage", "a key", "administrator", "administrator who signed in")
UNKNOWN_TOKEN = "mtp_0000000000000000000000000000004UlIb5"
IMPORTED = b'{"user_id": "new"}\n{"user_id": "ada", "add_tags": ["mark-new"]}\n'
BODIES: Mapping[str, Any] = {
    "POST /oauth/token": {"grant_type": "client_credentials", "client_id": "svc_no", "client_secret": "no"},
    "POST /oauth/revoke": {"token": UNKNOWN_TOKEN, "client_id": "mtribes-cli"},
    "POST /oauth/device_authorization": {"client_id": "mtribes-cli"},
    "POST /v2/tokens/revoke": {"token": UNKNOWN_TOKEN},
    "POST /v2/tokens": {"name": "new"},
    "POST /v2/organizations": {"key": "new"},
    f"PATCH {ORGANIZATION}": {"name": "new"},
    f"PATCH {SPACE}": {"name": "new"},
    f"POST {ORGANIZATION}/members": {"email": "new@example.com", "role": "viewer"},
    f"PATCH {ORGANIZATION}/members/{{member}}": {"role": "developer"},
    f"POST {ORGANIZATION}/service-accounts": {"name": "new", "scopes": ["spaces:write"]},
    f"POST {ORGANIZATION}/spaces": {"key": "new"},
    f"PUT {SPACE}/model": model("PLACE", revision=1),  # as it is: after a change it is read again, which was undone
    f"POST {SPACE}/model/diff": model("new"),
    f"POST {SPACE}/code": {"targets": [{"language": "javascript"}]},
    f"PUT {SPACE}/tribes": tribes("new", revision=1),
    f"POST {SPACE}/tribes/impact": {"document": tribes("new")},
    f"PUT {SPACE}/tribes/{{tribe}}": tribes("new")["tribes"]["gold"],
    f"PUT {HERE}/delivery": delivery("new", revision=1),
    f"POST {HERE}/delivery/restore": {"revision": 0},
    f"POST {HERE}/delivery/impact": {"document": delivery("new")},
    f"POST {HERE}/publish": {"collections": ["hidden"]},
    f"POST {HERE}/unpublish": {"collections": ["home"]},
    f"POST {HERE}/keys": {"name": "new"},
    f"PUT {HERE}/signed-ids": {"required": True},
    f"POST {HERE}/users": [user("new", "new"), {"user_id": "ada", "add_tags": ["mark-new"]}],
    f"PATCH {HERE}/users/{{user}}": {"add_tags": ["new"]},
    f"POST {OLD}/spaces/{{space}}/users": user("new", "new"),
    f"PUT {HERE}/imports/{{import}}/parts/{{part}}": IMPORTED,
    f"POST {HERE}/imports/{{import}}/complete": {"parts": 1},
    f"POST {HERE}/session-explanation": {"user_id": "ada"},
    f"POST {HERE}/tribes/{{tribe}}/exports": {"format": "csv"},
    f"POST {HERE}/events/exports": {"format": "csv"},
    "POST /api/client/sessions": {"external_id": "ada"},
    "POST /api/client/events": [{"name": "video/completed", "external_id": "ada"}],
    "POST /api/client/identify": {"external_id": "ada", "data": {"plan": "new"}},
    "POST /api/client/alias": {"anonymous_id": "phone", "external_id": "ada"},
    "POST /ofrep/v1/evaluate/flags": {"context": {"targetingKey": "ada"}},
    "POST /ofrep/v1/evaluate/flags/{flag*}": {"context": {"targetingKey": "ada"}},
    "POST /api/client/devices": {
        "external_id": "ada",
        "device_id": "tv",
        "os": "tvOS",
        "model": "AppleTV14,1",
        "app_build": "1",
        "app_version": "1",
    },
}
FORMS = {f"POST {route.path}" for route in ROUTES if route.method == "POST" and route.surface is Surface.PAGE}
PARTS = {
    "part": "2", "code": "none", "issuer_path": "none", "file": "index.js", "flag": "home.header",
    "language": "javascript", "upload": "0" * 32,
    "entity": "home.header", "template": "experience", "group": "users", "page": "concepts/glossary",
}  # fmt: skip
PARTS_OF: Mapping[str, Mapping[str, str]] = {
    f"DELETE {SPACE}/tribes/{{tribe}}": {"tribe": "plain"},
    f"PUT {HERE}/users/{{user}}/tags/{{tag*}}": {"tag": "new"},
    f"DELETE {HERE}/user-tags/{{tag*}}": {"tag": "shared"},
    f"PUT {HERE}/visitors/{{visitor}}/tags/{{tag*}}": {"tag": "new"},
    "GET /assets/{name}": {"name": "style.css"},
    "GET /demo/{name}": {"name": "app.js"},
}
QUERIES = {
    "GET /api/client/sessions/{session}/changes": "?wait=0",
    f"GET {HERE}/events/stream": "?wait=0",
    f"GET {HERE}/tribes/{{tribe}}/explanation": "?user=ada",
}
HEADERS = {f"POST {HERE}/delivery/restore": {"if_match": "*"}}
ALSO_TOUCHED: Mapping[str, frozenset[str]] = {
    f"DELETE {SPACE}": frozenset({"staging"}),
    f"POST {ORGANIZATION}/spaces": frozenset({UNKNOWN}),
}
CHANGES_NOTHING = {
    f"POST {SPACE}/tribes/impact",
    f"POST {HERE}/delivery/impact",
    f"POST {SPACE}/code",
    f"POST {HERE}/session-explanation",
    "POST /ofrep/v1/evaluate/flags",
    "POST /ofrep/v1/evaluate/flags/{flag*}",
}
NAMES_WHAT_IS_SENT = frozenset({f"POST {SPACE}/tribes/impact", f"POST {HERE}/delivery/impact"})
"""Answers with names of the document that was sent, such as those of its scenarios."""


@dataclass
class Grid:
    """What a walk found: how many cells there were, and what was not as it was promised."""

    cells: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Cell:
    """A route, by a credential, at a place."""

    row: Row
    credential: str
    place: str

    def __str__(self) -> str:
        return f"{self.row.name} by {self.credential} at {self.place or 'no place'}"


def walk(world: World, *, everywhere: bool = False, of: Iterable[Row] = ALL_ROWS) -> Grid:
    """Ask everything; all but the travellers at home alone, unless `everywhere`."""
    return asyncio.run(_walk(world, of, everywhere=everywhere))


def swap(world: World, *, of: Iterable[Row] = ALL_ROWS) -> Grid:
    """Ask for what is elsewhere by its own id, where one may do everything: it must be as if it were nowhere."""
    return asyncio.run(_swap(world, of))


async def _swap(world: World, of: Iterable[Row]) -> Grid:
    grid = Grid()
    world.database.count_statements()
    for row in (row for row in of if row.who != "anyone"):  # pages: tests/server/features/console
        for part, name in INNER.items():
            if f"{{{part}}}" not in row.path or row.name in MADE_BY_PUT:
                continue
            seen = {}
            for foreign in ("staging", "radio", "rival", "twin"):
                if name in world.names[foreign] and (foreign != "staging" or part not in OF_THE_SPACE):
                    seen[foreign] = await _seen(world, row, {part: world.names[foreign][name]})
            seen[NOWHERE] = await _seen(world, row, {part: NOWHERE})
            grid.cells += len(seen)
            if len(set(seen.values())) > 1 or seen[NOWHERE][0] != NOT_FOUND:
                grid.faults.append(f"{row.name}: another's {part} is told from none: {seen}")
    return grid


def confine(world: World, *, of: Iterable[Row] = ALL_ROWS) -> Grid:
    """Ask with `?accountId=`, by somebody of both organizations and of one: outside of it there is nothing."""
    return asyncio.run(_confine(world, of))


async def _confine(world: World, of: Iterable[Row]) -> Grid:
    grid = Grid()
    for row in (row for row in of if row.has_place and row.who != "anyone"):
        cell = Cell(row, BELONGS_TO_BOTH, scopes_of(row)[0])
        refusals = set()
        for account in ("acme", "twin", NOWHERE):
            answer = await send(world, cell, account=account)
            wanted = row.status if account == "acme" else NOT_FOUND
            grid.cells += 1
            if answer.status != wanted:
                grid.faults.append(f"{cell} for the account {account}: {answer.status}, not {wanted}")
            if account != "acme":
                refusals.add(answer.body)
        if len(refusals) > 1:
            grid.faults.append(f"{row.name}: an account is told from none: {refusals}")
    return grid


async def _seen(world: World, row: Row, inner: Mapping[str, str]) -> tuple[int, bytes, int]:
    """All that can be told of an answer: status, body, and how many statements it cost."""
    began = world.database.statements
    cell = Cell(row, "administrator who signed in", scopes_of(row)[0])
    answer = await send(world, cell, **inner)
    return answer.status, answer.body, world.database.statements - began


async def _walk(world: World, of: Iterable[Row], *, everywhere: bool) -> Grid:
    grid = Grid()
    world.database.count_statements()
    for row in of:
        refusals: set[bytes] = set()
        for credential in OF_STRANGERS if row.who == "anyone" and not everywhere else CREDENTIALS:
            statements: dict[str, int] = {}
            stays = not everywhere and credential not in TRAVELLERS
            for place in scopes_of(row)[: 1 if stays else None]:
                cell = Cell(row, credential, place)
                began = world.database.statements
                answer = await send(world, cell)
                grid.cells += 1
                grid.faults += [f"{cell}: {fault}" for fault in _faults(world, cell, answer)]
                if credential in UNREAD and row.who != "anyone" and world.database.statements != began:
                    grid.faults.append(f"{cell}: the database was asked")
                if answer.status == NOT_FOUND and row.has_place:
                    refusals.add(answer.body)
                    statements[place] = world.database.statements - began
            if len(set(statements.values())) > 1:
                grid.faults.append(f"{row.name} by {credential}: what is hidden costs other statements: {statements}")
        if len(refusals) > 1:
            grid.faults.append(f"{row.name}: what is hidden is told from what does not exist: {refusals}")
    return grid


def scopes_of(row: Row) -> tuple[str, ...]:
    """Where a route is asked: at home, in another Space, in the other organization, where nothing is."""
    if "{space}" in row.path:
        return ("vod", "radio", "rival", NOWHERE)
    return ("acme", "twin", NOWHERE) if "{organization}" in row.path else ("",)


async def send(world: World, cell: Cell, *, account: str = "", **inner: str) -> InProcessResponse:
    """The answer to a good request; where said, for an account."""
    name = cell.row.name
    body = BODIES.get(name)
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    media_type = "application/x-ndjson" if isinstance(body, bytes) else "application/json"
    if name in FORMS:
        media_type = "application/x-www-form-urlencoded"
    path = path_at(world, cell, **inner) + QUERIES.get(name, "")
    if account:
        path += f"{'&' if '?' in path else '?'}accountId={account}"
    content = content.replace(b"PLACE", cell.place.encode())
    headers = {"content_type": media_type, **HEADERS.get(name, {})}
    answer = await world.ask(cell.credential, cell.row.method, path, content, **headers)
    if answer.status == ACCEPTED and path.partition("?")[0].endswith("/exports"):
        await world.end_of_export(json.loads(answer.body)["data"][0]["export"])
    if answer.status == OK and cell.row.path.endswith("/stream"):
        await end_of_tasks()
    return answer


async def end_of_tasks() -> None:
    """Return once nothing is done any more for a request that has its answer: its statements are not the next one's."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    _, going_on = await asyncio.wait(others, timeout=30) if others else (others, set())
    assert not going_on


def path_at(world: World, cell: Cell, **inner: str) -> str:
    """The path of a route at a place; `inner` are other names for parts of it."""
    names = {**world.names["acme"], **world.names["vod"], **world.names.get(cell.place, {})}
    outer = {"organization": NOWHERE, "space": NOWHERE} if cell.place == NOWHERE else {}
    known = {**PARTS, **names, **PARTS_OF.get(cell.row.name, {}), **outer, **inner}
    return PARAMETER.sub(lambda match: known[match[1]], cell.row.path)


def _faults(world: World, cell: Cell, answer: InProcessResponse) -> Iterator[str]:
    row, touched, strays = cell.row, world.touched(), world.strays()
    if strays:
        yield f"writes into places what has the marks of others: {sorted(strays)}"
    wanted = expected_status(row, cell.credential, cell.place)
    if row.path.endswith("/changes") and wanted < 400 and answer.status == 204:
        return  # nothing has changed since: that is told to its key alone, too
    if answer.status != wanted:
        yield f"{answer.status}, not {wanted}: {answer.body[:120]!r}"
    if answer.status >= 400:
        if touched:
            yield f"refused, and yet it changed something in {sorted(touched)}"
        return
    yield from _faults_of_text(row, answer.body, expected_marks(row, cell.credential, cell.place))
    if row.method != "GET" and row.name not in CHANGES_NOTHING and row.shows in {"place", "organization"}:
        places = expected_marks(row, cell.credential, cell.place)
        owners = {SPACES[place] for place in places if place in SPACES}
        surplus = touched - places - owners - ALSO_TOUCHED.get(row.name, frozenset())
        if surplus or (wanted == answer.status and not places <= touched):
            yield f"changes something in {sorted(touched)}, not in {sorted(places)}"


def _faults_of_text(row: Row, body: bytes, marks: frozenset[str]) -> Iterator[str]:
    """What is wrong with the text of an answer that was given."""
    shown = {mark.decode() for mark in MARK.findall(body)}
    of_the_model = {"vod"} if "staging" in marks else set()
    shown -= {NEW} if row.name in NAMES_WHAT_IS_SENT else set()
    if row.method == "GET" or row.name in CHANGES_NOTHING:
        if shown - (of_the_model if row.who == "app" else set()) != marks:
            yield f"shows what is of {sorted(shown)}, not of {sorted(marks)}"
        if is_repetitive(row, body):
            yield "tells the same thing twice"
    elif not shown <= marks | {NEW} | of_the_model:
        yield f"answers with what is of {sorted(shown)}, not of {sorted(marks)}"


def is_repetitive(row: Row, body: bytes) -> bool:
    """Whether a list has something twice, as when other environments' rows are joined to it."""
    if row.path.endswith("/content"):
        told = body.splitlines()
    else:
        document = json.loads(body) if body.startswith(b'{"data"') else {}
        told = [json.dumps(thing).encode() for thing in document.get("data") or ()]
    return len(set(told)) < len(told)
