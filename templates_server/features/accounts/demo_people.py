"""The people of a demo: the accounts its database starts with, and the names on its first page."""

from __future__ import annotations

from typing import NamedTuple

from templates_server.security.authorization import Role


class DemoMember(NamedTuple):
    """A member of a demo's organization."""

    role: Role
    organization: str
    name: str

    @property
    def email(self) -> str:
        """The email address used to sign in."""
        return f"{self.name}@{self.organization}.example.com"


PEOPLE = (
    DemoMember(Role.ADMINISTRATOR, "acme", "administrator"),
    DemoMember(Role.DEVELOPER, "acme", "developer"),
    DemoMember(Role.VIEWER, "acme", "viewer"),
    DemoMember(Role.ADMINISTRATOR, "borealis", "administrator"),
)
"""The accounts that a demo's database starts with."""
