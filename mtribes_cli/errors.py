"""Every way in which a command ends without success, and the exit code of each.

    MtribesError                     1  FAILED
    ├── UsageError                   2  USAGE               a flag, an argument, a missing answer
    │   ├── ProjectError             2  PROJECT             mtribes.toml, mtribes.lock: missing, or not as agreed
    │   └── DocumentError            2  INVALID_DOCUMENT    a file that was given, by itself or by the server's rules
    ├── FileError                    1  FILE                disk, permissions, a path that belongs to somebody else
    ├── NetworkError                 1  NETWORK             no such host, TLS, a redirect, a broken connection
    ├── AnswerError                  1  UNREADABLE_ANSWER   the server answers what was not agreed
    ├── ServerError                  1  SERVER              the server failed, and trying again is of no use
    │   ├── NotFoundError            1  NOT_FOUND
    │   ├── ConflictError            1  CONFLICT            somebody was faster, or it is there already
    │   └── ClientTooOldError        1  CLIENT_TOO_OLD
    ├── AccessError                  4  NO_ACCESS
    │   ├── NotSignedInError         4  NOT_SIGNED_IN
    │   │   └── SignInRefusedError   4  NOT_SIGNED_IN       by the token endpoint; `reason` is its code
    │   └── NotAllowedError          4  NOT_ALLOWED
    ├── BugError                    70  BUG                 ours; says where the traceback is
    ├── UnavailableError            75  UNAVAILABLE         down or too busy: later is fine
    └── InterruptedCommandError    130  INTERRUPTED

Each has one line of what happened and one line of what to do; where many things are wrong, all of them are in
`problems`. Nothing here prints: that is `console`.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from itertools import islice
from typing import NamedTuple

MAX_PROBLEMS = 100


class ExitCode(IntEnum):
    """What a command tells the shell."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_ALL_WELL = 3  # done, and the answer is: drift, a breaking change, rows rejected
    NO_ACCESS = 4
    BUG = 70
    TRY_LATER = 75
    INTERRUPTED = 130


class Problem(NamedTuple):
    """One thing that is wrong, and where: a path in a document or the path of a file."""

    message: str
    path: str | None = None
    code: str | None = None


def first_problems(problems: Iterable[Problem]) -> list[Problem]:
    """Return as many as a person reads; the file or answer may be anybody's, and what is wrong with it endless."""
    first = list(islice(problems, MAX_PROBLEMS + 1))
    return first if len(first) <= MAX_PROBLEMS else [*first[:MAX_PROBLEMS], Problem("and more")]


class MtribesError(Exception):
    """What happened, what to do, and every problem that was found."""

    exit_code = ExitCode.FAILED
    code = "FAILED"

    def __init__(self, what: str, advice: str, *, problems: Sequence[Problem] = ()) -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice
        self.problems = tuple(problems)


class UsageError(MtribesError):
    """The command was not given what it needs."""

    exit_code = ExitCode.USAGE
    code = "USAGE"


class ProjectError(UsageError):
    """`mtribes.toml` or `mtribes.lock` is missing or not what it should be."""

    code = "PROJECT"


class DocumentError(UsageError):
    """A file that was given is not what it should be."""

    code = "INVALID_DOCUMENT"


class FileError(MtribesError):
    """A file could not be read or written, or is somebody else's."""

    code = "FILE"


class NetworkError(MtribesError):
    """The server cannot be reached, and waiting will hardly help."""

    code = "NETWORK"


class AnswerError(MtribesError):
    """What came back is not what the server's interface promises."""

    code = "UNREADABLE_ANSWER"


class ServerError(MtribesError):
    """The server says that it could not do it."""

    code = "SERVER"


class NotFoundError(ServerError):
    """It is not there, or it is not yours: the server does not say which."""

    code = "NOT_FOUND"


class ConflictError(ServerError):
    """Somebody was faster, or it exists already."""

    code = "CONFLICT"


class ClientTooOldError(ServerError):
    """The server needs a newer `mtribes`."""

    code = "CLIENT_TOO_OLD"


class AccessError(MtribesError):
    """Not signed in, or not allowed."""

    exit_code = ExitCode.NO_ACCESS
    code = "NO_ACCESS"


class NotSignedInError(AccessError):
    """There are no credentials for the host, or it no longer accepts them."""

    code = "NOT_SIGNED_IN"


class SignInRefusedError(NotSignedInError):
    """The token endpoint gives no token; `reason` is its code (RFC 6749, 5.2)."""

    def __init__(self, what: str, advice: str, *, reason: str) -> None:
        super().__init__(what, advice)
        self.reason = reason


class NotAllowedError(AccessError):
    """The credentials are good, but not for this."""

    code = "NOT_ALLOWED"


class BugError(MtribesError):
    """A fault of this program."""

    exit_code = ExitCode.BUG
    code = "BUG"


class UnavailableError(MtribesError):
    """The server is down or too busy; the same command may work later."""

    exit_code = ExitCode.TRY_LATER
    code = "UNAVAILABLE"
    retry_after_seconds: float | None = None  # what the server asks for


class InterruptedCommandError(MtribesError):
    """Somebody pressed Ctrl-C."""

    exit_code = ExitCode.INTERRUPTED
    code = "INTERRUPTED"
