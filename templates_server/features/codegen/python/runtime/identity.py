"""The anonymous id of a person: made once and kept."""

from __future__ import annotations

import json
import re
import threading
import uuid
from dataclasses import dataclass

from .limits import IDENTITY
from .reading import Person
from .storage import Store
from .values import Nonsense, as_object, as_string, ensure

_ID = re.compile(r"[0-9a-f-]{36}")


@dataclass(frozen=True)
class Identity:
    """An anonymous id, and the user that it belongs to once they have signed in."""

    id: str
    owner: str | None


class IdentityKeeper:
    """Keeps the anonymous id; a new person in the same place gets a new one.

    Storage may take its time, so this has a lock of its own.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.RLock()
        self._identity: Identity | None = None
        self._is_unsaved = False
        """Whether what is stored is older than what is known here."""

    def id_for(self, person: Person | None) -> str:
        """The anonymous id, now that this person is there; None: whoever it is."""
        with self._lock:
            self._read()
            identity = self._identity or self.save(Identity(new_id(), None))
            if person and person.external_id != identity.owner:
                is_theirs = identity.owner is None
                one = identity.id if is_theirs else new_id()
                identity = self.save(Identity(one, person.external_id))
            return identity.id

    def save(self, identity: Identity) -> Identity:
        """Go on as this person."""
        with self._lock:
            self._identity = identity
            text = json.dumps({"id": identity.id, "owner": identity.owner})
            is_written = self._store.write(IDENTITY, text)
            if not is_written:
                # What is stored of somebody else must go, even without room for more.
                self._store.remove(IDENTITY)
                is_written = self._store.write(IDENTITY, text)
            self._is_unsaved = not is_written
            return identity

    def save_again(self) -> None:
        """Keep the present person, who may be stored now."""
        with self._lock:
            if self._identity:
                self.save(self._identity)

    def clear(self) -> None:
        """Consent is withdrawn: nobody is stored any longer."""
        with self._lock:
            self._store.clear(IDENTITY)

    def forget(self) -> None:
        """Whoever comes next is somebody else, unless storage knows better."""
        with self._lock:
            self._identity = None

    def _read(self) -> None:
        if self._is_unsaved:
            return
        stored = _parse(self._store.read(IDENTITY))
        if stored:
            self._identity = stored
        else:
            self.save_again()


def new_id() -> str:
    """A random UUID."""
    return str(uuid.uuid4())


def as_anonymous_id(value: object) -> str:
    """The value if it is an anonymous id."""
    text = as_string(value)
    ensure(_ID.fullmatch(text), "not an anonymous id")
    return text


def _parse(text: str | None) -> Identity | None:
    if not text:
        return None
    try:
        stored = as_object(json.loads(text))
        owner = stored.get("owner")
        return Identity(
            as_anonymous_id(stored.get("id")),
            None if owner is None else as_string(owner),
        )
    except (ValueError, RecursionError, Nonsense):
        return None
