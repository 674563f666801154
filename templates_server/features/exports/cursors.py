"""The cursor of an export: from when on a later one must look to miss no change. Opaque to others. Pure."""

from __future__ import annotations

import base64
import binascii

from templates_server.errors import ErrorDetail, ValidationFailed
from templates_server.primitives.integers import whole_number

SEPARATOR = "\n"
LATEST = 10**15 - 1
PROBLEM = "Invalid cursor. Use one from an export of this environment."


def to_cursor(environment_id: str, horizon: int) -> str:
    """The cursor of a snapshot whose changes after `horizon`, in milliseconds, may not all be in it."""
    return base64.urlsafe_b64encode(f"{environment_id}{SEPARATOR}{horizon}".encode()).decode().rstrip("=")


def from_cursor(environment_id: str, cursor: str) -> int:
    """That time; ValidationFailed when the cursor is none of this environment."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError, ValueError):
        raise ValidationFailed([ErrorDetail("since", PROBLEM)]) from None
    place, _, digits = text.partition(SEPARATOR)
    horizon = whole_number(digits, most=LATEST)
    if place != environment_id or horizon is None:
        raise ValidationFailed([ErrorDetail("since", PROBLEM)])
    return horizon
