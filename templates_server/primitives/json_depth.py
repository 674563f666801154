"""The depth of JSON, checked before any parser sees it: thousands of brackets break parsers."""

from __future__ import annotations

import re
from array import array
from itertools import accumulate

from templates_server.errors import BadRequest

STRING = re.compile(rb'"[^"]*+"?')
"""Of what is left of a body without escapes; one that is never closed ends with the body."""
NOT_STRUCTURE = bytes(byte for byte in range(256) if byte not in b'[{]}"')
STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")  # one level deeper, or one less deep, as a signed byte


def check_depth(body: bytes, max_depth: int) -> None:
    """Raise BadRequest when JSON is nested deeper than allowed; done before any parser sees it.

    Every step reads the body once, from left to right.
    """
    if body.count(b"[") + body.count(b"{") <= max_depth:
        return
    if max(accumulate(_steps(body)), default=0) > max_depth:
        raise BadRequest(f"The JSON is nested deeper than {max_depth} levels.")


def _steps(body: bytes) -> array[int]:
    """Return +1 and -1 for each bracket outside of strings."""
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")  # what is left of quotes begins or ends a string
    structure = body.translate(None, NOT_STRUCTURE).replace(b'""', b"")  # strings without brackets
    return array("b", STRING.sub(b"", structure).translate(STEPS))
