"""A request that carries an Idempotency-Key: done once, and answered the same whenever it comes again.

The answer is stored in the transaction of the effect, so that there is never one without the other. It may hold a
secret that is shown once: it is encrypted with a key that is made of the server's key and the Idempotency-Key, so that
neither the database nor the data folder opens it. SQL is in `store.py`.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from templates_server.errors import BadRequest, Conflict, ErrorDetail, ValidationFailed
from templates_server.http.idempotency import store
from templates_server.primitives.timestamps import DAY
from templates_server.security.authorization import Principal
from templates_server.security.server_key import ServerKey
from templates_server.storage.database import Database

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEY_PATTERN = re.compile(r"[\x20-\x7e]{1,255}")
KEPT_MILLISECONDS = DAY
PATIENCE_SECONDS = 5.0  # with a transaction of ours whose connection was lost: it ends soon, one way or the other
RETRY_AFTER_SECONDS = 1
NONCE_BYTES = 12


class _Answer(msgspec.Struct, frozen=True):
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class IdempotentRequest:
    """A request with its Idempotency-Key. Hashes are SHA-256, `now` is in milliseconds."""

    key_hash: bytes
    request_hash: bytes
    cipher: AESGCM
    now: int

    async def perform(self, database: Database, work: Callable[[Connection], Response]) -> Response:
        """Return the response of the work, stored together with its effect; or the response that was stored before."""
        attempts = itertools.count()

        def unit(connection: Connection) -> Response:
            if not store.lock(connection, self.key_hash, patience_seconds=PATIENCE_SECONDS * bool(next(attempts))):
                raise _still_running()
            return self.replay(connection) or self._keep(connection, work(connection))

        return await database.write(unit, is_repeatable=True)

    def replay(self, connection: Connection) -> Response | None:
        """Return the stored response; None if there is none. ValidationFailed if another request used the key."""
        kept = store.find_response(connection, self.key_hash, since=self.now - KEPT_MILLISECONDS, now=self.now)
        if kept is None:
            return None
        if kept.request_hash != self.request_hash:
            raise ValidationFailed(
                [ErrorDetail(HEADER, "This idempotency key was used for a different request. Use a new key.")]
            )
        response = self._decrypt_response(kept.answer)
        response.headers[REPLAYED] = "true"
        return response

    def _keep(self, connection: Connection, response: Response) -> Response:
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        answer = msgspec.msgpack.encode(_Answer(response.status_code, headers, bytes(response.body)))
        nonce = os.urandom(NONCE_BYTES)
        kept = store.StoredResponse(self.request_hash, nonce + self.cipher.encrypt(nonce, answer, self.request_hash))
        store.save_response(connection, self.key_hash, kept, now=self.now, since=self.now - KEPT_MILLISECONDS)
        return response

    def _decrypt_response(self, sealed: bytes) -> Response:
        try:
            plain = self.cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self.request_hash)
        except InvalidTag:
            raise Conflict(
                "The request was processed, but its response is lost because the server key has changed."
            ) from None
        answer = msgspec.msgpack.decode(plain, type=_Answer)
        return Response(answer.body, answer.status, answer.headers)


class IdempotentRequests:
    """The requests with a key that are running in this process."""

    def __init__(self, key: ServerKey) -> None:
        self._key = key
        self._running: set[bytes] = set()

    def asked(self, request: Request, owner: Principal, *, body: bytes, now: int) -> IdempotentRequest:
        """Return the request with the key that it carries; BadRequest if the key is invalid."""
        keys = request.headers.getlist(HEADER)
        if len(keys) > 1 or not KEY_PATTERN.fullmatch(keys[0]):
            raise BadRequest(f"{HEADER} must be sent once, with 1 to 255 printable ASCII characters.", path=HEADER)
        name = _join_parts((*_owner(owner), keys[0].encode()))
        scope = request.scope
        told = (scope["method"].encode(), scope["raw_path"].partition(b"?")[0], scope["query_string"], body)
        cipher = AESGCM(self._key.derive("idempotent answers", name.hex()))
        return IdempotentRequest(_hash(name), _hash(_join_parts(told)), cipher, now)

    @contextmanager
    def running(self, once: IdempotentRequest) -> Iterator[None]:
        """Raise Conflict while another request with the same key is running in this process."""
        if once.key_hash in self._running:
            raise _still_running()
        self._running.add(once.key_hash)
        try:
            yield
        finally:
            self._running.discard(once.key_hash)


def _owner(principal: Principal) -> Iterator[bytes]:
    """Return the owner of a key: another token of the same person, which may do less, never gets its response."""
    yield from (principal.kind.value.encode(), principal.id.encode(), str(principal.signed_in).encode())
    yield " ".join(sorted(principal.scopes)).encode()
    yield " ".join(sorted(principal.limits)).encode()


def _join_parts(parts: Iterable[bytes]) -> bytes:
    """Return one text for several, which no other texts give."""
    return b"".join(len(part).to_bytes(8) + part for part in parts)


def _hash(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _still_running() -> Conflict:
    return Conflict(
        "The first request with this Idempotency-Key is still running. Retry in a moment.",
        path=HEADER,
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    )
