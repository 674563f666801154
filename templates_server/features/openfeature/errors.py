"""Errors in requests of the protocol. The format of the responses is in `http/response.py`."""

from __future__ import annotations

from templates_server.errors import BadRequest


class ParseFailed(BadRequest):
    """The body is invalid in the protocol."""

    code = "PARSE_ERROR"


class TargetingKeyMissing(BadRequest):
    """The request has no targeting key."""

    code = "TARGETING_KEY_MISSING"


class InvalidContext(BadRequest):
    """The context of the person is invalid."""

    code = "INVALID_CONTEXT"
