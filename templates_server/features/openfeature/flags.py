"""Flags that represent the states of an environment: created once per revision, joined for each person. Pure.

Each entity has `collection.child`, the whole state as in sessions, and `collection.child.enabled`; an experience also
has `collection.child.property` for each of its properties. An unset value is omitted, so that the default in the app's
code applies.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from templates_server.errors import ErrorDetail, NotFound, ValidationFailed
from templates_server.features.sessions.compiled_states import (
    CompiledEntity,
    CompiledStates,
    RenderedState,
    StatesCache,
)
from templates_server.features.sessions.failed_environments import FailedEnvironments
from templates_server.features.spaces.model import UNSET, PropertyType
from templates_server.features.spaces.property_values import to_plain
from templates_server.features.tribes.model import TribeDefinition
from templates_server.storage.query_coalescer import QueryCoalescer

MOST_BYTES = 128 * 1024 * 1024
MOST_ENCODED_BYTES = 32 * 1024 * 1024
"""The memory limit of one environment's flags: a property with a short value needs twenty times as much as a flag."""
MADE_AT_ONCE = 2
BYTES_OF_A_STATE = 300  # its objects and its entry, without what is encoded
DIGEST_BYTES = 16
ENABLED = "enabled"
NO_VARIANT = "none"
PLAIN_UNSET: Mapping[PropertyType, Any] = {kind: to_plain(value) for kind, value in UNSET.items()}
TOO_LARGE = (
    f"The flags of this environment are larger than {MOST_ENCODED_BYTES // 2**20} MiB. Shorten the property "
    "defaults in the model or the scenarios."
)


class EncodedState(msgspec.Struct, frozen=True, gc=False):
    """The flags of an entity in one of its states, separated by commas, and where each ends.

    `digest` is unique to these flags.
    """

    flags: bytes
    ends: tuple[int, ...]
    digest: bytes

    def flag(self, number: int) -> bytes:
        """Return one flag."""
        return self.flags[self.ends[number - 1] + 1 if number else 0 : self.ends[number]]


@dataclass(frozen=True, slots=True)
class Flags:
    """All possible flags at a revision. The keys of `by_state` are the identities of the items of `states`.

    `tribes` are the distinct tribes of the scenarios; `contextual` is whether one of them uses app context.
    """

    states: CompiledStates
    by_state: Mapping[int, EncodedState]
    numbers: Mapping[str, int]
    tribes: tuple[TribeDefinition, ...]
    contextual: bool
    bytes: int

    def of(self, shown: Iterable[RenderedState | None]) -> list[EncodedState]:
        """Return the flags of states chosen from `states`; an undecidable state has none."""
        by_state = self.by_state
        return [by_state[id(one)] for one in shown if one is not None]

    def find(self, key: str) -> tuple[CompiledEntity, int]:
        """Return the entity of a flag and the index of the flag. Raise NotFound if it does not exist."""
        collection, _, rest = key.partition(".")
        child, dot, part = rest.partition(".")
        number = self.numbers.get(f"{collection}.{child}")
        if number is not None:
            entity = self.states.entities[number]
            if not dot:
                return entity, 0
            parts = parts_of(entity)
            if part in parts:
                return entity, 1 + parts.index(part)
        raise NotFound("No flag with this key in this environment.")


def parts_of(entity: CompiledEntity) -> Sequence[str]:
    """Return the names of an entity's flags, after the whole state. A property called `enabled` has none."""
    return (ENABLED, *(key for key in entity.kinds if key != ENABLED))


def make_flags(states: CompiledStates) -> Flags:
    """Create the flags of all states. Raise ValidationFailed when they exceed the memory limit."""
    by_state: dict[int, EncodedState] = {}
    encoded_bytes = 0
    for entity in states.entities:
        for shown, reason in _alternatives(entity):
            encoded = by_state[id(shown)] = _encode_flags(entity, shown, reason)
            encoded_bytes += len(encoded.flags)
            if encoded_bytes > MOST_ENCODED_BYTES:
                raise ValidationFailed([ErrorDetail("", TOO_LARGE)])
    tribes = {
        tribe.key: tribe for entity in states.entities for candidate in entity.candidates for tribe in candidate.tribes
    }
    numbers = {name: number for number, name in enumerate(states.outline.names)}
    held = encoded_bytes + BYTES_OF_A_STATE * len(by_state) + sys.getsizeof(numbers)
    is_contextual = any(tribe.is_contextual for tribe in tribes.values())
    return Flags(states, by_state, numbers, tuple(tribes.values()), is_contextual, held)


def _alternatives(entity: CompiledEntity) -> Iterator[tuple[RenderedState, str]]:
    """Return each state of an entity, and the reason why it is shown when it is enabled."""
    yield entity.otherwise, "STATIC"
    for candidate in entity.candidates:
        yield candidate.shown, "TARGETING_MATCH"


def _encode_flags(entity: CompiledEntity, shown: RenderedState, reason: str) -> EncodedState:
    """Encode the flags in the order of `parts_of`."""
    variant = msgspec.json.encode(NO_VARIANT if shown.scenario is None else shown.scenario)
    tail = b'"reason":"%b","variant":%b}' % ((reason if shown.enabled else "DISABLED").encode(), variant)
    whole = shown.encoded.partition(b":")[2]
    properties: Mapping[str, Any] = msgspec.json.decode(whole).get("properties", {})
    flags = [
        _flag(entity.name, whole, tail),
        _flag(f"{entity.name}.{ENABLED}", b"true" if shown.enabled else b"false", tail),
    ]
    flags += [
        _flag(f"{entity.name}.{key}", _value(properties[key], entity.kinds[key]), tail) for key in parts_of(entity)[1:]
    ]
    joined = b",".join(flags)
    return EncodedState(joined, tuple(_ends(flags)), hashlib.blake2b(joined, digest_size=DIGEST_BYTES).digest())


def _flag(key: str, value: bytes | None, tail: bytes) -> bytes:
    said = b"" if value is None else b'"value":%b,' % value
    return b'{"key":"%b",%b%b' % (key.encode(), said, tail)


def _value(value: Any, kind: PropertyType) -> bytes | None:
    """Return the value as JSON; None when it is unset."""
    if value is None or value == PLAIN_UNSET[kind]:
        return None
    return msgspec.json.encode({"values": value} if kind is PropertyType.LIST else value)


def _ends(flags: Iterable[bytes]) -> Iterator[int]:
    end = -1
    for flag in flags:
        end += 1 + len(flag)
        yield end


class FlagsCache:
    """A cache of the flags of recently used environments, limited by memory. Entries are never stale."""

    def __init__(self, states: StatesCache, *, most_bytes: int = MOST_BYTES) -> None:
        self._states = states
        self._most_bytes = most_bytes
        self._kept: OrderedDict[str, Flags] = OrderedDict()
        self._refused = FailedEnvironments()
        self._making = QueryCoalescer(self._make_all, at_once=MADE_AT_ONCE)

    @property
    def bytes(self) -> int:
        """Return the memory used by the flags, without the states that they are created from."""
        return sum(flags.bytes for flags in self._kept.values())

    async def flags_of(self, environment_id: str, revision: str | None = None) -> Flags:
        """Return the current possible flags of an environment; `revision` is passed if just looked up."""
        states = await self._states.states_of(environment_id, revision)
        kept = self._kept.get(environment_id)
        if kept is None or kept.states is not states:
            self._refused.check(environment_id, states.revision)
            return await self._making.ask(environment_id)
        self._kept.move_to_end(environment_id)
        return kept

    async def _make_all(self, environment_ids: Sequence[str]) -> Sequence[Flags | Exception]:
        return [await self._make(environment_id) for environment_id in environment_ids]

    async def _make(self, environment_id: str) -> Flags | Exception:
        """Create the flags in a thread, since those of a large document take long, and cache them or the error."""
        try:
            states = await self._states.states_of(environment_id)
            flags = await self._made(environment_id, states)
        except Exception as error:  # noqa: BLE001 - it belongs to whoever asked
            return error
        self._kept[environment_id] = flags
        self._kept.move_to_end(environment_id)
        while len(self._kept) > 1 and self.bytes > self._most_bytes:
            self._kept.popitem(last=False)
        return flags

    async def _made(self, environment_id: str, states: CompiledStates) -> Flags:
        try:
            return await asyncio.to_thread(make_flags, states)
        except ValidationFailed as error:
            self._refused.remember(environment_id, states.revision, error.problems)
            raise
