"""A form too long for a URL, stored while its person signs in again: encrypted, for a limited time.

Only a form that one of our pages showed to a signed-in person is stored. Only the browser that sent the form gets it
back, at the page it was sent from, where the person decides what to do with it.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.responses import Response

from templates_server.features.console.saved_forms import store
from templates_server.features.console.saved_forms.store import SealedForm
from templates_server.features.pages.browser_session import (
    COOKIE_LENGTH,
    COOKIE_PATTERN,
    cookie_name,
    is_form_key,
    read_cookie,
)
from templates_server.http.context import Call, FeaturesT_co
from templates_server.primitives.ids import random_text
from templates_server.primitives.timestamps import SECOND

PARAMETER = "kept"
ID_LENGTH = 32
ID_PATTERN = re.compile(f"[0-9a-f]{{{ID_LENGTH}}}")
NONCE_BYTES = 12
FIELDS = msgspec.msgpack.Decoder(dict[str, str])


@dataclass(frozen=True)
class SavedForm:
    """The reference to a stored form: its ID is in a URL, its secret in a cookie."""

    id: str
    secret: str

    @property
    def name(self) -> bytes:
        """The hash that identifies the form in the database."""
        return hashlib.sha256(f"{self.secret}\0{self.id}".encode()).digest()

    def cipher(self, call: Call) -> AESGCM:
        """Return the cipher of the form: neither the database nor the server's key alone can decrypt it."""
        return AESGCM(call.services.server_key.derive("kept form", f"{self.secret}\0{self.id}"))


def can_be_saved(call: Call, key: str, purpose: str) -> bool:
    """Return whether one of our pages showed the form to a signed-in person, by the key that it carries."""
    origin = call.request.headers.get("origin")
    is_ours = origin is None or origin == call.settings.origin
    return is_ours and is_form_key(call.services.server_key, key, purpose)


async def save_form(call: Call, path: str, fields: Mapping[str, str], key: str) -> SavedForm | None:
    """Store the fields for our page at that path; None if that is not possible. The same form is stored once."""
    form_id = call.services.server_key.derive("kept form id", key).hex()[:ID_LENGTH]
    kept = SavedForm(form_id, _secret_in(call) or random_text(COOKIE_LENGTH))
    content = await asyncio.to_thread(_seal, kept.cipher(call), path, fields)
    sealed = SealedForm(kept.name, content)
    is_kept = await call.database.write(lambda connection: store.save_form(connection, sealed, now=call.now))
    return kept if is_kept else None


async def restore_form(call: Call[FeaturesT_co], path: str) -> Call[FeaturesT_co]:
    """Return the call with the stored form that its URL names, if this browser sent it from there."""
    form_id, secret = call.query.get(PARAMETER, ""), _secret_in(call)
    if not secret or not ID_PATTERN.fullmatch(form_id):
        return call
    kept = SavedForm(form_id, secret)
    content = await call.database.read(lambda connection: store.find(connection, kept.name, now=call.now))
    if content is None:
        return call
    try:
        fields = await asyncio.to_thread(_unseal, kept.cipher(call), path, content)
    except InvalidTag:  # it is another page's, or of another key of the server
        return call
    return replace(call, brought_back=fields)


def bind(response: Response, call: Call, kept: SavedForm) -> None:
    """Set the cookie with which the browser finds the form again."""
    response.set_cookie(
        _cookie_name(call),
        kept.secret,
        max_age=store.LIFETIME_MILLISECONDS // SECOND,
        path="/",
        secure=call.settings.secure,
        httponly=True,
        samesite="lax",
    )


def _cookie_name(call: Call) -> str:
    return f"{cookie_name(call.settings)}_kept"


def _secret_in(call: Call) -> str:
    """Return the browser's secret; "" if it has none."""
    cookie = read_cookie(call.request.headers.get("cookie", ""), _cookie_name(call))
    return cookie if COOKIE_PATTERN.fullmatch(cookie) else ""


def _seal(cipher: AESGCM, path: str, fields: Mapping[str, str]) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    plain = zlib.compress(msgspec.msgpack.encode(dict(fields)))
    return nonce + cipher.encrypt(nonce, plain, unquote(path).encode())


def _unseal(cipher: AESGCM, path: str, content: bytes) -> Mapping[str, str]:
    plain = cipher.decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], unquote(path).encode())
    return FIELDS.decode(zlib.decompress(plain))
