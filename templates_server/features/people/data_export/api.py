"""`GET .../users/:user/everything`, and of a visitor: all data about a person, streamed page by page."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection
from starlette.responses import Response, StreamingResponse

from templates_server.features.audit import store as audit
from templates_server.features.people.api import to_user, to_visitor
from templates_server.features.people.data_export.store import (
    KINDS,
    START,
    VISITORS,
    PagePosition,
    RecordKind,
    find_last_session,
    load_page,
)
from templates_server.features.people.identity import PersonKind
from templates_server.features.people.store import StoredPerson, find_person
from templates_server.http.context import Call
from templates_server.storage.database import Database

ROWS_AT_ONCE = 5000
LastSession = Mapping[str, str | None] | None


@dataclass(frozen=True)
class ExportedKind:
    """The export format of a kind of person: the profile, and the kinds of other data."""

    profile: Callable[[StoredPerson], Any]
    kinds: Sequence[RecordKind]


TOLD = {
    PersonKind.USER: ExportedKind(to_user, KINDS),
    PersonKind.VISITOR: ExportedKind(to_visitor, [kind for kind in KINDS if kind is not VISITORS]),
}


async def export(call: Call) -> Response:
    """Return the envelope with all data of a user, in constant memory."""
    return await _export(call, PersonKind.USER)


async def export_visitor(call: Call) -> Response:
    """Return the envelope with all data of a visitor, in constant memory."""
    return await _export(call, PersonKind.VISITOR)


async def _export(call: Call, kind: PersonKind) -> Response:
    environment_id, called = call.environment_id, call.parameters[kind.value]

    def work(connection: Connection) -> tuple[StoredPerson, LastSession]:
        found = find_person(connection, environment_id, kind, called)
        audit.record(connection, call.deed(f"{kind.value}.export", found.person_id))
        return found, find_last_session(connection, (environment_id, found.person_id))

    person, last_session = await call.database.write(work)
    beginning = {kind.value: TOLD[kind].profile(person), "last_session": last_session}
    content = _everything(call.database, (environment_id, person.person_id), beginning, TOLD[kind].kinds)
    return StreamingResponse(content, media_type="application/json")


async def _everything(
    database: Database, owner: tuple[str, str], beginning: Mapping[str, Any], kinds: Sequence[RecordKind]
) -> AsyncIterator[bytes]:
    yield b'{"data":[' + msgspec.json.encode(beginning).removesuffix(b"}")
    for kind in kinds:
        yield f',"{kind.name}":['.encode()
        async for chunk in _rows(database, kind, owner):
            yield chunk
        yield b"]"
    yield b'}],"dataType":"everything","errors":null}'


async def _rows(database: Database, kind: RecordKind, owner: tuple[str, str]) -> AsyncIterator[bytes]:
    """Yield the rows of one kind, as the inside of a JSON array."""
    after: PagePosition | None = START
    separator = b""
    while after is not None:
        read = functools.partial(load_page, kind=kind, owner=owner, after=after, limit=ROWS_AT_ONCE)
        rows, after = await database.read_in_thread(read)
        if rows:
            yield separator + msgspec.json.encode(rows)[1:-1]
            separator = b","
