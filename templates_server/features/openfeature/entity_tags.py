"""Entity tags of answers with all flags (RFC 9110, 8.8.3): what is in them, and until when their stream can be opened.

An answer also has the URL of a stream, which is good for a while. A client that is told 304 goes on using the URL that
it has: so one whose URL is no longer good is given all anew, though the flags are the same.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterable

TAG_BYTES = 15  # of which base64 makes 20 characters without padding


def make_entity_tag(digest: bytes, *names: str) -> str:
    """The tag of flags with a digest, which are those of a person to an app."""
    content = b"\0".join([digest, *(name.encode() for name in names)])
    return urlsafe_b64encode(hashlib.blake2b(content, digest_size=TAG_BYTES).digest()).decode()


def format_header(tag: str, window: int) -> str:
    """The tag as a header, of an answer whose URL was made in that window."""
    return f'"{tag}.{window}"'


def find_current_header(if_none_match: str | None, tag: str, windows: Iterable[int]) -> str | None:
    """The header by which the caller has these flags, with a URL of one of these windows; None where it has not."""
    if not if_none_match:
        return None
    sent = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    return next((one for one in (format_header(tag, window) for window in windows) if one in sent), None)
