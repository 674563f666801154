"""The format of user codes: eight consonants, so that no words occur (RFC 8628, 6.1); case and dashes are ignored."""

from __future__ import annotations

import re
import secrets

CONSONANTS = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH = 8  # 34.6 bits, against ten guesses an account in the life of a code
PATTERN = re.compile(f"[{CONSONANTS}]{{{LENGTH}}}")
IGNORED = re.compile(r"[\s\-\u2010-\u2015]+")


def new_user_code() -> str:
    """Return a new code in its stored form."""
    return "".join(secrets.choice(CONSONANTS) for _ in range(LENGTH))


def format_user_code(user_code: str) -> str:
    """Return a code in its displayed form, `BCDF-GHJK`."""
    return f"{user_code[: LENGTH // 2]}-{user_code[LENGTH // 2 :]}"


def parse_user_code(text: str) -> str | None:
    """Return the stored form of a typed code; None if it is malformed."""
    code = IGNORED.sub("", text).upper()
    return code if PATTERN.fullmatch(code) else None
