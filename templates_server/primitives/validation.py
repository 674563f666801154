"""Reading what a person wrote, where much can be wrong: every fault is collected with its path, none stops the reading.

Each function of `Reader` gives something fit to go on with: what was read, or what stands for nothing. `null` means
not given. What a document must hold is not known here.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from templates_server.errors import Problems, ValidationFailed
from templates_server.primitives.ids import MAX_KEY_LENGTH, is_key
from templates_server.primitives.yaml_json import quote_text

MAX_NAME_CHARACTERS = 200
MAX_DESCRIPTION_CHARACTERS = 2000
PLAIN_PART = re.compile(r"[\w.-]+")
NOT_IN_A_LINE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]")
"""Control characters (Cc), and what separates lines and paragraphs (Zl, Zp)."""
NOT_IN_LINES = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]")
"""Control characters but tab and line feed."""
KINDS = {str: "text", bool: "a boolean", dict: "a mapping", list: "a list", type(None): "null"}


def join(path: str, key: str) -> str:
    """Return the path of what is under a key."""
    part = key if PLAIN_PART.fullmatch(key) else json.dumps(key, ensure_ascii=False)
    return f"{path}.{part}" if path else part


def kind_of(value: Any) -> str:
    """Return the kind of a value in words."""
    return KINDS.get(type(value), "a number")


class Reader:
    """Collects the problems of one document."""

    def __init__(self) -> None:
        self.problems = Problems()
        self._suggestions = 0

    def refuse(self, path: str, message: str) -> None:
        """Note that something is wrong there."""
        self.problems.add(path, message)

    def suggestion(self, word: str, known: Collection[str]) -> str:
        """Return the suggestion of the function of that name, but "" after the first few: each is a long search."""
        if self._suggestions == MOST_SUGGESTIONS:
            return ""
        self._suggestions += 1
        return suggestion(word, known)

    def mapping(self, value: Any, path: str, known: Collection[str] | None = None) -> Mapping[str, Any]:
        """Return the given entries of a mapping by key; unknown keys are rejected with a suggestion."""
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.refuse(path, f"must be a mapping, not {kind_of(value)}")
            return {}
        given = {key: item for key, item in value.items() if item is not None}
        unknown = [] if known is None else [key for key in value if key not in known]
        for key in unknown:
            if self.problems.is_full:
                self.problems.count(1)
            else:
                self.refuse(join(path, key), f"is not a known key{self.suggestion(key, known or ())}")
            given.pop(key, None)
        return given

    def by_key(
        self, value: Any, path: str, *, at_most: int, problem_of: Callable[[str], str | None] | None = None
    ) -> Iterator[tuple[str, Any, str]]:
        """Yield key, value and path of everything in a mapping, in order of key.

        `problem_of` returns the problem with a key, if any; without it keys are kebab-case.
        """
        entries = {} if value is None else value
        if not isinstance(entries, dict):
            self.refuse(path, f"must be a mapping, not {kind_of(value)}")
            return
        if len(entries) > at_most:
            self.refuse(path, f"has {len(entries)} entries; the maximum is {at_most}")
            return
        for key in sorted(entries):
            problem = (problem_of or find_key_problem)(key)
            if problem is None:
                yield key, entries[key], join(path, key)
            else:
                self.refuse(join(path, key), problem)

    def sequence(self, value: Any, path: str, *, at_most: int) -> Iterator[tuple[Any, str]]:
        """Yield value and path of everything in a list, in its order."""
        if value is None:
            return
        if not isinstance(value, list):
            self.refuse(path, f"must be a list, not {kind_of(value)}")
        elif len(value) > at_most:
            self.refuse(path, f"has {len(value)} entries; the maximum is {at_most}")
        else:
            yield from ((item, f"{path}[{number}]") for number, item in enumerate(value))

    def name(self, value: Any, path: str) -> str:
        """Return a name: one line in any script, without control characters; "" if not given."""
        text = self.text(value, path, at_most=MAX_NAME_CHARACTERS) or ""
        if NOT_IN_A_LINE.search(text):
            self.refuse(path, "must be one line without control characters")
            return ""
        return text

    def description(self, value: Any, path: str) -> str:
        """Return a description: any lines, without control characters except tab and line feed; "" if not given."""
        text = self.text(value, path, at_most=MAX_DESCRIPTION_CHARACTERS) or ""
        if NOT_IN_LINES.search(text):
            self.refuse(path, "must not contain control characters other than tab and line feed")
            return ""
        return text

    def text(self, value: Any, path: str, *, at_most: int) -> str | None:
        """Return a text of so many characters; None if not given or wrong."""
        if value is None:
            return None
        if not isinstance(value, str):
            quotes = "; put it in quotes" if isinstance(value, int | float) else ""
            self.refuse(path, f"must be text, not {kind_of(value)}{quotes}")
            return None
        if len(value) > at_most:
            self.refuse(path, f"has {len(value)} characters; the maximum is {at_most}")
            return None
        return value

    def boolean(self, value: Any, path: str) -> bool | None:
        """Return a boolean; None if not given or wrong."""
        if value is None or isinstance(value, bool):
            return value
        self.refuse(path, f"must be true or false, not {kind_of(value)}")
        return None

    def count(self, value: Any, path: str) -> int | None:
        """Return a whole number, 0 or more; None if not given or wrong."""
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
            return value
        self.refuse(path, "must be a whole number, 0 or more")
        return None

    def one_of(self, value: Any, path: str, choices: Collection[str], what: str) -> str | None:
        """Return one of the choices; None if not given or wrong."""
        if value is None:
            return None
        if isinstance(value, str) and value in choices:
            return value
        if not isinstance(value, str):
            self.refuse(path, f"must be {what}, not {kind_of(value)}")
        else:
            self.refuse(path, f"{quote_text(value)} is not {what}{self.suggestion(value, choices)}")
        return None


def read_required_name(given: str) -> str:
    """Return the name that a body gives, without blanks around it; ValidationFailed when it is none."""
    reader = Reader()
    name = reader.name(given.strip(), "name")
    if not given.strip():
        reader.refuse("name", "must not be empty")
    if reader.problems:
        raise ValidationFailed(reader.problems)
    return name


KEY_RULE = (
    f"is not a valid key: use a-z, 0-9 and single dashes, starting with a letter, at most {MAX_KEY_LENGTH} characters"
)


def find_key_problem(key: str) -> str | None:
    """Return the problem with a key, as words that follow it; None if it is valid."""
    return None if is_key(key) else KEY_RULE


def suggestion(word: str, known: Collection[str]) -> str:
    """Return `; did you mean "..."?`, or "" if nothing is similar."""
    near = difflib.get_close_matches(word[:MAX_KEY_LENGTH], sorted(known)[:MAX_SUGGESTED_FROM], 1)
    return f"; did you mean {quote_text(near[0])}?" if near else ""


MAX_SUGGESTED_FROM = 500
MOST_SUGGESTIONS = 10  # of one document
