"""What may stand at the cursor when somebody presses TAB: answered from a table, in little more than a bare Python.

No server is asked, nothing of the command line itself is imported. The table is `command_table`, which is made from
the commands; the shells' side is in `scripts`.
"""

from __future__ import annotations

from mtribes_cli.completion.command_table import ALIASES, COMMANDS, GLOBAL_OPTIONS

FILES, FOLDERS, WORDS = "files", "folders", "words"
_STICKY = "-C"  # the one short option whose value may follow at once

TYPE_CHECKING = False  # typing would cost more than all the rest
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mtribes_cli.completion.command_table import Option, Value

    Entry = tuple[str, str]


def reply(arguments: Sequence[str]) -> str:
    """The answer to a shell that gives a number and the words of its line: so many of them stand before the cursor's.

    The first line is what to offer and, after a tab, the beginning of the word that stays as it is: `words`, `files`
    or `folders`. Then, for `words`, lines of a word, a tab and what it means; the shell leaves out what does not fit.
    """
    count, *words = arguments
    before = words[: int(count)]
    current = words[len(before)] if len(before) < len(words) else ""  # some shells drop an empty word
    line = _Line()
    for word in before[1:]:
        line.add(word)
    return _reply_for(line, current)


class _Line:
    """The words before the cursor, as far as they decide what may come next."""

    def __init__(self) -> None:
        self.path = ""  # the command, such as `space pull`
        self.arguments = 0
        self.given: set[str] = set()
        self.waiting: Option | None = None  # for its value
        self.is_after_dashes = False

    def add(self, word: str) -> None:
        if self.waiting is not None:
            self.waiting = None
        elif self.is_after_dashes or not word.startswith("-") or word == "-":
            self._add_argument(word)
        elif word == "--":
            self.is_after_dashes = True
        else:
            self._add_option(word)

    def _add_argument(self, word: str) -> None:
        if self.verbs:
            self.path = f"{self.path} {word}".strip()
        else:
            self.arguments += 1

    def _add_option(self, word: str) -> None:
        name, equals, _ = word.partition("=")
        option = self.option(name)
        if option is not None:
            self.given.update(option[0])
            self.waiting = option if option[1] is not None and not equals else None

    def option(self, name: str) -> Option | None:
        name = ALIASES.get(name, name)
        return next((option for option in self.options if name in option[0]), None)

    @property
    def options(self) -> Sequence[Option]:
        known = COMMANDS.get(self.path)
        return (*known[2], *GLOBAL_OPTIONS) if known else GLOBAL_OPTIONS

    @property
    def verbs(self) -> Sequence[Entry]:
        known = COMMANDS.get(self.path)
        return known[0] if known else ()

    @property
    def argument(self) -> Value:
        """Return what the next argument may be; None if there is none."""
        kinds = COMMANDS[self.path][1] if self.path in COMMANDS else ()
        if kinds and self.arguments >= len(kinds):
            return kinds[-1][0] if kinds[-1][1] else None
        return kinds[self.arguments][0] if kinds else None


def _reply_for(line: _Line, current: str) -> str:
    if line.waiting is not None:
        return _values(line.waiting[1], current)
    if current.startswith("-") and not line.is_after_dashes:
        return _options_or_value(line, current)
    if line.verbs:
        return _words(line.verbs)
    if line.argument is None and line.path in COMMANDS and not line.is_after_dashes:
        return _words(_option_words(line))
    return _values(line.argument, current)


def _options_or_value(line: _Line, current: str) -> str:
    name, equals, value = current.partition("=")
    if not equals and current.startswith(_STICKY) and current != _STICKY:
        name, equals, value = _STICKY, "", current[len(_STICKY) :]
    elif not equals:
        return _words(_option_words(line))
    option = line.option(name)
    return _values(option[1] if option else None, value, kept=name + equals if option else "")


def _option_words(line: _Line) -> Iterable[Entry]:
    return (
        (names[0], meaning)
        for names, _, repeats, meaning in line.options
        if repeats or not line.given.intersection(names)
    )


def _values(value: Value, current: str, kept: str = "") -> str:
    """Return the possible values, where `kept` stands before the value in the same word."""
    if value in {FILES, FOLDERS}:
        return f"{value}\t{kept}\n"
    if not isinstance(value, tuple):
        return _words(())
    for choice in value:
        if choice.endswith(":") and current.startswith(choice):
            return f"{FOLDERS}\t{kept}{choice}\n"
    return _words((kept + choice, "") for choice in value)


def _words(entries: Iterable[Entry]) -> str:
    return "".join([f"{WORDS}\t\n", *(f"{word}\t{meaning}\n" for word, meaning in entries)])
