"""Pages and what they load, compressed for browsers that say they can read it.

A page that also shows what somebody else chose could tell secrets by its compressed length (BREACH). So pages of a
person are compressed only where the browser says that no other site had it ask for them (Fetch Metadata).
"""

from __future__ import annotations

import gzip

from starlette.requests import Request
from starlette.responses import Response

LEAST_BYTES = 860  # less fits into a packet either way
LEVEL = 6
TYPES = frozenset({"text/html", "text/css", "text/javascript", "image/svg+xml"})
OF_OUR_OWN = frozenset({"same-origin", "none"})


def compress(response: Response, request: Request) -> None:
    """Compress a whole response in place if the browser accepts it, it gets smaller, and it leaks nothing."""
    if not _is_worth_it(response):
        return
    response.headers.add_vary_header("Accept-Encoding")
    if not _takes_gzip(request.headers.get("accept-encoding", "")) or not _is_safe(response, request):
        return
    response.body = gzip.compress(bytes(response.body), LEVEL, mtime=0)
    response.headers["Content-Encoding"] = "gzip"
    response.headers["Content-Length"] = str(len(response.body))


def _is_worth_it(response: Response) -> bool:
    kind = response.headers.get("content-type", "").partition(";")[0]
    body = getattr(response, "body", b"")  # a stream has none
    return kind in TYPES and "content-encoding" not in response.headers and len(body) >= LEAST_BYTES


def _is_safe(response: Response, request: Request) -> bool:
    is_for_all = "public" in response.headers.get("cache-control", "")
    return is_for_all or request.headers.get("sec-fetch-site") in OF_OUR_OWN


def _takes_gzip(accepted: str) -> bool:
    """Return whether `Accept-Encoding` names gzip with a weight other than 0."""
    for each in accepted.lower().split(","):
        coding, _, weight = each.partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "").rstrip("0") not in {"q=", "q=0."}
    return False
