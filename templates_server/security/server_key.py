"""The secret of a server, shared by its processes: refresh tokens and tokens in forms are derived from it."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path

from templates_server.storage.data_folder import keep_names

FILE_NAME = "server.key"
VARIABLE = "MTRIBES_SERVER_KEY"
KEY_BYTES = 32
KEY_FORM = re.compile(rb"[0-9a-f]{64}\s*", re.IGNORECASE)


class ServerKey:
    """Derives values that nobody else can compute."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def derive(self, purpose: str, text: str) -> bytes:
        """Derive 32 bytes from the key, a purpose and a text (HMAC-SHA-256); each purpose gives different ones."""
        subkey = hmac.digest(self._key, purpose.encode(), "sha256")
        return hmac.digest(subkey, text.encode(), "sha256")


def load(data_folder: Path, environment: Mapping[str, str] = os.environ) -> ServerKey:
    """Return the key in MTRIBES_SERVER_KEY, else in the data folder, created if missing; ValueError if invalid."""
    named = environment.get(VARIABLE)
    if named is not None:
        if len(named) < KEY_BYTES:
            raise ValueError(f"{VARIABLE} must have at least {KEY_BYTES} random characters")
        return ServerKey(hashlib.sha256(named.encode()).digest())
    path = data_folder / FILE_NAME
    if not path.exists():
        _make(path)
    content = path.read_bytes()
    if not is_key(content):
        raise ValueError(f"{path} does not contain a valid server key")
    return ServerKey(bytes.fromhex(content.decode("ascii")))


def is_key(content: bytes) -> bool:
    """Return whether the content of a file is a server key, as `load` writes it; a final line break is allowed."""
    return KEY_FORM.fullmatch(content) is not None


def _make(path: Path) -> None:
    """Write a new key (mode 0600) atomically; if several processes do so at once, the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".server-key-")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        Path(temporary).unlink()
    keep_names(path.parent)
