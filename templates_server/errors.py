"""Every failure that a request can meet, with its HTTP status and code.

    ApiError
    ├── BadRequest 400        ├── Unauthenticated 401     ├── Forbidden 403        ├── NotFound 404
    ├── MethodNotAllowed 405  ├── RequestTimedOut 408     ├── Conflict 409         ├── PreconditionFailed 412
    ├── TooLarge 413          ├── UnsupportedMediaType 415├── ValidationFailed 422 ├── ClientTooOld 426
    ├── Misdirected 421       ├── TooManyRequests 429     ├── Failed 500           ├── Unavailable 503
    └── RangeNotSatisfiable 416

How they become an envelope is in `http/response.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar

MOST_PROBLEMS = 100
"""How many problems a response lists; one more entry counts the rest."""
MORE_PROBLEMS = "MORE_PROBLEMS"
"""The code of the entry that counts the rest; it has no path."""
MAX_PATH_CHARACTERS = 512
MAX_MESSAGE_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """One thing that is wrong: where (a path into what was sent, may be empty) and what.

    The middle of a long text is left out, so that a problem never repeats much of what was sent.
    """

    path: str
    message: str
    code: str = "VALIDATION_ERROR"

    def __post_init__(self) -> None:
        """Shorten long texts."""
        if len(self.path) > MAX_PATH_CHARACTERS:
            object.__setattr__(self, "path", shorten(self.path, MAX_PATH_CHARACTERS))
        if len(self.message) > MAX_MESSAGE_CHARACTERS:
            object.__setattr__(self, "message", shorten(self.message, MAX_MESSAGE_CHARACTERS))


def shorten(text: str, max_characters: int) -> str:
    """Return the beginning and the end of a long text, with an ellipsis between them."""
    if len(text) <= max_characters:
        return text
    end = max_characters // 3
    return f"{text[: max_characters - 1 - end]}\N{HORIZONTAL ELLIPSIS}{text[-end:]}"


class Problems:
    """Problems as they are found: all are counted, the first are kept.

    `len()` is how many were found. Iterating gives those that are told, the last of which may be that there are more.
    """

    def __init__(self, problems: Iterable[ErrorDetail] = ()) -> None:
        self.kept: list[ErrorDetail] = []  # the first of them
        self._found = 0
        self.extend(problems)

    @property
    def is_full(self) -> bool:
        """Return whether further problems are only counted."""
        return self._found > MOST_PROBLEMS

    def add(self, path: str, message: str) -> None:
        """Add a problem at a path."""
        if not self.is_full:
            self.kept.append(ErrorDetail(path, message))
        self._found += 1

    def extend(self, problems: Iterable[ErrorDetail]) -> None:
        """Add several problems."""
        if isinstance(problems, Problems):
            self.extend(problems.kept)
            self._found += len(problems) - len(problems.kept)
            return
        for problem in problems:
            if not self.is_full:
                self.kept.append(problem)
            self._found += 1

    def count(self, further: int) -> None:
        """Count further problems without creating them, once `is_full`."""
        self._found += further

    def __len__(self) -> int:
        return self._found

    def __eq__(self, other: object) -> bool:
        """Return whether both list the same problems; the other may be a plain list."""
        return list(self) == list(other) if isinstance(other, Problems | list) else NotImplemented

    __hash__ = None  # type: ignore[assignment] # it changes

    def __iter__(self) -> Iterator[ErrorDetail]:
        if self._found <= MOST_PROBLEMS + 1:  # the last place tells of one as well as of that there is one
            return iter(self.kept)
        more = self._found - MOST_PROBLEMS
        return iter([*self.kept[:MOST_PROBLEMS], ErrorDetail("", f"And {more:,} more problems.", MORE_PROBLEMS)])


class ApiError(Exception):
    """A failure that has a response. `problems` has at least one entry; `headers` are added to the response."""

    status: ClassVar[HTTPStatus]
    code: ClassVar[str]

    def __init__(self, message: str, *, path: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.problems: Sequence[ErrorDetail] = (ErrorDetail(path, message, self.code),)
        self.headers: dict[str, str] = dict(headers or {})


class BadRequest(ApiError):
    """The request cannot be read."""

    status, code = HTTPStatus.BAD_REQUEST, "BAD_REQUEST"


class Unauthenticated(ApiError):
    """Credentials are missing or invalid; the response says how to send them (RFC 6750, 3)."""

    status, code = HTTPStatus.UNAUTHORIZED, "UNAUTHENTICATED"

    def __init__(self, message: str, *, challenge: str = "Bearer") -> None:
        super().__init__(message, headers={"WWW-Authenticate": challenge})


class Forbidden(ApiError):
    """The caller is authenticated but not permitted."""

    status, code = HTTPStatus.FORBIDDEN, "FORBIDDEN"


class NotFound(ApiError):
    """The resource does not exist or is not the caller's: the response is the same."""

    status, code = HTTPStatus.NOT_FOUND, "NOT_FOUND"

    def __init__(self, message: str = "Not found, or you don't have access.") -> None:
        super().__init__(message)


class MethodNotAllowed(ApiError):
    """The path exists, but not with this method."""

    status, code = HTTPStatus.METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED"


class RequestTimedOut(ApiError):
    """The body did not arrive in time."""

    status, code = HTTPStatus.REQUEST_TIMEOUT, "TIMEOUT"


class Conflict(ApiError):
    """The request conflicts with what is stored."""

    status, code = HTTPStatus.CONFLICT, "CONFLICT"


class PreconditionFailed(ApiError):
    """The document was changed in the meantime."""

    status, code = HTTPStatus.PRECONDITION_FAILED, "PRECONDITION_FAILED"


class TooLarge(ApiError):
    """The request is larger than the limit."""

    status, code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "TOO_LARGE"


class UnsupportedMediaType(ApiError):
    """The content type or encoding is not supported."""

    status, code = HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE"


class RangeNotSatisfiable(ApiError):
    """The requested range is not satisfiable (RFC 9110, 15.5.17); `size` is the whole size in bytes."""

    status, code = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "BAD_REQUEST"

    def __init__(self, size: int) -> None:
        super().__init__(
            f"The range is not satisfiable: the file has {size} bytes.", headers={"Content-Range": f"bytes */{size}"}
        )


class ValidationFailed(ApiError):
    """The request breaks rules: `problems` lists the first ones and counts the rest."""

    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "VALIDATION_ERROR"

    def __init__(self, problems: Iterable[ErrorDetail]) -> None:
        found = problems if isinstance(problems, Problems) else Problems(problems)
        super().__init__(f"{len(found)} problem(s)")
        self.problems = tuple(found)


class ClientTooOld(ApiError):
    """The command line must be upgraded first."""

    status, code = HTTPStatus.UPGRADE_REQUIRED, "CLIENT_TOO_OLD"


class Misdirected(ApiError):
    """The request is for a server with another name (RFC 9110, 15.5.20)."""

    status, code = HTTPStatus.MISDIRECTED_REQUEST, "BAD_REQUEST"


class TooManyRequests(ApiError):
    """The caller must wait before the next request."""

    status, code = HTTPStatus.TOO_MANY_REQUESTS, "RATE_LIMITED"

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message, headers={"Retry-After": str(retry_after_seconds)})


class Failed(ApiError):
    """A bug of the server; the response has only the ID under which it is logged."""

    status, code = HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL"

    def __init__(self, identifier: str) -> None:
        super().__init__(f"Internal server error. The server logged it as {identifier}.")


class Unavailable(ApiError):
    """The server cannot serve the request now; retry later."""

    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE"

    def __init__(self, message: str, *, retry_after_seconds: int = 5) -> None:
        super().__init__(message, headers={"Retry-After": str(retry_after_seconds)})
