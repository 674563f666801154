"""Responses that are rendered once and reused, with an entity tag and 304 for current copies."""

from __future__ import annotations

import hashlib
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

TAG_LENGTH = 24


def with_entity_tag(response: Response) -> Response:
    """Return the response with an entity tag (RFC 9110, 8.8.3), to be revalidated by caches."""
    tag = hashlib.sha256(bytes(response.body)).hexdigest()[:TAG_LENGTH]
    response.headers.update({"ETag": f'"{tag}"', "Cache-Control": "no-cache"})
    return response


def revalidated(request: Request, stored: Response) -> Response:
    """Return a copy of a stored response, or 304 without a body if the caller's copy is current."""
    headers = dict(stored.headers)
    if stored.headers["ETag"] in request.headers.get("if-none-match", ""):
        headers.pop("content-length")
        headers.pop("content-type")
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(stored.body, headers=headers)
