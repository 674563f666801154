"""How to get at a demo: what `demo.json` holds, but for the host."""

from __future__ import annotations

import msgspec


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


class Configuration(msgspec.Struct, frozen=True):
    """The Space of the app, and a public key of each of its environments."""

    space: str
    keys: dict[str, str]
