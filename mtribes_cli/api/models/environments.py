"""Environments: deliveries, keys of apps, and signed ids."""

from __future__ import annotations

from dataclasses import dataclass

from mtribes_cli.api.decoding import Model


@dataclass(frozen=True)
class Environment(Model):
    """Production, staging or development of a Space."""

    name: str
    revision: int
    published: tuple[str, ...]
    keys: int  # alive


@dataclass(frozen=True)
class PushedDelivery(Model):
    """What became of a delivery document that was sent."""

    revision: int
    changed: bool


@dataclass(frozen=True)
class Published(Model):
    """Which collections are live after publishing or unpublishing some."""

    revision: int
    published: tuple[str, ...]


@dataclass(frozen=True)
class SignedIds(Model):
    """Whether an environment takes signed user ids only, and the secret for it."""

    required: bool
    secret: str


@dataclass(frozen=True)
class EnvironmentKey(Model):
    """A public key of an environment, `pk_...`."""

    id: str
    name: str
    key: str
    created: str | None
    revoked: str | None
