"""Turns whatever ended a command into an error with advice. A bug's traceback goes to a file, without secrets."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from mtribes_cli.errors import BugError, InterruptedCommandError, MtribesError, UsageError
from mtribes_cli.files.errors import file_error
from mtribes_cli.global_options import GLOBAL_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mtribes_cli.context import Context

_TOKENS = r"\b(mt[oprs]_)[0-9A-Za-z]+|(?i:(bearer|basic) )[0-9A-Za-z._~+/=-]+"
MAX_TRACEBACKS = 10  # that are kept in the state folder
_SECRET_VARIABLES = ("MTRIBES_TOKEN", "MTRIBES_CLIENT_SECRET")


def as_mtribes_error(error: BaseException, context: Context) -> MtribesError:
    """Return the error to report; for a bug, a traceback has been written."""
    if isinstance(error, MtribesError):
        return error
    if isinstance(error, KeyboardInterrupt):
        by = f"Interrupted by {error}." if str(error) else "Interrupted."
        return InterruptedCommandError(by, "No partial files were written. Run the command again.")
    if isinstance(error, OSError):
        return file_error(error)
    return _as_usage_error(error) or _bug(error, context)


def _as_usage_error(error: BaseException) -> UsageError | None:
    """Return Typer's own usage error, if it is one."""
    exceptions = sys.modules.get("typer.exceptions")
    if exceptions is None or not isinstance(error, exceptions.TyperException):
        return None
    call = getattr(error, "ctx", None)
    path = call.command_path if call else "mtribes"
    unknown = getattr(error, "option_name", None) if hasattr(error, "possibilities") else None
    near = _near_option(unknown, call) if isinstance(unknown, str) else None
    advice = f"Did you mean {near}?" if near else f"Run `{path} --help` for usage."
    what = f"No such option: {unknown}" if unknown else _named_plainly(error.format_message(), error)
    return UsageError(" ".join(what.split()), advice)


def _named_plainly(message: str, error: object) -> str:
    """Return the message with the name of an optional argument as in help, without brackets."""
    shown = getattr(getattr(error, "param", None), "metavar", None) or ""
    return message.replace(f"'{shown}'", shown.strip("[]")) if shown.startswith("[") else message


def _near_option(unknown: str, call: object) -> str | None:
    parameters = getattr(getattr(call, "command", None), "params", ())
    known = [name for parameter in parameters for name in parameter.opts if name.startswith("-")]
    known += [name for option in GLOBAL_OPTIONS for name in option.names]
    return nearest(unknown, known)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return what somebody who wrote `word` may have meant."""
    from difflib import get_close_matches  # noqa: PLC0415 - start-up time

    return next(iter(get_close_matches(word, list(known), n=1)), None)


def _bug(error: BaseException, context: Context) -> BugError:
    what = f"Internal error in mtribes: {redact(str(error), context) or type(error).__name__}"
    try:
        path = _write_traceback(error, context)
    except OSError as reason:
        return BugError(what, f"Could not write the traceback ({reason}). Please report what you did.")
    return BugError(what, f"Please report it and attach {path}. Secrets have been removed from the file.")


def _write_traceback(error: BaseException, context: Context) -> Path:
    import os  # noqa: PLC0415 - start-up time
    import platform  # noqa: PLC0415 - start-up time
    import traceback  # noqa: PLC0415 - start-up time

    from mtribes_cli import __version__  # noqa: PLC0415 - start-up time
    from mtribes_cli.files.atomic_file import PRIVATE_MODE, write_new  # noqa: PLC0415 - start-up time

    folder = context.folders.state
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"crash-{int(context.clock.now_seconds())}-{os.getpid()}-{os.urandom(3).hex()}.txt"
    head = f"mtribes {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
    text = head + "".join(traceback.format_exception(error))
    write_new(path, redact(text, context).encode("utf-8", "backslashreplace"), mode=PRIVATE_MODE)
    _keep_newest(folder)
    return path


def _keep_newest(folder: Path) -> None:
    """Remove all but the newest tracebacks."""
    from contextlib import suppress  # noqa: PLC0415 - start-up time

    with suppress(OSError):
        written = sorted(folder.glob("crash-*.txt"), key=lambda path: path.lstat().st_mtime_ns)
        for path in written[:-MAX_TRACEBACKS]:
            path.unlink(missing_ok=True)


def redact(text: str, context: Context) -> str:
    """Return `text` without anything that looks like a token, and without the secrets of the environment."""
    for name in _SECRET_VARIABLES:
        secret = context.variable(name)
        if secret:
            text = text.replace(secret, "[secret]")
    return re.sub(_TOKENS, lambda match: f"{match.group(1) or match.group(2) + ' '}[secret]", text)
