"""Lists as pages: how many entries are requested, where the last page ended, where the next one begins."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from templates_server.errors import BadRequest
from templates_server.http.context import Call
from templates_server.primitives.integers import whole_number

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000


@dataclass(frozen=True)
class PageRequest:
    """The number of entries that come after a position; "" for the first page."""

    limit: int
    after: str


def read_page_request(call: Call) -> PageRequest:
    """Return the page of `?limit=` and `?cursor=`; BadRequest if one of them is invalid."""
    limit = whole_number(call.query.get("limit", str(DEFAULT_LIMIT)), most=MAX_LIMIT)
    if not limit:
        raise BadRequest(f"`limit` must be a whole number from 1 to {MAX_LIMIT}.")
    return PageRequest(limit, _decode_cursor(call.query.get("cursor", "")))


def next_link(call: Call, page: PageRequest, keys: Sequence[str]) -> Mapping[str, str]:
    """Return the `Link` header of the next page (RFC 8288); {} if the page with these keys is the last."""
    return link_after(call, page, keys[-1] if len(keys) >= page.limit else None)


def link_after(call: Call, page: PageRequest, key: str | None) -> Mapping[str, str]:
    """Return the `Link` header of the page that begins after a key; {} for None: there is no such page."""
    if key is None:
        return {}
    query = {**call.query, "limit": str(page.limit), "cursor": _encode_cursor(key)}
    return {"Link": f'<{call.settings.public_url}{call.request.url.path}?{urlencode(query)}>; rel="next"'}


def _encode_cursor(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _decode_cursor(cursor: str) -> str:
    try:
        key = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise BadRequest("Invalid `cursor`. Use the one from the `Link` header of the previous page.") from None
    if "\0" in key:
        raise BadRequest("Invalid `cursor`. Use the one from the `Link` header of the previous page.")
    return key
