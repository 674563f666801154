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
"""That an answer lists; one more says how many there are besides."""
MORE_PROBLEMS = "MORE_PROBLEMS"
"""The code of that one, which has no path."""
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
        """Shorten what is long."""
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
        """Whether further problems are only counted."""
        return self._found > MOST_PROBLEMS

    def add(self, path: str, message: str) -> None:
        """Note that something is wrong there."""
        if not self.is_full:
            self.kept.append(ErrorDetail(path, message))
        self._found += 1

    def extend(self, problems: Iterable[ErrorDetail]) -> None:
        """Note these."""
        if isinstance(problems, Problems):
            self.extend(problems.kept)
            self._found += len(problems) - len(problems.kept)
            return
        for problem in problems:
            if not self.is_full:
                self.kept.append(problem)
            self._found += 1

    def count(self, further: int) -> None:
        """Note that there are so many more, where `is_full`; saves making them."""
        self._found += further

    def __len__(self) -> int:
        return self._found

    def __eq__(self, other: object) -> bool:
        """Whether the same is told; a list of problems may be the other."""
        return list(self) == list(other) if isinstance(other, Problems | list) else NotImplemented

    __hash__ = None  # type: ignore[assignment] # it changes

    def __iter__(self) -> Iterator[ErrorDetail]:
        if self._found <= MOST_PROBLEMS + 1:  # the last place tells of one as well as of that there is one
            return iter(self.kept)
        more = self._found - MOST_PROBLEMS
        return iter([*self.kept[:MOST_PROBLEMS], ErrorDetail("", f"And {more:,} more problems.", MORE_PROBLEMS)])


class ApiError(Exception):
    """A failure with an answer. `problems` holds at least one; `headers` go into the answer."""

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

    def __init__(self, message: str = "Not found, or you don't have access.") -> None:
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
        super().__init__(
            f"The range is not satisfiable: the file has {size} bytes.", headers={"Content-Range": f"bytes */{size}"}
        )


class ValidationFailed(ApiError):
    """It breaks rules: `problems` tells the first of them, and how many there are besides."""

    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "VALIDATION_ERROR"

    def __init__(self, problems: Iterable[ErrorDetail]) -> None:
        found = problems if isinstance(problems, Problems) else Problems(problems)
        super().__init__(f"{len(found)} problem(s)")
        self.problems = tuple(found)


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
        super().__init__(f"Internal server error. The server logged it as {identifier}.")


class Unavailable(ApiError):
    """The server cannot serve right now; try again later."""

    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE"

    def __init__(self, message: str, *, retry_after_seconds: int = 5) -> None:
        super().__init__(message, headers={"Retry-After": str(retry_after_seconds)})
