"""What the Platform API reads and gives about Spaces, environments and keys."""

from __future__ import annotations

from typing import Any

import msgspec


class NewSpace(msgspec.Struct, frozen=True):
    """What a Space is created from; without a name it is called by its key."""

    key: str
    name: str | None = None


class Space(msgspec.Struct, frozen=True):
    """A Space: `organization` is a key, `revision` the model's (0: empty), times are RFC 3339."""

    id: str
    key: str
    name: str
    organization: str
    revision: int
    created: str
    updated: str


class Model(msgspec.Struct, frozen=True, omit_defaults=True):
    """The model of a Space; the rules of its parts are those of the document."""

    space: str
    name: str
    revision: int
    experiences: dict[str, Any]
    sections: dict[str, Any]
    collections: dict[str, Any]
    description: str = ""


class ModelPut(msgspec.Struct, frozen=True):
    """How a model was stored: an equal one makes no new revision."""

    revision: int
    code_hash: str
    changed: bool


class Renamed(msgspec.Struct, frozen=True):
    """What generated code calls a part of the model, before and after; null where it is not there."""

    language: str
    before: str | None
    after: str | None


class Change(msgspec.Struct, frozen=True):
    """A difference that generated code shows: `kind` is added, removed or retyped."""

    path: str
    kind: str
    breaking: bool
    identifiers: tuple[Renamed, ...]


class ModelDiff(msgspec.Struct, frozen=True):
    """All differences from the model at that revision; `breaking` when one of them breaks an app that uses it."""

    revision: int
    breaking: bool
    changes: tuple[Change, ...]


class NewKey(msgspec.Struct, frozen=True):
    """What a key is created from: its name, such as the app and platform that use it."""

    name: str


class Key(msgspec.Struct, frozen=True):
    """A public API key of an environment; `revoked` is null while it is alive."""

    id: str
    name: str
    key: str
    created: str
    revoked: str | None
