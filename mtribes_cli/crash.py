"""Whatever ended a command, as an error with advice. A bug's traceback is written to a file, without secrets."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from mtribes_cli.arguments import GLOBAL_OPTIONS
from mtribes_cli.errors import BugError, InterruptedCommandError, MtribesError, UsageError
from mtribes_cli.file_faults import file_error

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mtribes_cli.context import Context

_TOKENS = r"\b(mt[oprs]_)[0-9A-Za-z]+|(?i:(bearer|basic) )[0-9A-Za-z._~+/=-]+"
MAX_TRACEBACKS = 10  # that are kept in the state folder
_SECRET_VARIABLES = ("MTRIBES_TOKEN", "MTRIBES_CLIENT_SECRET")


def as_mtribes_error(error: BaseException, context: Context) -> MtribesError:
    """The error to tell; for a bug of ours a traceback has been written."""
    if isinstance(error, MtribesError):
        return error
    if isinstance(error, KeyboardInterrupt):
        by = f"Interrupted by {error}." if str(error) else "Interrupted."
        return InterruptedCommandError(by, "Run it again; nothing half-written is left.")
    if isinstance(error, OSError):
        return file_error(error)
    return _as_usage_error(error) or _bug(error, context)


def _as_usage_error(error: BaseException) -> UsageError | None:
    """Typer's own complaint about the words, where it is one."""
    exceptions = sys.modules.get("typer.exceptions")
    if exceptions is None or not isinstance(error, exceptions.TyperException):
        return None
    call = getattr(error, "ctx", None)
    path = call.command_path if call else "mtribes"
    unknown = getattr(error, "option_name", None) if hasattr(error, "possibilities") else None
    near = _near_option(unknown, call) if isinstance(unknown, str) else None
    advice = f"Did you mean {near}?" if near else f"`{path} --help` says what it takes."
    what = f"No such option: {unknown}" if unknown else _named_plainly(error.format_message(), error)
    return UsageError(" ".join(what.split()), advice)


def _named_plainly(message: str, error: object) -> str:
    """The complaint with the name of an optional argument as it stands in help, less its brackets."""
    shown = getattr(getattr(error, "param", None), "metavar", None) or ""
    return message.replace(f"'{shown}'", shown.strip("[]")) if shown.startswith("[") else message


def _near_option(unknown: str, call: object) -> str | None:
    parameters = getattr(getattr(call, "command", None), "params", ())
    known = [name for parameter in parameters for name in parameter.opts if name.startswith("-")]
    known += [name for option in GLOBAL_OPTIONS for name in option.names]
    return nearest(unknown, known)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """What somebody who wrote `word` may have meant."""
    from difflib import get_close_matches  # noqa: PLC0415 - start-up time

    return next(iter(get_close_matches(word, list(known), n=1)), None)


def _bug(error: BaseException, context: Context) -> BugError:
    what = f"A fault of mtribes itself: {redacted(str(error), context) or type(error).__name__}"
    try:
        path = _write_traceback(error, context)
    except OSError as reason:
        return BugError(what, f"The traceback could not be written ({reason}). Please report what you did.")
    return BugError(what, f"Please report it with {path}; secrets have been taken out.")


def _write_traceback(error: BaseException, context: Context) -> Path:
    import os  # noqa: PLC0415 - start-up time
    import platform  # noqa: PLC0415 - start-up time
    import traceback  # noqa: PLC0415 - start-up time

    from mtribes_cli import __version__  # noqa: PLC0415 - start-up time

    folder = context.folders.state
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"crash-{int(context.clock.now_seconds())}-{os.getpid()}-{os.urandom(3).hex()}.txt"
    head = f"mtribes {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
    text = head + "".join(traceback.format_exception(error))
    _write_new(path, redacted(text, context).encode("utf-8", "backslashreplace"))
    _keep_newest(folder)
    return path


def _write_new(path: Path, content: bytes) -> None:
    import os  # noqa: PLC0415 - start-up time

    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _keep_newest(folder: Path) -> None:
    """Remove tracebacks but for the newest."""
    from contextlib import suppress  # noqa: PLC0415 - start-up time

    with suppress(OSError):
        written = sorted(folder.glob("crash-*.txt"), key=lambda path: path.lstat().st_mtime_ns)
        for path in written[:-MAX_TRACEBACKS]:
            path.unlink(missing_ok=True)


def redacted(text: str, context: Context) -> str:
    """`text` without anything that looks like a token of ours, and without the secrets of the environment."""
    for name in _SECRET_VARIABLES:
        secret = context.variable(name)
        if secret:
            text = text.replace(secret, "[secret]")
    return re.sub(_TOKENS, lambda match: f"{match.group(1) or match.group(2) + ' '}[secret]", text)
