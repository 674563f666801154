"""The people of a demo: whom its database has at first, and whom its first page names."""

from __future__ import annotations

from typing import NamedTuple

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
