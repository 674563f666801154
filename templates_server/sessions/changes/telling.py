"""What an app was told of its session, and what of that is no longer so. Pure.

The app itself carries what it was told: the revision of each change holds a digest of every state. So any process can
tell it what has changed since, whoever told it what it knows.
"""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from templates_server.sessions.deciding import Decided
from templates_server.sessions.states import Shown, States, as_object

DIGEST_LENGTH = 6
UNTOLD = "." * DIGEST_LENGTH
MOST_DIGESTS = 500  # so that a revision fits into an address
REVISION = re.compile(r"((\d{1,10})\.\d{1,10}\.\d{1,10})(?:~((?:[\w.-]{6}){1,500}))?", re.ASCII)

Told = Mapping[str, str]
"""The digest of the state of each entity that an app was told, by entity."""
NOTHING: Told = {}


@dataclass(frozen=True, slots=True)
class Change:
    """What an app is to be told, encoded, and the revision that it then has; `told` is all that it knows then."""

    revision: str
    told: Told
    encoded: bytes


def told_by_revision(revision: str, states: States) -> Told | None:
    """What an app was told that has this revision; None where it does not say so."""
    match = REVISION.fullmatch(revision)
    if match is None or match[3] is None:
        return None
    digests = [match[3][at : at + DIGEST_LENGTH] for at in range(0, len(match[3]), DIGEST_LENGTH)]
    if match[2] != states.revision.partition(".")[0] or len(digests) != len(states.entities):
        return NOTHING  # of another model: which digest is whose is not known any more
    pairs = zip(states.entities, digests, strict=True)
    return {entity.name: digest for entity, digest in pairs if digest != UNTOLD}


def told_by_start(states: States, shown: Sequence[Shown | None]) -> Told:
    """What an app was told when its session started."""
    pairs = zip(states.entities, shown, strict=True)
    return {entity.name: digest_of(state) for entity, state in pairs if state is not None}


def change_of(decided: Decided, told: Told, *, revision: str) -> Change | None:
    """What is to be told now to an app that has a revision; None when nothing is.

    What cannot be known stays as it was told.
    """
    known = told_by_start(decided.states, decided.shown)
    changed = {name for name, digest in known.items() if told.get(name) != digest}
    if not changed:
        return None
    present = {**told, **known}
    reached = _revision(decided.states, present)
    if reached == revision:
        return None
    pairs = zip(decided.states.entities, decided.shown, strict=True)
    states = as_object(state.encoded for entity, state in pairs if state is not None and entity.name in changed)
    encoded = b'{"revision":%b,"states":%b}' % (msgspec.json.encode(reached), states)
    return Change(reached, present, encoded)


def digest_of(state: Shown) -> str:
    """A short text that another state does not have."""
    return _digest(state.encoded)


def _digest(encoded: bytes) -> str:
    return urlsafe_b64encode(hashlib.blake2b(encoded, digest_size=6).digest()).decode()[:DIGEST_LENGTH]


def _revision(states: States, told: Told) -> str:
    digests = "".join(told.get(entity.name, UNTOLD) for entity in states.entities)
    if len(states.entities) > MOST_DIGESTS:  # then one digest must do, and whatever changes, everything is told
        digests = _digest(digests.encode())
    return f"{states.revision}~{digests}"
