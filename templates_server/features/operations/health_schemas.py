"""What the server says of its own health."""

from __future__ import annotations

from typing import Literal

import msgspec


class Health(msgspec.Struct, frozen=True):
    """The liveness of the process; `demo` is whether it has a /demo page."""

    status: Literal["alive"]
    demo: bool


class Readiness(msgspec.Struct, frozen=True):
    """The readiness of the server; each check by name, "ok" or the problem."""

    status: Literal["ready", "not ready"]
    checks: dict[str, str]
