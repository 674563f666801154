"""What is wrong with a question of the protocol. The form of the answers is in `http/response.py`."""

from __future__ import annotations

from templates_server.errors import BadRequest


class ParseFailed(BadRequest):
    """The body is none of the protocol's."""

    code = "PARSE_ERROR"


class TargetingKeyMissing(BadRequest):
    """It is not said whose flags are asked for."""

    code = "TARGETING_KEY_MISSING"


class InvalidContext(BadRequest):
    """What is said of the person cannot be used."""

    code = "INVALID_CONTEXT"
