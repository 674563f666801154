"""The tokens in the URLs of event streams: whose flags are followed, with which key, sealed for some minutes.

A URL ends up in logs of proxies and in histories of browsers. So a token opens a stream and nothing else, tells nothing
to whom it is not for, and is good for ten to twenty minutes. In all that time it is the same for the same flags: a new
URL would have clients connect anew. The server's key seals it: every process that has the key can open it.
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
    """What a token is for: the app's key and the person, both by their ids, and what the app knows of their flags.

    `signature_version` is that of the environment: where ids are signed, a new secret ends what the old one opened.
    """

    key_id: str
    person_id: str
    signature_version: int
    mark: bytes


class StreamTokens:
    """Makes tokens and reads them."""

    def __init__(self, key: ServerKey) -> None:
        self._cipher = AESSIV(b"".join(key.derive(purpose, "") for purpose in PURPOSES))
        self._key_of_marks = key.derive(PURPOSE_OF_MARKS, "")

    def windows(self, now: int) -> Sequence[int]:
        """The numbers of the windows of time whose tokens are good: the present one, and that before."""
        present = now // WINDOW_MILLISECONDS
        return present, present - 1

    def sealed_mark(self, mark: bytes, person_id: str) -> bytes:
        """What stands for a mark in events: a mark itself would let anybody try which tribes a person is in."""
        content = mark + person_id.encode()
        return hashlib.blake2b(content, digest_size=MARK_BYTES, key=self._key_of_marks).digest()

    def make(self, claim: StreamClaim, *, now: int) -> str:
        """The token of a claim."""
        head = HEAD.pack(self.windows(now)[0], claim.signature_version, claim.mark)
        plain = head + f"{claim.key_id} {claim.person_id}".encode()
        return _encode_token(self._cipher.encrypt(plain, None))

    def read(self, token: str, *, now: int) -> StreamClaim | None:
        """The claim of a token; None when it is none of ours, or no longer good."""
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
    """The bytes that are written so, and not otherwise: the last character has bits that would not count."""
    if TOKEN.fullmatch(token) is None:
        return None
    try:
        sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except binascii.Error:
        return None
    return sealed if _encode_token(sealed) == token else None
