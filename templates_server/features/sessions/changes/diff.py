"""The states that an app has received for its session, and those that have changed since. Pure.

The app itself carries this: the revision of each change has a digest of every state. So any process can send it the
changes since, whichever process sent the states before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from templates_server.features.sessions.compiled_states import (
    DIGEST_LENGTH,
    UNTOLD,
    CompiledStates,
    compute_digest,
    encode_object,
)
from templates_server.features.sessions.evaluator import SessionEvaluation

MOST_DIGESTS = 500  # so that a revision fits into an address
REVISION = re.compile(r"((\d{1,10})\.\d{1,10}\.\d{1,10})(?:~((?:[\w.-]{6}){1,500}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class KnownStates:
    """The digests of the states that an app has received, concatenated in the order of the names; or `UNTOLD`.

    It is held for every session that is followed or cached, in two objects, the first of which can be shared.
    """

    names: tuple[str, ...]
    digests: str

    def by_name(self) -> Mapping[str, str]:
        """Return the digests of the sent states, by name."""
        return {name: digest for name, digest in zip(self.names, _apart(self.digests), strict=True) if digest != UNTOLD}


NOTHING = KnownStates((), "")


@dataclass(frozen=True, slots=True)
class StatesUpdate:
    """The encoded update for an app, and its new revision; `told` is the state that the app then has."""

    revision: str
    told: KnownStates
    encoded: bytes


def find_known_states(revision: str, states: CompiledStates) -> KnownStates | None:
    """Return the states that an app with this revision has; None if the revision does not contain them."""
    match = REVISION.fullmatch(revision)
    if match is None or match[3] is None:
        return None
    is_same_model = match[2] == states.revision.partition(".")[0]
    if not is_same_model or len(match[3]) != DIGEST_LENGTH * len(states.outline.names):
        return NOTHING  # of another model: which digest is whose is not known any more
    return KnownStates(states.outline.names, match[3])


def change_of(decided: SessionEvaluation, told: KnownStates, *, revision: str) -> StatesUpdate | None:
    """Return the update for an app with a revision; None if there is none.

    Undecidable states remain as sent before.
    """
    names, before = decided.states.outline.names, told.by_name()
    changed, present = [], []
    for name, state in zip(names, decided.shown, strict=True):
        was_told = before.get(name, UNTOLD)
        present.append(was_told if state is None else state.digest)
        if state is not None and state.digest != was_told:
            changed.append(state.encoded)
    if not changed:
        return None
    digests = "".join(present)
    reached = _revision(decided.states, digests)
    if reached == revision:
        return None
    encoded = b'{"revision":%b,"states":%b}' % (msgspec.json.encode(reached), encode_object(changed))
    return StatesUpdate(reached, KnownStates(names, digests), encoded)


def _apart(digests: str) -> list[str]:
    return [digests[at : at + DIGEST_LENGTH] for at in range(0, len(digests), DIGEST_LENGTH)]


def _revision(states: CompiledStates, digests: str) -> str:
    if len(states.outline.names) > MOST_DIGESTS:  # then one digest must do, and whatever changes, everything is told
        digests = compute_digest(digests.encode())
    return f"{states.revision}~{digests}"
