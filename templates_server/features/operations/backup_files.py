"""The files beside the database that belong into a backup, and what is wrong with one that no server could use."""

from __future__ import annotations

from templates_server.features.people.erasure_log import UnreadableErasureLog, parse_erasures
from templates_server.security import server_key

DEMO, ERASURES = "demo.json", "erasures.jsonl"
FILES_KEPT = frozenset({server_key.FILE_NAME, DEMO, ERASURES})


def find_fault(name: str, content: bytes) -> str | None:
    """What is wrong with a file, to be read after its name; None when nothing is."""
    if name == server_key.FILE_NAME and not server_key.is_key(content):
        return "is not a valid server key"
    if name == ERASURES:
        try:
            parse_erasures(content)
        except UnreadableErasureLog as error:
            return f"is not a valid list of erasures: {error}"
    return None
