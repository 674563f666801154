"""Texts that are hard for a pattern, made from the pattern itself: what it repeats, after what it expects before."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

PARSER: Any = re._parser
CONSTANTS: Any = re._constants
MOST_ALTERNATIVES = 6
MOST_ATOMS = 14
MOST_OF_A_CLASS = 3
MOST_REPEATED = 40
USUAL = ("a", "0", " ", '"', "\\", "\n", ",")
MISFITS = ("", "\x00", "!", "\n", "a")

Input = Callable[[int], str]
"""A text of about so many characters."""


def atoms_of(pattern: re.Pattern[Any]) -> list[str]:
    """Return short texts that the parts of a pattern match: literals, members of classes, bodies of repeats."""
    found: dict[str, None] = {}
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    parsed = PARSER.parse(source, pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags)
    for text in itertools.chain([_sample(parsed)], _parts(parsed)):
        if text:
            found.setdefault(text[:MOST_REPEATED])
    return list(found)


def inputs_of(pattern: re.Pattern[Any], *, thorough: bool) -> Iterator[tuple[str, Input]]:
    """Return hard texts with a description each: a part over and over, after another one, before what does not fit."""
    own = atoms_of(pattern)
    chosen = [*own[:MOST_ATOMS], *USUAL] if thorough else [*own[: MOST_ATOMS // 2], "a", '"', " "]
    atoms = list(dict.fromkeys(chosen))
    misfits = MISFITS if thorough else ("", "\x00", "a")
    for repeated in atoms:
        for misfit in misfits:
            yield f"{repeated!r} * n + {misfit!r}", _text("", repeated, misfit)
    for first, repeated in itertools.permutations(atoms, 2):
        for misfit in misfits if thorough else ("", "\x00"):
            yield f"{first!r} + {repeated!r} * n + {misfit!r}", _text(first, repeated, misfit)
        yield f"({first!r} + {repeated!r}) * n + '\\0'", _text("", first + repeated, "\x00")
        if thorough:
            yield f"{first!r} * n + {repeated!r} * n", _halves(first, repeated)


def _text(first: str, repeated: str, misfit: str) -> Input:
    return lambda length: first + repeated * (length // len(repeated)) + misfit


def _halves(first: str, second: str) -> Input:
    return lambda length: first * (length // 2 // len(first)) + second * (length // 2 // len(second)) + "\x00"


def _parts(parsed: Any) -> Iterator[str]:
    """What each part by itself matches, and what stands before it with it."""
    before = ""
    for code, argument in parsed:
        yield from _own(code, argument)
        text = _sample([(code, argument)])
        if before and text:
            yield before + text
        before += text
    if len(parsed) > 1:
        yield before


def _own(code: Any, argument: Any) -> Iterator[str]:
    """The parts of a part."""
    name = str(code)
    if name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        yield from _parts(argument[2])
        yield _sample(argument[2]) or ""
    elif name == "SUBPATTERN":
        yield from _parts(argument[3])
    elif name == "ATOMIC_GROUP":
        yield from _parts(argument)
    elif name == "BRANCH":
        for branch in argument[1][:MOST_ALTERNATIVES]:
            yield from _parts(branch)
    elif name in {"ASSERT", "ASSERT_NOT"}:
        yield from _parts(argument[1])
    elif name == "IN":
        yield from _members(argument)
    else:
        yield _sample([(code, argument)])


def _sample(parsed: Any) -> str:
    """A short text that a sequence of parts matches, as far as that is easily told."""
    return "".join(_sample_of(str(code), argument) for code, argument in parsed)


def _sample_of(name: str, argument: Any) -> str:
    if name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        least: int = argument[0]
        return _sample(argument[2]) * min(max(least, 1), MOST_REPEATED)
    if name == "LITERAL":
        return chr(argument)
    samples: dict[str, Callable[[], str]] = {
        "NOT_LITERAL": lambda: _outside([argument]),
        "ANY": lambda: "a",
        "IN": lambda: next(_members(argument), ""),
        "SUBPATTERN": lambda: _sample(argument[3]),
        "ATOMIC_GROUP": lambda: _sample(argument),
        "BRANCH": lambda: _sample(argument[1][0]),
    }
    return samples[name]() if name in samples else ""


def _members(members: Sequence[Any]) -> Iterator[str]:
    """Some characters of a class."""
    if str(members[0][0]) == "NEGATE":
        pattern = _class_pattern(members)
        yield from itertools.islice((each for each in _CANDIDATES if pattern(each)), MOST_OF_A_CLASS)
        return
    for code, argument in members[: MOST_OF_A_CLASS * 2]:
        name = str(code)
        if name == "LITERAL":
            yield chr(argument)
        elif name == "RANGE":
            yield chr(argument[0])
        elif name == "CATEGORY":
            yield _CATEGORIES.get(str(argument), "a")


_CANDIDATES = ("a", " ", "0", ";", "=", "\\", '"', "/", ".", "-", "\n", "\u20ac")
_CATEGORIES = {
    "CATEGORY_SPACE": " ",
    "CATEGORY_DIGIT": "0",
    "CATEGORY_WORD": "a",
    "CATEGORY_NOT_SPACE": "a",
    "CATEGORY_NOT_DIGIT": "a",
    "CATEGORY_NOT_WORD": "-",
}


def _class_pattern(members: Sequence[Any]) -> Callable[[str], bool]:
    """Whether a negated class has a character."""
    literals = {chr(argument) for code, argument in members if str(code) == "LITERAL"}
    ranges = [argument for code, argument in members if str(code) == "RANGE"]
    categories = {str(argument) for code, argument in members if str(code) == "CATEGORY"}

    def has(character: str) -> bool:
        is_space = "CATEGORY_SPACE" in categories and character.isspace()
        is_word = "CATEGORY_WORD" in categories and (character.isalnum() or character == "_")
        in_ranges = any(first <= ord(character) <= last for first, last in ranges)
        return not (character in literals or in_ranges or is_space or is_word)

    return has


def _outside(points: Sequence[int]) -> str:
    return next(each for each in _CANDIDATES if ord(each) not in points)
