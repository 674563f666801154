"""Environments: deliveries, keys of apps, and signed ids."""

from __future__ import annotations

from dataclasses import dataclass

from mtribes_cli.api.decoding import Model


@dataclass(frozen=True)
class Environment(Model):
    """An environment of a Space: production, staging or development."""

    name: str
    revision: int
    published: tuple[str, ...]
    keys: int  # alive


@dataclass(frozen=True)
class PushedDelivery(Model):
    """The result of pushing a delivery."""

    revision: int
    changed: bool


@dataclass(frozen=True)
class Published(Model):
    """The published collections after publishing or unpublishing some."""

    revision: int
    published: tuple[str, ...]


@dataclass(frozen=True)
class SignedIds(Model):
    """Whether an environment requires signed user IDs, and the secret that signs them."""

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
