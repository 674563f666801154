"""The tokens in the URLs of event streams: the person and the key, encrypted and valid for some minutes.

A URL ends up in proxy logs and in browser histories. So a token only opens a stream, reveals nothing to others, and is
valid for ten to twenty minutes. In all that time it is the same for the same flags: a new URL would make clients
reconnect. It is encrypted with the server's key: every process with the key can open it.
"""

from __future__ import annotations

import binascii
import hashlib
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from templates_server.features.openfeature.flag_digest import MARK_BYTES
from templates_server.primitives.timestamps import MINUTE
from templates_server.security.server_key import ServerKey

WINDOW_MILLISECONDS = 10 * MINUTE
PURPOSE = "event streams"
HEAD = struct.Struct(f">Ii{MARK_BYTES}s")
TOKEN = re.compile(r"[A-Za-z0-9_-]{1,300}", re.ASCII)
PURPOSE_OF_MARKS = f"{PURPOSE}/marks"
PURPOSES = (f"{PURPOSE}/1", f"{PURPOSE}/2")  # AES-256-SIV takes a key of 64 bytes


class StreamClaim(msgspec.Struct, frozen=True, gc=False):
    """The content of a token: the ids of the app's key and of the person, and the flags that the app knows.

    `signature_version` is that of the environment: where ids are signed, a new secret invalidates older tokens.
    """

    key_id: str
    person_id: str
    signature_version: int
    mark: bytes


class StreamTokens:
    """A factory and parser of tokens."""

    def __init__(self, key: ServerKey) -> None:
        self._cipher = AESSIV(b"".join(key.derive(purpose, "") for purpose in PURPOSES))
        self._key_of_marks = key.derive(PURPOSE_OF_MARKS, "")

    def windows(self, now: int) -> Sequence[int]:
        """Return the numbers of the time windows with valid tokens: the current and the previous one."""
        present = now // WINDOW_MILLISECONDS
        return present, present - 1

    def sealed_mark(self, mark: bytes, person_id: str) -> bytes:
        """Return a substitute for a mark in events: with the mark itself, anybody could probe a person's tribes."""
        content = mark + person_id.encode()
        return hashlib.blake2b(content, digest_size=MARK_BYTES, key=self._key_of_marks).digest()

    def make(self, claim: StreamClaim, *, now: int) -> str:
        """Return the token of a claim."""
        head = HEAD.pack(self.windows(now)[0], claim.signature_version, claim.mark)
        plain = head + f"{claim.key_id} {claim.person_id}".encode()
        return _encode_token(self._cipher.encrypt(plain, None))

    def read(self, token: str, *, now: int) -> StreamClaim | None:
        """Return the claim of a token; None when it is invalid or expired."""
        sealed = _unwritten(token)
        if sealed is None:
            return None
        try:
            plain = self._cipher.decrypt(sealed, None)
        except (InvalidTag, ValueError):
            return None
        window, signature_version, mark = HEAD.unpack_from(plain)
        if window not in self.windows(now):
            return None
        key_id, _, person_id = plain[HEAD.size :].decode().partition(" ")
        return StreamClaim(key_id, person_id, signature_version, mark)


def _encode_token(sealed: bytes) -> str:
    return urlsafe_b64encode(sealed).rstrip(b"=").decode()


def _unwritten(token: str) -> bytes | None:
    """Decode the canonical encoding of bytes only: the last character has unused bits."""
    if TOKEN.fullmatch(token) is None:
        return None
    try:
        sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except binascii.Error:
        return None
    return sealed if _encode_token(sealed) == token else None
