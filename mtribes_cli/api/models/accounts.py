"""The signed-in person and their organizations."""

from __future__ import annotations

from dataclasses import dataclass

from mtribes_cli.api.decoding import Model


@dataclass(frozen=True)
class Membership(Model):
    """An organization, and the role of the person there."""

    key: str
    role: str | None


@dataclass(frozen=True)
class Me(Model):
    """The signed-in person."""

    kind: str  # person, service
    email: str | None
    name: str | None
    organizations: tuple[Membership, ...]
    scopes: tuple[str, ...]
    expires: str | None

    @property
    def label(self) -> str:
        """The name to show for them."""
        return self.email or self.name or self.kind


@dataclass(frozen=True)
class Organization(Model):
    """A tenant."""

    id: str
    key: str
    name: str
    role: str | None
    created: str | None
