"""Every way in which a command ends without success, and the exit code of each.

    MtribesError                     1  FAILED
    ├── UsageError                   2  USAGE               an invalid or missing option or argument
    │   ├── ProjectError             2  PROJECT             mtribes.toml or mtribes.lock is missing or invalid
    │   └── DocumentError            2  INVALID_DOCUMENT    an invalid input file
    ├── FileError                    1  FILE                disk, permissions, a path owned by another user
    ├── NetworkError                 1  NETWORK             unknown host, TLS, a redirect, a closed connection
    ├── AnswerError                  1  UNREADABLE_ANSWER   an invalid response from the server
    ├── ServerError                  1  SERVER              the server failed, and a retry does not help
    │   ├── NotFoundError            1  NOT_FOUND
    │   ├── ConflictError            1  CONFLICT            a concurrent change, or it exists already
    │   └── ClientTooOldError        1  CLIENT_TOO_OLD
    ├── AccessError                  4  NO_ACCESS
    │   ├── NotSignedInError         4  NOT_SIGNED_IN
    │   │   └── SignInRefusedError   4  NOT_SIGNED_IN       from the token endpoint; `reason` is its code
    │   └── NotAllowedError          4  NOT_ALLOWED
    ├── BugError                    70  BUG                 an internal error; names the file with the traceback
    ├── UnavailableError            75  UNAVAILABLE         down or overloaded; retry later
    └── InterruptedCommandError    130  INTERRUPTED

Each has one line for the error and one line for the hint. `problems` lists the details where there are several.
Nothing is printed here: see `console`.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from itertools import islice
from typing import NamedTuple

MAX_PROBLEMS = 100


class ExitCode(IntEnum):
    """The exit code of a command."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_ALL_WELL = 3  # completed with problems: drift, a breaking change, rejected rows
    NO_ACCESS = 4
    BUG = 70
    TRY_LATER = 75
    INTERRUPTED = 130


class Problem(NamedTuple):
    """One problem and its place: a path in a document or the path of a file."""

    message: str
    path: str | None = None
    code: str | None = None


def first_problems(problems: Iterable[Problem]) -> list[Problem]:
    """Return at most `MAX_PROBLEMS` problems, and a note if there are more."""
    first = list(islice(problems, MAX_PROBLEMS + 1))
    return first if len(first) <= MAX_PROBLEMS else [*first[:MAX_PROBLEMS], Problem("and more")]


class MtribesError(Exception):
    """An error with a hint and the problems that were found."""

    exit_code = ExitCode.FAILED
    code = "FAILED"

    def __init__(self, what: str, advice: str, *, problems: Sequence[Problem] = ()) -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice
        self.problems = tuple(problems)


class UsageError(MtribesError):
    """An option or argument is missing or invalid."""

    exit_code = ExitCode.USAGE
    code = "USAGE"


class ProjectError(UsageError):
    """`mtribes.toml` or `mtribes.lock` is missing or invalid."""

    code = "PROJECT"


class DocumentError(UsageError):
    """An input file is invalid."""

    code = "INVALID_DOCUMENT"


class FileError(MtribesError):
    """A file could not be read or written, or belongs to another user."""

    code = "FILE"


class NetworkError(MtribesError):
    """The server cannot be reached, and a retry is unlikely to help."""

    code = "NETWORK"


class AnswerError(MtribesError):
    """The response does not match the server's API."""

    code = "UNREADABLE_ANSWER"


class ServerError(MtribesError):
    """The server could not complete the request."""

    code = "SERVER"


class NotFoundError(ServerError):
    """Not found, or access denied. The server does not say which."""

    code = "NOT_FOUND"


class ConflictError(ServerError):
    """Changed concurrently, or it exists already."""

    code = "CONFLICT"


class ClientTooOldError(ServerError):
    """The server requires a newer version of `mtribes`."""

    code = "CLIENT_TOO_OLD"


class AccessError(MtribesError):
    """Not signed in, or access denied."""

    exit_code = ExitCode.NO_ACCESS
    code = "NO_ACCESS"


class NotSignedInError(AccessError):
    """There are no credentials for the host, or the host rejects them."""

    code = "NOT_SIGNED_IN"


class SignInRefusedError(NotSignedInError):
    """The token endpoint refused to issue a token. `reason` is its code (RFC 6749, 5.2)."""

    def __init__(self, what: str, advice: str, *, reason: str) -> None:
        super().__init__(what, advice)
        self.reason = reason


class NotAllowedError(AccessError):
    """The credentials are valid, but lack the required permission."""

    code = "NOT_ALLOWED"


class BugError(MtribesError):
    """An internal error."""

    exit_code = ExitCode.BUG
    code = "BUG"


class UnavailableError(MtribesError):
    """The server is down or overloaded. The same command may work later."""

    exit_code = ExitCode.TRY_LATER
    code = "UNAVAILABLE"
    retry_after_seconds: float | None = None  # requested by the server


class InterruptedCommandError(MtribesError):
    """The command was interrupted."""

    exit_code = ExitCode.INTERRUPTED
    code = "INTERRUPTED"
