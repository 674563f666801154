"""How to get at a demo: what `demo.json` holds, but for the host."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from templates_server.security.authorization import Role


class PersonOfDemo(NamedTuple):
    """Somebody who belongs to a demo's organization."""

    role: Role
    organization: str
    name: str

    @property
    def email(self) -> str:
        """The address by which they sign in."""
        return f"{self.name}@{self.organization}.example.com"


PEOPLE = (
    PersonOfDemo(Role.ADMINISTRATOR, "acme", "administrator"),
    PersonOfDemo(Role.DEVELOPER, "acme", "developer"),
    PersonOfDemo(Role.VIEWER, "acme", "viewer"),
    PersonOfDemo(Role.ADMINISTRATOR, "borealis", "administrator"),
)
"""Everybody whom a demo's database has at first."""


class DemoPerson(msgspec.Struct, frozen=True):
    """Somebody who can sign in."""

    email: str
    password: str
    role: str
    organization: str


class DemoServiceAccount(msgspec.Struct, frozen=True):
    """A program's credentials, of `acme`."""

    client_id: str
    client_secret: str


class DemoFacts(msgspec.Struct, frozen=True):
    """How to get at the demo: `token` is the administrator's of `acme`; `spaces` has a pk_ key of each environment."""

    people: list[DemoPerson]
    token: str
    service_account: DemoServiceAccount
    spaces: dict[str, dict[str, str]]
