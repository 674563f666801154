"""How user codes look: eight consonants, so that no word comes about (RFC 8628, 6.1); case and dashes do not matter."""

from __future__ import annotations

import re
import secrets

CONSONANTS = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH = 8  # 34.6 bits, against ten guesses an account in the life of a code
PATTERN = re.compile(f"[{CONSONANTS}]{{{LENGTH}}}")
IGNORED = re.compile(r"[\s\-\u2010-\u2015]+")


def new_user_code() -> str:
    """A new code, as it is stored."""
    return "".join(secrets.choice(CONSONANTS) for _ in range(LENGTH))


def format_user_code(user_code: str) -> str:
    """A code as people read it, `BCDF-GHJK`."""
    return f"{user_code[: LENGTH // 2]}-{user_code[LENGTH // 2 :]}"


def parse_user_code(text: str) -> str | None:
    """The code that somebody typed, as it is stored; None when it cannot be one."""
    code = IGNORED.sub("", text).upper()
    return code if PATTERN.fullmatch(code) else None
