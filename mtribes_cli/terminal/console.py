"""All that the command line says: results to stdout, the rest to stderr. The only file that prints, and that asks.

What a command found out reaches this file as a `Result` or an error; `--json` turns either into one envelope.
"""

import json
import os
import sys
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NamedTuple, TextIO

from mtribes_cli.errors import InterruptedCommandError, MtribesError, Problem, UsageError
from mtribes_cli.files.bounded_reader import MAX_DOCUMENT_BYTES
from mtribes_cli.files.errors import file_error
from mtribes_cli.numbers import whole_number
from mtribes_cli.terminal.nonblocking_input import BlockingInput, read_to_the_end, wait_for_input
from mtribes_cli.terminal.result import Block, ChangeLine, Diff, Document, Result, Table, Trees
from mtribes_cli.terminal.sanitize import columns, sanitize, sanitize_line
from mtribes_cli.terminal.screen import Screen
from mtribes_cli.terminal.styles import Line, Role, painted, rendered

if TYPE_CHECKING:
    from mtribes_cli.terminal.progress import Draw, LiveLine

ENVELOPE_VERSION = 1
CONFIRMING_FLAG = "--yes"


class Style(NamedTuple):
    """The user's choices about the output."""

    json: bool = False
    quiet: bool = False
    verbose: bool = False
    color: bool = True


class Console:
    """The console: stdout, stderr and stdin."""

    def __init__(  # noqa: PLR0913 - what was asked for, three streams, and the time
        self,
        style: Style,
        environment: Mapping[str, str],
        *,
        stdin: TextIO,
        stdout: TextIO,
        stderr: TextIO,
        now_seconds: Callable[[], float] = time.time,
    ) -> None:
        self.style = style
        self._environment = environment
        self._stdin, self._stdout, self._stderr = stdin, stdout, stderr
        self._now_seconds = now_seconds
        self._out_screen = Screen(stdout, environment, is_color_wanted=style.color)
        self._screen = Screen(stderr, environment, is_color_wanted=style.color)
        self._live: LiveLine | None = None
        self._is_stdout_gone = False
        self._is_read = True
        self._indent: int | None = 2
        _speak_utf8(stdout)
        _speak_utf8(stderr)

    # Results

    def result(self, command: str, result: Result) -> None:
        """Write the result to stdout."""
        if result.is_streamed:
            return
        if self.style.json:
            self._envelope(command, result.status, result.data, _problems_as_json(result.problems, hint=None))
            return
        for block in result.body:
            self._block(block)
        for problem in result.problems:
            self._sentence(_problem_line(problem))

    def stream(self, pieces: Iterable[bytes]) -> None:
        """Return a writer of UTF-8 to stdout; a terminal gets it sanitized."""
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
        """Write one line of many to stdout, as it becomes known."""
        self._write(self._stdout, sanitize_line(text) + "\n")

    def json_line(self, value: object) -> None:
        """Write a line of JSON; an envelope that follows is one line, too."""
        self._indent = None
        self._write(self._stdout, _as_json(value, indent=None) + "\n")

    @property
    def is_read(self) -> bool:
        """Return whether stdout still has a reader, as far as writing has shown."""
        return self._is_read

    def failure(self, command: str, error: MtribesError) -> None:
        """Write an error and its hint: to stderr, or under `--json` as the envelope to stdout."""
        if self.style.json and not self._is_stdout_gone:
            self._envelope(command, "error", None, _error_as_json(error))
            return
        if isinstance(error, InterruptedCommandError) and _is_terminal(self._stderr):
            self._say("")  # beside a question, or the ^C that the terminal shows
        self._labelled("error:", Role.ERROR, error.what)
        for problem in error.problems:
            self._sentence(_problem_line(problem))
        self._labelled("hint:", Role.HINT, error.advice)

    def _block(self, block: Block) -> None:
        if isinstance(block, Table) and not block.rows:
            self.notice(block.empty)
        elif self._out_screen.is_there and not isinstance(block, Document):
            self._laid_out(block)
        elif isinstance(block, Document | Diff):
            self._write(self._stdout, sanitize(block.text) if _is_terminal(self._stdout) else block.text)
        else:
            self._write(self._stdout, "".join(f"{line}\n" for line in _plain_lines(block)))

    def _laid_out(self, block: str | Table | Diff | ChangeLine | Trees) -> None:
        """Return the result laid out for a terminal of that width."""
        width = self._out_screen.width
        match block:
            case str():
                from mtribes_cli.terminal.sentences import folded  # noqa: PLC0415 - only for a terminal

                self._lines([(line, None)] for line in folded(block, width))
            case Table():
                from mtribes_cli.terminal.tables import table_lines  # noqa: PLC0415 - as above

                ellipsis = self._out_screen.ellipsis
                shown = block.at_terminal or block
                self._lines(table_lines(shown, width, self._now_seconds(), ellipsis=ellipsis))
            case Diff(text):
                from mtribes_cli.terminal.diffs import diff_lines  # noqa: PLC0415 - as above

                self._lines(diff_lines(text))
            case ChangeLine():
                from mtribes_cli.terminal.diffs import change_lines  # noqa: PLC0415 - as above

                self._lines(change_lines(block, width))
            case Trees(branches=branches):
                from mtribes_cli.terminal.trees import draw_trees  # noqa: PLC0415 - as above

                self._write(self._stdout, self._out_screen.drawn(lambda rich: draw_trees(branches, rich)))

    def _lines(self, lines: Iterable[Line]) -> None:
        has_color = self._out_screen.has_color
        self._write(self._stdout, "".join(f"{rendered(line, has_color=has_color)}\n" for line in lines))

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
        """Write what the user must do now, under `--quiet` as well."""
        self._say(sanitize(text))

    def notice(self, text: str) -> None:
        """Write a notice; not under `--quiet`."""
        if not self.style.quiet:
            self._sentence(text)

    def warning(self, text: str) -> None:
        """Write a warning."""
        self._labelled("warning:", Role.WARNING, text)

    def trace(self, text: str) -> None:
        """Write a message under `--verbose` only. The caller makes sure that it contains no secret."""
        if self.style.verbose:
            self._say(self._painted(sanitize_line(text), Role.MUTED))

    @contextmanager
    def working(self, text: str) -> Iterator[None]:
        """Show at a terminal what takes its time, on a line that is erased afterwards; nothing anywhere else."""
        from mtribes_cli.terminal.progress import waiting_line  # noqa: PLC0415 - start-up time

        with self.progress(waiting_line(text)):
            yield

    @contextmanager
    def progress(self, draw: "Draw") -> Iterator[Callable[[], None]]:
        """Show at a terminal what `draw` gives, on a line that is redrawn, and erased afterwards.

        The yielded function draws it at once.
        """
        if self.style.quiet or self.style.json or self._live is not None or not self._screen.is_there:
            yield _show_nothing
            return
        from mtribes_cli.terminal.progress import LiveLine  # noqa: PLC0415 - only for a terminal

        self._live = live = LiveLine(self._screen, self._write_stderr, draw)
        live.start()
        try:
            yield live.draw
        finally:
            self._live = None
            live.end()

    def _sentence(self, text: str) -> None:
        """Write one line; at a terminal it folds between words."""
        self._say("\n".join(self._folded(text)))

    def _labelled(self, label: str, role: Role, text: str) -> None:
        """Write one line that begins with a colored label, such as `error:`."""
        first, *others = self._folded(f"{label} {text}")
        self._say("\n".join([self._painted(label, role) + first.removeprefix(label), *others]))

    def _folded(self, text: str) -> list[str]:
        """Return the lines of a sentence on stderr: several only at a terminal."""
        if not self._screen.is_there:
            return [sanitize_line(text)]
        from mtribes_cli.terminal.sentences import folded  # noqa: PLC0415 - only for a terminal

        return list(folded(text, self._screen.width))

    def _say(self, line: str) -> None:
        if self._live is None:
            self._write_stderr(f"{line}\n")
        else:
            self._live.above(f"{line}\n")

    def _write_stderr(self, text: str) -> None:
        self._write(self._stderr, text)

    def _painted(self, text: str, role: Role) -> str:
        return painted(text, role if self._screen.has_color else None)

    @property
    def is_laid_out(self) -> bool:
        """Whether results are laid out for a terminal; else they are as programs read them."""
        return self._out_screen.is_there and not self.style.json

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
        """Ask for a line of text at the terminal; without one, raise a usage error that names `flag`."""
        self._require_somebody(question, flag)
        shown = f" [{default}]" if default else ""
        while True:
            answer = self._line(f"{question}{shown}: ").strip() or (default or "")
            if answer:
                return answer

    def _require_somebody(self, question: str, flag: str) -> None:
        if not self.is_interactive:
            raise _no_terminal(question, flag)

    def choose(self, question: str, options: Sequence[str], *, flag: str, default: str | None = None) -> str:
        """Ask for one of `options`: by the arrows of the keyboard, its number or its text."""
        self._require_somebody(question, flag)
        self._say(self._painted(f"{sanitize_line(question)}?", Role.HEADING))
        from mtribes_cli.terminal.choices import choose_by_keys, has_keys  # noqa: PLC0415 - start-up time

        if not has_keys(self._stdin, self._screen, options):
            return self._choose_by_line(options, flag=flag, default=default)
        with self._room_for_a_question():
            chosen = choose_by_keys(self._stdin, self._screen, self._write_stderr, options, default)
        if chosen is None:
            raise _no_answer()
        self._say(f"  {self._painted(sanitize_line(chosen), Role.CHOSEN)}")
        return chosen

    def _choose_by_line(self, options: Sequence[str], *, flag: str, default: str | None) -> str:
        for number, option in enumerate(options, start=1):
            self._say(f"  {number}. {sanitize_line(option)}")
        while True:
            answer = self.ask("Number or name", flag=flag, default=default)
            if answer in options:
                return answer
            if chosen := whole_number(answer, most=len(options)):
                return options[chosen - 1]
            self.refuse(f"{answer} is not in the list. Enter a number from 1 to {len(options)}, or a name.")

    def refuse(self, fault: str) -> None:
        """Say what is wrong with an answer, before the question is repeated."""
        self._say(f"  {self._painted('invalid:', Role.ERROR)} {sanitize_line(fault)}")

    def confirm(self, question: str, *, flag: str, default: bool) -> bool:
        """Ask for yes or no."""
        while True:
            answer = self.ask(f"{question} (yes/no)", flag=flag, default="yes" if default else "no").lower()
            if answer in {"y", "yes"}:
                return True
            if answer in {"n", "no"}:
                return False
            self.refuse(f"{answer} is neither yes nor no.")

    @contextmanager
    def waiting(self, text: str = "") -> Iterator[None]:
        """Within the block, put messages after Ctrl-C on a line of their own, not beside the ^C of the terminal."""
        try:
            with self.working(text) if text else nullcontext():
                yield
        except KeyboardInterrupt:
            self._say("")
            raise

    def enter_was_pressed(self) -> bool:
        """Return whether Enter was pressed at the terminal, without waiting for it."""
        from mtribes_cli.terminal.keypress import enter_was_pressed  # noqa: PLC0415 - rarely needed

        return enter_was_pressed(self._stdin)

    def binary_stdin(self) -> BinaryIO:
        """Return stdin as bytes, unbuffered: a waiting thread would lock its buffer to the very end."""
        binary: Any = getattr(self._stdin, "buffer", self._stdin)
        return BlockingInput(getattr(binary, "raw", binary))

    def read_stdin(self, max_bytes: int = MAX_DOCUMENT_BYTES) -> bytes:
        """Return all of stdin as bytes. Raises UsageError for more than `max_bytes`."""
        binary = getattr(self._stdin, "buffer", None)
        if binary is not None:
            content = read_to_the_end(binary, max_bytes + 1)
        else:
            content = self._stdin.read(max_bytes + 1).encode()
        if len(content) > max_bytes:
            raise UsageError(f"stdin contains more than {max_bytes:,} bytes.", "Check the input on stdin.")
        return content

    def _line(self, question: str) -> str:
        with self._room_for_a_question():
            self._write_stderr(sanitize(question))
            wait_for_input(self._stdin)
            line = self._stdin.readline()
        if not line:
            raise _no_answer()
        return line

    @contextmanager
    def _room_for_a_question(self) -> Iterator[None]:
        """Within the block, hide the line of progress; if the question is left, it stays hidden."""
        if self._live is not None:
            self._live.hide(is_hidden=True)
        yield
        if self._live is not None:
            self._live.hide(is_hidden=False)

    def _write_bytes(self, binary: BinaryIO, piece: bytes) -> None:
        """Write bytes to stdout, as `_write`."""
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
        """Write text. A reader that has gone is no failure; a full stdout is, and is reported on stderr."""
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


def _show_nothing() -> None:
    """Show no progress where nobody looks."""


def _no_answer() -> InterruptedCommandError:
    return InterruptedCommandError("The input ended before the question was answered.", "Run the command again.")


def _plain_lines(block: str | Table | ChangeLine | Trees) -> Sequence[str]:
    """Return the lines without layout, for anything but a terminal that can be laid out for."""
    match block:
        case Table(headings, rows):
            return columns([headings, *rows] if headings else rows)
        case ChangeLine():
            return [sanitize_line(line) for line in block.lines or (block.text,)]
        case Trees(lines=lines):
            return [sanitize_line(line) for line in lines]
        case str():
            return [sanitize_line(block)]


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
    """Use UTF-8 and LF for files and pipes on every system; a terminal keeps its encoding and escapes the rest."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is None:
        return
    if stream.isatty():
        reconfigure(errors="backslashreplace")
    else:
        reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")


def _close_quietly(stream: TextIO) -> None:
    """Close a stream whose reader has gone (`mtribes space list | head`) or that is full; drop the rest."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def standard_streams() -> tuple[TextIO, TextIO, TextIO]:
    """Return stdin, stdout and stderr of this process; the null device for a closed one."""
    return sys.stdin or _nowhere("r"), sys.stdout or _nowhere("w"), sys.stderr or _nowhere("w")


def _nowhere(mode: Literal["r", "w"]) -> TextIO:
    """Return the null device, open until the process ends."""
    return open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123 - a device, for the whole process
