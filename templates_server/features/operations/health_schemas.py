"""What the server says of its own health."""

from __future__ import annotations

from typing import Literal

import msgspec


class Health(msgspec.Struct, frozen=True):
    """The process answers; `demo` tells whether it has a /demo page."""

    status: Literal["alive"]
    demo: bool


class Readiness(msgspec.Struct, frozen=True):
    """Whether requests can be served; each check by name: "ok", or what is wrong."""

    status: Literal["ready", "not ready"]
    checks: dict[str, str]
