"""What a session is served: the answers of the server, and how it stands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

from .reading import scalar_text
from .sender import Reply
from .values import Nonsense, as_object, storable

SessionStatus = Literal["idle", "starting", "served", "fallback"]
"""`idle`: not started. `starting`: still waiting. `served`: the answer is there.

`fallback`: fallbacks are served, or what the same person was served before;
`session.failure` says why, the start is tried again, and an answer makes it `served`.
"""

SessionFailure = Literal[
    "missing-key", "timeout", "network", "refused", "server", "nonsense", "in-use"
]
"""Why fallbacks are served: the key is missing, no time, no network, and so on.

`in-use`: the default session of another person has not ended.
"""


@dataclass(frozen=True)
class SessionState:
    """How a session is at one time."""

    status: SessionStatus = "idle"
    failure: SessionFailure | None = None
    revision: str | None = None


class SnapshotPerson(TypedDict):
    """Whose a snapshot is."""

    anonymousId: str
    userId: str | None


class Snapshot(TypedDict):
    """A session to go on with elsewhere, as plain JSON without secrets.

    What a server rendered, a browser shows: `createSpace({ bootstrap: snapshot })`.
    """

    session: str | None
    revision: str
    states: dict[str, Any]
    person: SnapshotPerson


@dataclass(frozen=True)
class GeneratedCode:
    """Which generated code this is: the hash of all that it is made of."""

    hash: str
    language: str


@dataclass(frozen=True)
class Served:
    """A session's answer, or what was taken from a snapshot or a test."""

    session: str | None
    revision: str
    states: Mapping[str, Any]


def read_served(reply: Reply) -> Served | None:
    """The answer; None for one that is none."""
    if reply.status != 200:  # noqa: PLR2004
        return None
    try:
        return as_served(json.loads(reply.text, parse_constant=_refuse_constant))
    except (ValueError, RecursionError, Nonsense):
        return None


def as_served(value: object) -> Served:
    """The value if it is an answer."""
    given = as_object(value)
    session = given.get("session")
    return Served(
        storable(session) if isinstance(session, str) and session else None,
        scalar_text(given.get("revision")),
        as_object(given.get("states")),
    )


def failure_of(reply: Reply) -> SessionFailure:
    """Why a reply serves nobody."""
    if reply.status == 0:
        return "network"
    if reply.status >= 500:  # noqa: PLR2004
        return "server"
    return "refused" if reply.status >= 400 else "nonsense"  # noqa: PLR2004


def _refuse_constant(name: str) -> None:
    raise Nonsense(f"{name} is not JSON")
