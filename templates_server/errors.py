"""Every failure that a request can meet, with its HTTP status and code.

    ApiError
    ├── BadRequest 400        ├── Unauthenticated 401     ├── Forbidden 403        ├── NotFound 404
    ├── MethodNotAllowed 405  ├── RequestTimedOut 408     ├── Conflict 409         ├── PreconditionFailed 412
    ├── TooLarge 413          ├── UnsupportedMediaType 415├── ValidationFailed 422 ├── ClientTooOld 426
    ├── Misdirected 421       ├── TooManyRequests 429     ├── Failed 500           ├── Unavailable 503
    └── RangeNotSatisfiable 416

How they become an envelope is in `endpoint.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where (a path into what was sent, may be empty) and what."""

    path: str
    message: str
    code: str = "VALIDATION_ERROR"


class ApiError(Exception):
    """A failure with an answer. `problems` holds at least one; `headers` go into the answer."""

    status: ClassVar[HTTPStatus]
    code: ClassVar[str]

    def __init__(self, message: str, *, path: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.problems: Sequence[Problem] = (Problem(path, message, self.code),)
        self.headers: dict[str, str] = dict(headers or {})


class BadRequest(ApiError):
    """The request cannot be read."""

    status, code = HTTPStatus.BAD_REQUEST, "BAD_REQUEST"


class Unauthenticated(ApiError):
    """No credentials, or none that are good; says how to bring them (RFC 6750, 3)."""

    status, code = HTTPStatus.UNAUTHORIZED, "UNAUTHENTICATED"

    def __init__(self, message: str, *, challenge: str = "Bearer") -> None:
        super().__init__(message, headers={"WWW-Authenticate": challenge})


class Forbidden(ApiError):
    """Known, but not allowed."""

    status, code = HTTPStatus.FORBIDDEN, "FORBIDDEN"


class NotFound(ApiError):
    """Not there, or not the caller's: one body for both."""

    status, code = HTTPStatus.NOT_FOUND, "NOT_FOUND"

    def __init__(self, message: str = "There is nothing here, or it is not yours.") -> None:
        super().__init__(message)


class MethodNotAllowed(ApiError):
    """The path is there, but not with this method."""

    status, code = HTTPStatus.METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED"


class RequestTimedOut(ApiError):
    """The body did not arrive in time."""

    status, code = HTTPStatus.REQUEST_TIMEOUT, "TIMEOUT"


class Conflict(ApiError):
    """It contradicts what is stored."""

    status, code = HTTPStatus.CONFLICT, "CONFLICT"


class PreconditionFailed(ApiError):
    """Somebody else was faster."""

    status, code = HTTPStatus.PRECONDITION_FAILED, "PRECONDITION_FAILED"


class TooLarge(ApiError):
    """More bytes than a request may have."""

    status, code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "TOO_LARGE"


class UnsupportedMediaType(ApiError):
    """A content type or encoding that is not read here."""

    status, code = HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE"


class RangeNotSatisfiable(ApiError):
    """Nothing lies in the range that was asked for (RFC 9110, 15.5.17); `size` is all of it, in bytes."""

    status, code = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "BAD_REQUEST"

    def __init__(self, size: int) -> None:
        super().__init__(f"There are {size} bytes.", headers={"Content-Range": f"bytes */{size}"})


class ValidationFailed(ApiError):
    """It breaks rules: all of them are in `problems`."""

    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "VALIDATION_ERROR"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} problem(s)")
        self.problems = tuple(problems)


class ClientTooOld(ApiError):
    """The command line must be upgraded first."""

    status, code = HTTPStatus.UPGRADE_REQUIRED, "CLIENT_TOO_OLD"


class Misdirected(ApiError):
    """It is meant for a server of another name (RFC 9110, 15.5.20)."""

    status, code = HTTPStatus.MISDIRECTED_REQUEST, "BAD_REQUEST"


class TooManyRequests(ApiError):
    """Who asks must wait first."""

    status, code = HTTPStatus.TOO_MANY_REQUESTS, "RATE_LIMITED"

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message, headers={"Retry-After": str(retry_after_seconds)})


class Failed(ApiError):
    """A bug of ours; says no more than under which id it is logged."""

    status, code = HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL"

    def __init__(self, identifier: str) -> None:
        super().__init__(f"Something went wrong here; it is logged as {identifier}.")


class Unavailable(ApiError):
    """The server cannot serve right now; try again later."""

    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE"

    def __init__(self, message: str, *, retry_after_seconds: int = 5) -> None:
        super().__init__(message, headers={"Retry-After": str(retry_after_seconds)})
