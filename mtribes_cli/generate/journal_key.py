"""The secret by which a journal in the working tree is known to be this user's own.

A journal says which files to move and remove, and a checkout may bring one along, from anybody. So each write makes a
secret in the user's state folder, for one project by its resolved path and for this write alone; the journal carries a
MAC (HMAC-SHA-256) under it.
"""

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

from mtribes_cli.files.atomic_file import write_private
from mtribes_cli.files.bounded_reader import MAX_STATE_FILE_BYTES, read_regular_file

FOLDER = "writes"
_SECRET_BYTES = 32


class JournalKey:
    """The secret of the write in progress in one project, if there is one."""

    def __init__(self, state_folder: Path, root: Path) -> None:
        name = hashlib.sha256(os.path.realpath(root).encode("utf-8", "surrogateescape")).hexdigest()[:32]
        self._path = state_folder / FOLDER / f"{name}.key"
        self._secret: bytes | None = None

    def make(self) -> None:
        """Create a new secret on disk; journals signed with the previous one are no longer valid. Raises OSError."""
        secret = secrets.token_bytes(_SECRET_BYTES)
        write_private(self._path, secret)
        self._secret = secret

    def mac(self, text: bytes) -> str:
        """Return the MAC of a journal of the write that `make` began."""
        if self._secret is None:
            raise AssertionError("make() comes first")
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()

    def signed(self, text: bytes, mac: str) -> bool:
        """Return whether `mac` is this user's over `text`; False if the state folder has no secret."""
        secret = self._kept()
        if secret is None:
            return False
        return hmac.compare_digest(hmac.new(secret, text, hashlib.sha256).hexdigest(), mac)

    def forget(self) -> None:
        """Delete the secret after the write. One that cannot be deleted does no harm: it signs nothing."""
        self._secret = None
        with suppress(OSError):
            self._path.unlink()

    def _kept(self) -> bytes | None:
        try:
            secret = read_regular_file(self._path, MAX_STATE_FILE_BYTES, follows_links=False)
        except OSError:
            return None
        return secret if len(secret) == _SECRET_BYTES else None
