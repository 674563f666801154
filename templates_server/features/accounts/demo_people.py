"""The people of a demo: whom its database has at first, and whom its first page names."""

from __future__ import annotations

from typing import NamedTuple

from templates_server.security.authorization import Role


class DemoMember(NamedTuple):
    """Somebody who belongs to a demo's organization."""

    role: Role
    organization: str
    name: str

    @property
    def email(self) -> str:
        """The address by which they sign in."""
        return f"{self.name}@{self.organization}.example.com"


PEOPLE = (
    DemoMember(Role.ADMINISTRATOR, "acme", "administrator"),
    DemoMember(Role.DEVELOPER, "acme", "developer"),
    DemoMember(Role.VIEWER, "acme", "viewer"),
    DemoMember(Role.ADMINISTRATOR, "borealis", "administrator"),
)
"""Everybody whom a demo's database has at first."""
