"""How deep JSON is nested, looked at before any parser sees it: thousands of brackets break parsers."""

from __future__ import annotations

import re

from templates_server.errors import BadRequest

STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
ALIKE = bytes.maketrans(b"[{]}", b"(())")
NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[{]}")


def check_depth(body: bytes, max_depth: int) -> None:
    """Raise BadRequest when JSON is nested deeper than allowed; done before any parser sees it."""
    if body.count(b"[") + body.count(b"{") <= max_depth:
        return
    brackets = STRING.sub(b"", body).translate(ALIKE, NOT_BRACKETS)
    if _depth_is_at_most(max_depth, brackets):
        return
    depth = 0
    for bracket in brackets:  # too deep, or not JSON at all
        depth += 1 if bracket == ord("(") else -1
        if depth > max_depth:
            raise BadRequest(f"The JSON is nested deeper than {max_depth} levels.")


def _depth_is_at_most(max_depth: int, brackets: bytes) -> bool:
    """Whether nothing is left once the innermost pairs were taken out so many times."""
    for _ in range(max_depth):
        if not brackets:
            break
        brackets = brackets.replace(b"()", b"")
    return not brackets
