"""All that the command line says: results to stdout, the rest to stderr. The only file that prints, and that asks.

What a command found out reaches this file as a `Result` or an error; `--json` turns either into one envelope.
"""

import json
import os
import sys
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, Literal, NamedTuple, TextIO

from mtribes_cli.errors import InterruptedCommandError, MtribesError, Problem, UsageError
from mtribes_cli.files.bounded_reader import MAX_DOCUMENT_BYTES
from mtribes_cli.files.errors import file_error
from mtribes_cli.numbers import whole_number
from mtribes_cli.terminal.nonblocking_input import BlockingInput, read_to_the_end, wait_for_input
from mtribes_cli.terminal.result import Block, Document, Result, Table
from mtribes_cli.terminal.sanitize import columns, display_width, sanitize, sanitize_line

ENVELOPE_VERSION = 1
CONFIRMING_FLAG = "--yes"
_BOLD, _RED, _YELLOW, _DIM = "1", "31", "33", "2"


class Style(NamedTuple):
    """What the user asked of the output."""

    json: bool = False
    quiet: bool = False
    verbose: bool = False
    color: bool = True


class Console:
    """Two streams out, one in."""

    def __init__(
        self, style: Style, environment: Mapping[str, str], *, stdin: TextIO, stdout: TextIO, stderr: TextIO
    ) -> None:
        self.style = style
        self._environment = environment
        self._stdin, self._stdout, self._stderr = stdin, stdout, stderr
        self._doing = ""
        self._is_stdout_gone = False
        self._is_read = True
        self._indent: int | None = 2
        _speak_utf8(stdout)
        _speak_utf8(stderr)

    # Results

    def result(self, command: str, result: Result) -> None:
        """The outcome, on stdout."""
        if result.is_streamed:
            return
        if self.style.json:
            self._envelope(command, result.status, result.data, _problems_as_json(result.problems, hint=None))
            return
        for block in result.body:
            self._block(block)
        for problem in result.problems:
            self._say(_problem_line(problem))

    def stream(self, pieces: Iterable[bytes]) -> None:
        """UTF-8 for stdout, as it is; made safe where a terminal would obey it."""
        binary = getattr(self._stdout, "buffer", None)
        if _is_terminal(self._stdout) or binary is None:
            decoder = getincrementaldecoder("utf-8")(errors="replace")
            for piece in pieces:
                text = decoder.decode(piece)
                self._write(self._stdout, sanitize(text) if _is_terminal(self._stdout) else text)
            return
        for piece in pieces:
            self._write_bytes(binary, piece)

    def line(self, text: str) -> None:
        """Write one line of many on stdout, as it becomes known."""
        self._write(self._stdout, sanitize_line(text) + "\n")

    def json_line(self, value: object) -> None:
        """The same in JSON; an envelope that follows is one line, too."""
        self._indent = None
        self._write(self._stdout, _as_json(value, indent=None) + "\n")

    @property
    def is_read(self) -> bool:
        """Whether somebody still reads stdout, as far as writing there has shown."""
        return self._is_read

    def failure(self, command: str, error: MtribesError) -> None:
        """What went wrong and what to do: on stderr, or under `--json` as the envelope on stdout."""
        if self.style.json and not self._is_stdout_gone:
            self._envelope(command, "error", None, _error_as_json(error))
            return
        if isinstance(error, InterruptedCommandError) and _is_terminal(self._stderr):
            self._say("")  # beside a question, or the ^C that the terminal shows
        self._say(f"{self._painted('error:', _RED)} {sanitize_line(error.what)}")
        for problem in error.problems:
            self._say(_problem_line(problem))
        self._say(f"{self._painted('hint:', _BOLD)} {sanitize_line(error.advice)}")

    def _block(self, block: Block) -> None:
        match block:
            case Document(text):
                self._write(self._stdout, sanitize(text) if _is_terminal(self._stdout) else text)
            case Table(empty=empty, rows=[]):
                self.notice(empty)
            case Table(headings, rows):
                lines = columns([headings, *rows] if headings else rows)
                self._write(self._stdout, "".join(f"{line}\n" for line in lines))
            case str():
                self._write(self._stdout, sanitize_line(block) + "\n")

    def _envelope(self, command: str, status: str, data: object, errors: Sequence[Mapping[str, str | None]]) -> None:
        envelope = {
            "version": ENVELOPE_VERSION,
            "command": command,
            "status": status,
            "data": data,
            "errors": errors,
        }
        self._write(self._stdout, _as_json(envelope, indent=self._indent) + "\n")

    # Everything else

    def instruction(self, text: str) -> None:
        """What the user has to do now; said under `--quiet` as well."""
        self._say(sanitize(text))

    def notice(self, text: str) -> None:
        """Good to know; not said under `--quiet`."""
        if not self.style.quiet:
            self._say(sanitize_line(text))

    def warning(self, text: str) -> None:
        """Not wrong, but not as it should be."""
        self._say(f"{self._painted('warning:', _YELLOW)} {sanitize_line(text)}")

    def trace(self, text: str) -> None:
        """Said under `--verbose` only. The caller sees to it that no secret is in it."""
        if self.style.verbose:
            self._say(self._painted(sanitize_line(text), _DIM))

    @contextmanager
    def working(self, text: str) -> Iterator[None]:
        """Shows at a terminal what takes its time, on a line that is gone afterwards; nothing anywhere else."""
        with self.progress() as show:
            show(f"{text} ...")
            yield

    @contextmanager
    def progress(self) -> Iterator[Callable[[str], None]]:
        """Gives what shows at a terminal how far something is: on a line that changes, and is gone afterwards."""
        is_silent = self.style.quiet or self.style.json or self._environment.get("TERM") == "dumb"
        show = _say_nothing if is_silent or not _is_terminal(self._stderr) else self._show
        try:
            yield show
        finally:
            show("")

    def _show(self, text: str) -> None:
        before = self._wiped()
        self._doing = sanitize_line(text)
        self._write(self._stderr, before + self._doing)

    def _say(self, line: str) -> None:
        self._write(self._stderr, f"{self._wiped()}{line}\n{self._doing}")

    def _wiped(self) -> str:
        """What takes the line of `working` away again."""
        return f"\r{' ' * display_width(self._doing)}\r" if self._doing else ""

    def _painted(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._has_color() else text

    def _has_color(self) -> bool:
        return (
            self.style.color
            and not self._environment.get("NO_COLOR")
            and self._environment.get("TERM") != "dumb"
            and _is_terminal(self._stderr)
        )

    # Questions

    @property
    def is_interactive(self) -> bool:
        """Whether somebody is there who can answer."""
        return (
            not self.style.json
            and not self._environment.get("CI")
            and _is_terminal(self._stdin)
            and _is_terminal(self._stderr)
        )

    def ask(self, question: str, *, flag: str, default: str | None = None) -> str:
        """A line of text from the person at the terminal; without one a usage error that names `flag`."""
        if not self.is_interactive:
            raise _no_terminal(question, flag)
        shown = f" [{default}]" if default else ""
        while True:
            answer = self._line(f"{question}{shown}: ").strip() or (default or "")
            if answer:
                return answer

    def choose(self, question: str, options: Sequence[str], *, flag: str, default: str | None = None) -> str:
        """One of `options`, by its number or its text."""
        asked = question
        if self.is_interactive:
            self._say(f"{sanitize_line(question)}?")
            for number, option in enumerate(options, start=1):
                self._say(f"  {number}. {sanitize_line(option)}")
            asked = "Number or name"
        while True:
            answer = self.ask(asked, flag=flag, default=default)
            if answer in options:
                return answer
            if chosen := whole_number(answer, most=len(options)):
                return options[chosen - 1]
            self._say("Enter a number or a name from the list.")

    def confirm(self, question: str, *, flag: str, default: bool) -> bool:
        """Yes or no."""
        while True:
            answer = self.ask(f"{question} (yes/no)", flag=flag, default="yes" if default else "no").lower()
            if answer in {"y", "yes"}:
                return True
            if answer in {"n", "no"}:
                return False

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """While something is waited for: what is said after Ctrl-C does not stand beside the ^C of the terminal."""
        try:
            yield
        except KeyboardInterrupt:
            self._say("")
            raise

    def enter_was_pressed(self) -> bool:
        """Whether the person at the terminal has pressed Enter; nothing is waited for."""
        from mtribes_cli.terminal.keypress import enter_was_pressed  # noqa: PLC0415 - rarely needed

        return enter_was_pressed(self._stdin)

    def binary_stdin(self) -> BinaryIO:
        """Stdin as bytes, as it comes: past its buffer, which a thread that waits would hold up to the very end."""
        binary: Any = getattr(self._stdin, "buffer", self._stdin)
        return BlockingInput(getattr(binary, "raw", binary))

    def read_stdin(self, max_bytes: int = MAX_DOCUMENT_BYTES) -> bytes:
        """All of stdin, as bytes. Raises UsageError for more than `max_bytes`."""
        binary = getattr(self._stdin, "buffer", None)
        if binary is not None:
            content = read_to_the_end(binary, max_bytes + 1)
        else:
            content = self._stdin.read(max_bytes + 1).encode()
        if len(content) > max_bytes:
            raise UsageError(f"stdin contains more than {max_bytes:,} bytes.", "Check the input on stdin.")
        return content

    def _line(self, question: str) -> str:
        self._write(self._stderr, self._wiped() + sanitize(question))
        wait_for_input(self._stdin)
        line = self._stdin.readline()
        self._write(self._stderr, self._doing)
        if not line:
            raise InterruptedCommandError("The input ended before the question was answered.", "Run the command again.")
        return line

    def _write_bytes(self, binary: BinaryIO, piece: bytes) -> None:
        """As `_write`, to stdout."""
        try:
            binary.write(piece)
            binary.flush()
        except BrokenPipeError:
            _close_quietly(self._stdout)
        except OSError as error:
            _close_quietly(self._stdout)
            self._is_stdout_gone = True
            raise file_error(error, "stdout", cannot_be="written") from error

    def _write(self, stream: TextIO, text: str) -> None:
        """A reader that has gone is no failure; stdout that takes nothing is, and is told on stderr."""
        try:
            stream.write(text)
            stream.flush()
        except BrokenPipeError:
            _close_quietly(stream)
            self._is_read = self._is_read and stream is not self._stdout
        except OSError as error:
            _close_quietly(stream)
            if stream is self._stdout:
                self._is_stdout_gone = True
                raise file_error(error, "stdout", cannot_be="written") from error


def _as_json(value: object, *, indent: int | None) -> str:
    return json.dumps(value, indent=indent).replace("\x7f", r"\u007f")  # the one control that JSON leaves as it is


def _no_terminal(question: str, flag: str) -> UsageError:
    if flag == CONFIRMING_FLAG:
        return UsageError("Confirmation required.", f"Pass {flag} to confirm without a terminal.")
    return UsageError(f"{question.rstrip('?: ')}: cannot prompt without a terminal.", f"Pass {flag}.")


def _say_nothing(_text: str) -> None:
    """What shows progress where nobody looks."""


def _error_as_json(error: MtribesError) -> list[dict[str, str | None]]:
    problems = error.problems or (Problem(error.what),)
    return _problems_as_json(problems, hint=error.advice, code=error.code)


def _problems_as_json(
    problems: Sequence[Problem], *, hint: str | None, code: str = "PROBLEM"
) -> list[dict[str, str | None]]:
    return [
        {"code": problem.code or code, "message": problem.message, "hint": hint}
        | ({"path": problem.path} if problem.path is not None else {})
        for problem in problems
    ]


def _problem_line(problem: Problem) -> str:
    message = sanitize_line(problem.message)
    return f"  {sanitize_line(problem.path)}: {message}" if problem.path else f"  {message}"


def _is_terminal(stream: TextIO) -> bool:
    return not stream.closed and stream.isatty()


def _speak_utf8(stream: TextIO) -> None:
    """Files and pipes get UTF-8 and LF on every system; a terminal keeps its encoding and shows the rest escaped."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is None:
        return
    if stream.isatty():
        reconfigure(errors="backslashreplace")
    else:
        reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")


def _close_quietly(stream: TextIO) -> None:
    """The reader has gone (`mtribes space list | head`), or there is no room: what is left is written to nowhere."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def standard_streams() -> tuple[TextIO, TextIO, TextIO]:
    """Stdin, stdout and stderr of this process; what the parent closed is nowhere."""
    return sys.stdin or _nowhere("r"), sys.stdout or _nowhere("w"), sys.stderr or _nowhere("w")


def _nowhere(mode: Literal["r", "w"]) -> TextIO:
    """Open until the process ends, as the streams that it stands for are."""
    return open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123 - a device, for the whole process
