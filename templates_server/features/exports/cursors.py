"""The cursor of an export: the time from which a later export must look to miss no change. Opaque. Pure."""

from __future__ import annotations

import base64
import binascii

from templates_server.errors import ErrorDetail, ValidationFailed
from templates_server.primitives.integers import whole_number

SEPARATOR = "\n"
LATEST = 10**15 - 1
PROBLEM = "Invalid cursor. Use one from an export of this environment."


def to_cursor(environment_id: str, horizon: int) -> str:
    """Return the cursor of a snapshot that may lack changes after `horizon`, in milliseconds."""
    return base64.urlsafe_b64encode(f"{environment_id}{SEPARATOR}{horizon}".encode()).decode().rstrip("=")


def from_cursor(environment_id: str, cursor: str) -> int:
    """Return the time of a cursor. Raise ValidationFailed when it does not belong to this environment."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError, ValueError):
        raise ValidationFailed([ErrorDetail("since", PROBLEM)]) from None
    place, _, digits = text.partition(SEPARATOR)
    horizon = whole_number(digits, most=LATEST)
    if place != environment_id or horizon is None:
        raise ValidationFailed([ErrorDetail("since", PROBLEM)])
    return horizon
