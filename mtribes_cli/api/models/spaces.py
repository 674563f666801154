"""Spaces and their models."""

from __future__ import annotations

from dataclasses import dataclass

from mtribes_cli.api.decoding import Model


@dataclass(frozen=True)
class Space(Model):
    """A Space of an organization."""

    id: str
    key: str
    name: str
    organization: str
    revision: int
    created: str | None
    updated: str | None


@dataclass(frozen=True)
class PushedModel(Model):
    """The result of pushing a model."""

    revision: int
    code_hash: str
    changed: bool


@dataclass(frozen=True)
class ChangedIdentifier(Model):
    """A name in the generated code of one language, before and after."""

    language: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class ModelChange(Model):
    """A difference between two models."""

    path: str
    kind: str  # added, removed, retyped
    breaking: bool
    identifiers: tuple[ChangedIdentifier, ...]


@dataclass(frozen=True)
class ModelDiff(Model):
    """What a document would change in generated code."""

    revision: int  # compared with
    breaking: bool
    changes: tuple[ModelChange, ...]
