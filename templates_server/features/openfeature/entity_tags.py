"""Entity tags of responses with all flags (RFC 9110, 8.8.3): their content, and how long their stream is valid.

A response also has the URL of a stream, which is valid for a while. A client that receives 304 continues to use the URL
that it has, so a client whose URL has expired gets a full response even if the flags are the same.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterable

TAG_BYTES = 15  # of which base64 makes 20 characters without padding


def make_entity_tag(digest: bytes, *names: str) -> str:
    """Return the tag of flags with a digest, for a person and an app."""
    content = b"\0".join([digest, *(name.encode() for name in names)])
    return urlsafe_b64encode(hashlib.blake2b(content, digest_size=TAG_BYTES).digest()).decode()


def format_header(tag: str, window: int) -> str:
    """Format the tag as a header of a response whose URL was created in that window."""
    return f'"{tag}.{window}"'


def find_current_header(if_none_match: str | None, tag: str, windows: Iterable[int]) -> str | None:
    """Return the caller's header with these flags and a URL of one of these windows; None if there is none."""
    if not if_none_match:
        return None
    sent = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    return next((one for one in (format_header(tag, window) for window in windows) if one in sent), None)
