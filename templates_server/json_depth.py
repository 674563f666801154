"""How deep JSON is nested, looked at before any parser sees it: thousands of brackets break parsers."""

from __future__ import annotations

import re

from templates_server.errors import BadRequest

BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
OPENING = b"[{"


def check_depth(body: bytes, max_depth: int) -> None:
    """Raise BadRequest when JSON is nested deeper than allowed; done before any parser sees it."""
    if body.count(b"[") + body.count(b"{") <= max_depth:
        return
    depth = 0
    for match in BRACKETS.finditer(body):
        mark = match[0]
        if len(mark) > 1:
            continue
        depth += 1 if mark in OPENING else -1
        if depth > max_depth:
            raise BadRequest(f"The JSON is nested deeper than {max_depth} levels.")
