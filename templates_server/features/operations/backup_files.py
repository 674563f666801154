"""The files beside the database that belong in a backup, and checks that a server could use them."""

from __future__ import annotations

from templates_server.features.people.erasure_log import UnreadableErasureLog, parse_erasures
from templates_server.security import server_key

DEMO, ERASURES = "demo.json", "erasures.jsonl"
FILES_KEPT = frozenset({server_key.FILE_NAME, DEMO, ERASURES})


def find_fault(name: str, content: bytes) -> str | None:
    """Return the problem with a file, to be appended to its name; None if there is none."""
    if name == server_key.FILE_NAME and not server_key.is_key(content):
        return "is not a valid server key"
    if name == ERASURES:
        try:
            parse_erasures(content)
        except UnreadableErasureLog as error:
            return f"is not a valid list of erasures: {error}"
    return None
