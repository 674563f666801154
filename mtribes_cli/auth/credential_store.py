"""Sign-ins that are kept between commands: each bound to its host, in the system's keyring or a private file.

How one is got is in `oauth`, which of them is sent in `token_provider`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtribes_cli.auth import keyring_store
from mtribes_cli.errors import FileError, NotSignedInError, UnavailableError
from mtribes_cli.files.atomic_file import Failpoint, no_failpoint, write_private
from mtribes_cli.files.bounded_reader import MAX_STATE_FILE_BYTES, read_regular_file

if TYPE_CHECKING:
    from filelock import BaseFileLock

    from mtribes_cli.terminal.console import Console

FORMAT_VERSION = 1
LOCK_TIMEOUT_SECONDS = 60.0
IN_KEYRING, IN_FILE = "keyring", "file"


@dataclass(frozen=True)
class TokenSet:
    """The tokens of one host."""

    access_token: str
    refresh_token: str | None = None  # None: the access token cannot be renewed
    expires_at_seconds: float | None = None  # by this machine's clock, as it was when the token came

    def is_fresh(self, now_seconds: float, *, margin_seconds: float) -> bool:
        """Return whether the access token is valid for a while yet, as far as is known here."""
        return self.expires_at_seconds is None or now_seconds + margin_seconds < self.expires_at_seconds


class CredentialStore:
    """The file `credentials.json`, which says for each host where its secrets are, and the keyring."""

    def __init__(self, folder: Path, console: Console, failpoint: Failpoint = no_failpoint) -> None:
        self.path = folder / "credentials.json"
        self._console = console
        self._failpoint = failpoint

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the store against changes by others; the same command may lock it twice."""
        from filelock import Timeout  # noqa: PLC0415 - start-up time

        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with self._lock.acquire(timeout=LOCK_TIMEOUT_SECONDS):
                yield
        except Timeout:
            raise UnavailableError(
                f"Another mtribes process is holding the lock {self._lock.lock_file}.",
                "Wait for it to finish, then try again.",
            ) from None

    @cached_property
    def _lock(self) -> BaseFileLock:
        from filelock import FileLock  # noqa: PLC0415 - start-up time

        return FileLock(self.path.with_suffix(".lock"))

    def hosts(self) -> list[str]:
        """Return the hosts that somebody is signed in to."""
        return sorted(self._read()["hosts"])

    def get(self, host: str) -> TokenSet | None:
        """Return the tokens of `host`."""
        entry = self._read()["hosts"].get(host)
        if entry is None:
            return None
        if entry.get("store") == IN_KEYRING:
            secret = keyring_store.read(host)
            return None if secret is None else self._sign_in(_entry(secret))
        return self._sign_in(entry)

    def keep(self, host: str, sign_in: TokenSet, *, is_new: bool) -> None:
        """Store the tokens of `host`. For a new one this chooses the place: the keyring, if it works."""
        with self.locked():
            stored = self._read()
            place = self._place_for_new(stored) if is_new else stored["hosts"].get(host, {}).get("store", IN_FILE)
            if place == IN_KEYRING:
                keyring_store.write(host, json.dumps(asdict(sign_in)))
                stored["hosts"][host] = {"store": IN_KEYRING}
            else:
                stored["hosts"][host] = {"store": IN_FILE, **asdict(sign_in)}
            self._write(stored)

    def forget(self, host: str) -> None:
        """Delete the tokens of `host`."""
        with self.locked():
            stored = self._read()
            entry = stored["hosts"].pop(host, None)
            self._write(stored)
        if entry and entry.get("store") == IN_KEYRING:
            keyring_store.delete(host)

    def service_token(self, name: str) -> TokenSet | None:
        """Return the latest token of a service account; `name` identifies host, account and secret."""
        entry = self._read()["services"].get(name)
        return None if entry is None else self._sign_in(entry)

    def keep_service_token(self, name: str, sign_in: TokenSet) -> None:
        """Store the token of a service account."""
        with self.locked():
            stored = self._read()
            stored["services"][name] = asdict(sign_in)
            self._write(stored)

    def _place_for_new(self, stored: Mapping[str, Mapping[str, Any]]) -> str:
        if keyring_store.works():
            return IN_KEYRING
        if all(entry.get("store") != IN_FILE for entry in stored["hosts"].values()):  # said once
            self._console.notice(
                f"No keyring is available. Your credentials are stored in {self.path}, which only you can read."
            )
        return IN_FILE

    def _sign_in(self, entry: Mapping[str, Any]) -> TokenSet:
        try:
            return TokenSet(entry["access_token"], entry.get("refresh_token"), entry.get("expires_at_seconds"))
        except (KeyError, AttributeError):
            raise self._damaged() from None

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            stored = json.loads(read_regular_file(self.path, MAX_STATE_FILE_BYTES))
            return {"hosts": dict(stored["hosts"]), "services": dict(stored["services"])}
        except (FileNotFoundError, NotADirectoryError):
            return {"hosts": {}, "services": {}}
        except (ValueError, KeyError, TypeError, RecursionError):
            raise self._damaged() from None

    def _write(self, stored: Mapping[str, object]) -> None:
        document = {"version": FORMAT_VERSION, **stored}
        write_private(self.path, json.dumps(document, indent=2).encode(), self._failpoint)

    def _damaged(self) -> FileError:
        return FileError(f"{self.path} is corrupted.", "Delete it and run `mtribes login` again.")


def _entry(secret: str) -> Mapping[str, Any]:
    try:
        entry = json.loads(secret)
    except (ValueError, RecursionError):
        entry = None
    if not isinstance(entry, dict):
        raise NotSignedInError("The credentials in the keyring are invalid.", "Run `mtribes login` again.")
    return entry
