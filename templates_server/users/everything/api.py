"""`GET .../users/:user/everything`: all that is known of a user, page by page as it is read."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Mapping

import msgspec
from sqlalchemy import Connection
from starlette.responses import Response, StreamingResponse

from templates_server.audit import store as audit
from templates_server.database import Database
from templates_server.endpoint import Call
from templates_server.users.api import to_user
from templates_server.users.everything.store import KINDS, START, Kind, Position, last_session_of, page_of
from templates_server.users.store import StoredPerson, find_user

ROWS_AT_ONCE = 5000
LastSession = Mapping[str, str | None] | None


async def export(call: Call) -> Response:
    """The envelope with everything; memory does not grow with what is known."""
    environment_id, user = call.environment_id, call.parameters["user"]

    def work(connection: Connection) -> tuple[StoredPerson, LastSession]:
        found = find_user(connection, environment_id, user)
        audit.record(connection, call.deed("user.export", found.person_id))
        return found, last_session_of(connection, (environment_id, found.person_id))

    person, last_session = await call.database.write(work)
    content = _everything(call.database, environment_id, person, last_session)
    return StreamingResponse(content, media_type="application/json")


async def _everything(
    database: Database, environment_id: str, person: StoredPerson, last_session: LastSession
) -> AsyncIterator[bytes]:
    yield b'{"data":[{"user":' + msgspec.json.encode(to_user(person))
    yield b',"last_session":' + msgspec.json.encode(last_session)
    for kind in KINDS:
        yield f',"{kind.name}":['.encode()
        async for chunk in _rows(database, kind, (environment_id, person.person_id)):
            yield chunk
        yield b"]"
    yield b'}],"dataType":"everything","errors":null}'


async def _rows(database: Database, kind: Kind, owner: tuple[str, str]) -> AsyncIterator[bytes]:
    """The rows of one kind, as the inside of a JSON array."""
    after: Position | None = START
    separator = b""
    while after is not None:
        read = functools.partial(page_of, kind=kind, owner=owner, after=after, limit=ROWS_AT_ONCE)
        rows, after = await database.read_aside(read)
        if rows:
            yield separator + msgspec.json.encode(rows)[1:-1]
            separator = b","
