"""The `Content-Digest` of a part (RFC 9530): of the NDJSON itself, before any compression."""

from __future__ import annotations

import base64
import binascii
import re

from templates_server.errors import ErrorDetail, ValidationFailed
from templates_server.http.route_docs import ParameterDocs

SHA_256 = re.compile(r"(?:^|,)[ \t]*sha-256(?![\w.*-])(?:=:([A-Za-z0-9+/=]*):)?")
FIELD = "Content-Digest"
CONTENT_DIGEST = ParameterDocs(
    FIELD,
    str,
    "`sha-256=:...:` of the body before compression (RFC 9530). 422 if the body does not match.",
    place="header",
)


def check_digest(field: str | None, digest: bytes) -> None:
    """Raise ValidationFailed when the header has a different SHA-256 than the content; ignore other algorithms."""
    match = SHA_256.search(field or "")
    if match is None:
        return
    if _decode_digest(match[1]) != digest:
        raise ValidationFailed([ErrorDetail(FIELD, "The SHA-256 of the body does not match. Send the body again.")])


def _decode_digest(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
