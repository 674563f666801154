"""What is known of a terminal: whether it supports escapes and colors, and its size."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TextIO

from mtribes_cli.numbers import whole_number

if TYPE_CHECKING:
    from rich.console import Console

DEFAULT_WIDTH = 80
DEFAULT_HEIGHT = 24
_MOST_CELLS = 100_000
NARROWEST_WIDTH = 20
ELLIPSIS, ASCII_ELLIPSIS = "…", "..."


class Screen:
    """A stream, as far as somebody looks at it."""

    def __init__(self, stream: TextIO, environment: Mapping[str, str], *, is_color_wanted: bool) -> None:
        self._stream, self._environment = stream, environment
        self._is_color_wanted = is_color_wanted

    @property
    def is_there(self) -> bool:
        """Whether the stream is a terminal that can be laid out for: tables fit it, and lines may change."""
        return self.is_terminal and self._environment.get("TERM") != "dumb"

    @property
    def is_terminal(self) -> bool:
        """Whether the stream is a terminal of any kind."""
        return not self._stream.closed and self._stream.isatty()

    @property
    def has_color(self) -> bool:
        """Whether colors may be written: not under `--no-color` or `NO_COLOR`."""
        return self.is_there and self._is_color_wanted and not self._environment.get("NO_COLOR")

    @property
    def width(self) -> int:
        """The present columns of the terminal."""
        return max(self._size("COLUMNS", 0, DEFAULT_WIDTH), NARROWEST_WIDTH)

    @property
    def height(self) -> int:
        """The present lines of the terminal."""
        return self._size("LINES", 1, DEFAULT_HEIGHT)

    def _size(self, variable: str, at: int, default: int) -> int:
        stated = self._environment.get(variable, "")
        if number := whole_number(stated, most=_MOST_CELLS):
            return number
        try:
            return os.get_terminal_size(self._stream.fileno())[at] or default
        except (OSError, ValueError):  # not a file, or no terminal after all
            return default

    @property
    def speaks_unicode(self) -> bool:
        """Whether characters beyond ASCII can be shown."""
        return (self._stream.encoding or "").lower().replace("-", "").startswith("utf")

    @property
    def ellipsis(self) -> str:
        """What stands for the rest of a text."""
        return ELLIPSIS if self.speaks_unicode else ASCII_ELLIPSIS

    def drawn(self, draw: Callable[[Console], None]) -> str:
        """Return what `draw` makes Rich write to this terminal; no text is markup."""
        from rich.console import Console  # noqa: PLC0415 - only for a terminal that is really written to

        content = io.BytesIO()
        encoding = self._stream.encoding or "utf-8"
        file = io.TextIOWrapper(content, encoding, "backslashreplace", newline="\n")
        draw(
            Console(
                file=file,
                color_system="standard" if self.has_color else None,
                force_terminal=True,
                width=self.width,
                markup=False,
                emoji=False,
                highlight=False,
                legacy_windows=False,
                _environ={},
            )
        )
        file.flush()
        return content.getvalue().decode(encoding)
