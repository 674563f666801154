"""Choosing an option at a keyboard: by the arrows, a number, or the beginning of a name."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from mtribes_cli.numbers import whole_number
from mtribes_cli.terminal.sanitize import sanitize_line, shorten
from mtribes_cli.terminal.screen import Screen
from mtribes_cli.terminal.styles import Line, Role, rendered

HELP = "Arrow keys or a number, then Enter"
_UP, _DOWN, _ENTER, _ERASE, _END = "up", "down", "enter", "erase", "end"
_KEYS = {
    b"\x1b[A": _UP, b"\x1bOA": _UP, b"\x1b[B": _DOWN, b"\x1bOB": _DOWN,
    b"\r": _ENTER, b"\n": _ENTER, b"\x7f": _ERASE, b"\x08": _ERASE, b"\x04": _END,
}  # fmt: skip
_LINES_AROUND = 3  # the question, the help, and the line of the cursor


def has_keys(stdin: TextIO, screen: Screen, options: Sequence[str]) -> bool:
    """Return whether keys can be read one by one, and all options fit on the screen."""
    if sys.platform == "win32" or not screen.has_color or len(options) + _LINES_AROUND > screen.height:
        return False
    try:
        return os.isatty(stdin.fileno())
    except (OSError, ValueError):  # not a file
        return False


class Selection:
    """A list of options of which one is selected, and the typed number or name."""

    def __init__(self, options: Sequence[str], default: str | None) -> None:
        self._options, self._default = options, default
        self._at = options.index(default) if default in options else 0
        self._typed = ""

    @property
    def chosen(self) -> str:
        """The selected option."""
        return self._options[self._at]

    def press(self, key: str) -> None:
        """Move the selection: by an arrow, or to what was typed."""
        if key in (_UP, _DOWN):
            self._at = (self._at + (1 if key == _DOWN else -1)) % len(self._options)
            self._typed = ""
            return
        typed = self._typed[:-1] if key == _ERASE else self._typed + key
        found = self._found(typed)
        if key == _ERASE or found is not None:
            self._typed = typed
        if found is not None:
            self._at = found

    def _found(self, typed: str) -> int | None:
        if not typed:
            return None
        if typed.isdecimal() and typed.isascii():
            number = whole_number(typed, most=len(self._options))
            return number - 1 if number else None
        return next((at for at, one in enumerate(self._options) if one.startswith(typed)), None)

    def lines(self, width: int, ellipsis: str) -> Iterator[Line]:
        """Return the options, and how to choose."""
        for at, option in enumerate(self._options):
            is_marked = at == self._at
            note = " (default)" if option == self._default else ""
            text = shorten(sanitize_line(option), width - 16, ellipsis)
            start = f"{'>' if is_marked else ' '} {at + 1:{len(str(len(self._options)))}}. "
            yield [(start + text, Role.CHOSEN if is_marked else None), (note, Role.MUTED)]
        yield [(shorten(HELP, width - 2, ellipsis) + f"  {self._typed}", Role.MUTED)]


def choose_by_keys(
    stdin: TextIO, screen: Screen, write: Callable[[str], None], options: Sequence[str], default: str | None
) -> str | None:
    """Return the option that was chosen; None if the input ended. Ctrl-C raises KeyboardInterrupt."""
    selection, shown = Selection(options, default), 0
    with _keys_one_by_one(stdin.fileno()):
        try:
            while True:
                lines = [rendered(line, has_color=True) for line in selection.lines(screen.width, screen.ellipsis)]
                write(_above(shown) + "\n".join(lines))
                shown = len(lines)
                key = _key(stdin.fileno())
                if key == _ENTER:
                    return selection.chosen
                if key == _END:
                    return None
                if key:
                    selection.press(key)
        finally:
            write(_above(shown))


def _above(lines: int) -> str:
    """Return the escapes that erase so many lines; the cursor is in the last one."""
    up = f"\x1b[{lines - 1}A" if lines > 1 else ""
    return f"\r{up}\x1b[J" if lines else ""


def _key(descriptor: int) -> str:
    """Return a key by its name, or what was typed; "" for a key without a meaning here."""
    typed = os.read(descriptor, 32)
    if not typed:
        return _END
    if name := _KEYS.get(typed):
        return name
    text = typed.decode("utf-8", "ignore")
    return text if text.isprintable() else ""


if sys.platform == "win32":

    @contextmanager
    def _keys_one_by_one(_descriptor: int) -> Iterator[None]:
        raise OSError("keys are read one by one on Unix only")
        yield

else:

    @contextmanager
    def _keys_one_by_one(descriptor: int) -> Iterator[None]:
        """Yield keys as they are pressed, without echo; Ctrl-C stays a signal. Restores the terminal afterwards."""
        import termios  # noqa: PLC0415 - of Unix, and rarely needed
        import tty  # noqa: PLC0415 - as above

        before = termios.tcgetattr(descriptor)
        tty.setcbreak(descriptor)
        try:
            yield
        finally:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
