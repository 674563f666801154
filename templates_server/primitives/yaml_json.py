"""Documents as people write them, in YAML 1.2 (core schema) or JSON: read into plain values, and written as YAML.

A document is data: mappings with string keys, lists, strings, numbers, booleans, null. What YAML has beyond that
(anchors, aliases, tags, several documents) and what no two readers agree on (duplicate keys, NaN, lone surrogates, NUL)
is refused. What a document means is not known here.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

import yaml

from templates_server.errors import BadRequest
from templates_server.primitives.json_depth import check_depth

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's parser wherever PyYAML was built with it
LARGEST_INTEGER = 2**63 - 1
MAX_INTEGER_DIGITS = 25
LINE_BREAK = re.compile(r"\r\n|\r|\n")

# YAML 1.2.2, 10.3.2
NULL = re.compile(r"(?:null|Null|NULL|~|)")
BOOLEAN = re.compile(r"(?:true|True|TRUE|false|False|FALSE)")
INTEGER = re.compile(r"[-+]?[0-9]+")
OCTAL = re.compile(r"0o[0-7]+")
HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
NOT_FINITE = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.nan|\.NaN|\.NAN)")


class _Refusal(Exception):
    """A value that cannot be taken; the message says why, the place is known to the caller."""


def read_json(body: bytes, *, max_depth: int) -> Any:
    """Return the value of a JSON document; BadRequest with line and column if it cannot be read."""
    check_depth(body, max_depth)
    try:
        value = json.loads(
            body.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_int=_integer
        )
        _refuse_strange(value)
    except UnicodeDecodeError:
        raise BadRequest("The document is not valid UTF-8.") from None
    except json.JSONDecodeError as error:
        raise BadRequest(
            f"The document is not valid JSON: line {error.lineno}, column {error.colno}: {error.msg}."
        ) from None
    except _Refusal as refusal:
        raise BadRequest(f"Invalid document: {refusal}.") from None
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _Refusal(f"the key {quote_text(twice)} appears twice in one object")
    return mapping


def _refuse_constant(name: str) -> NoReturn:
    raise _Refusal(f"{name} is not a valid JSON number")


def _integer(digits: str, number_base: int = 10) -> int:
    if len(digits) <= MAX_INTEGER_DIGITS and abs(number := int(digits, number_base)) <= LARGEST_INTEGER:
        return number
    raise _Refusal("an integer has more than 64 bits")


def _refuse_strange(value: Any) -> None:
    """Raise for what JSON can say but a document may not: infinite numbers, NUL, half a surrogate pair."""
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise _Refusal("a number is too large")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_text(key)
            _refuse_strange(item)
    elif isinstance(value, list):
        for item in value:
            _refuse_strange(item)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise _Refusal(f"the text {quote_text(text)} contains a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _Refusal(f"the text {quote_text(text)} contains half a surrogate pair") from None


def quote_text(text: str, max_characters: int = 60) -> str:
    """Return a text in quotes for a message, shortened if it is long."""
    start = text if len(text) <= max_characters else text[: max_characters - 1] + "…"
    return json.dumps(start, ensure_ascii=False).encode(errors="backslashreplace").decode()


def read_yaml(body: bytes, *, max_depth: int) -> Any:
    """Return the value of a YAML document; BadRequest with line and column if it cannot be read."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequest(f"The document is not valid UTF-8: line {body[: error.start].count(10) + 1}.") from None
    try:
        return _Composer(yaml.parse(text, LOADER), max_depth).document()
    except yaml.MarkedYAMLError as error:
        raise BadRequest(f"The document is not valid YAML: {_place(error.problem_mark)}{_problem(error)}.") from None
    except yaml.reader.ReaderError as error:
        place = f"line {body[: error.position].count(10) + 1}: " if isinstance(error.position, int) else ""
        raise BadRequest(f"The document is not valid YAML: {place}{error.reason}.") from None


def _problem(error: yaml.MarkedYAMLError) -> str:
    return ", ".join(part for part in (error.context, error.problem) if part) or "it cannot be read"


def _place(mark: Any) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""


class _Composer:
    """Makes the value of a document from the events of a YAML parser, as they come: nothing is read beyond a fault."""

    def __init__(self, events: Iterator[Any], max_depth: int) -> None:
        self._events = events
        self._max_depth = max_depth

    def document(self) -> Any:
        """Return the value of the only document; null for an empty stream."""
        next(self._events)  # the start of the stream
        start = next(self._events)
        if isinstance(start, yaml.StreamEndEvent):
            return None
        if start.tags or (start.version and start.version != (1, 2)):
            self._refuse(start, "directives other than %YAML 1.2 are not supported")
        value = self._value(next(self._events), depth=0)
        next(self._events)  # the end of the document
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            self._refuse(after, "only one document is allowed")
        return value

    def _value(self, event: Any, *, depth: int) -> Any:
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, "aliases are not supported")
        if event.anchor is not None:
            self._refuse(event, "anchors are not supported")
        if event.tag is not None:
            self._refuse(event, "tags are not supported")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if depth == self._max_depth:
            self._refuse(event, f"the nesting is deeper than {self._max_depth} levels")
        return (
            self._mapping(depth + 1) if isinstance(event, yaml.MappingStartEvent) else list(self._sequence(depth + 1))
        )

    def _sequence(self, depth: int) -> Iterator[Any]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._value(event, depth=depth)

    def _mapping(self, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._value(event, depth=depth)
            if not isinstance(key, str):
                self._refuse(event, "a key must be text: put it in quotes")
            if key in mapping:
                self._refuse(event, f"the key {quote_text(key)} appears twice")
            mapping[key] = self._value(next(self._events), depth=depth)
        return mapping

    def _scalar(self, event: Any) -> Any:
        try:
            _check_text(event.value)
            return resolve(event.value) if event.implicit[0] else event.value
        except _Refusal as refusal:
            self._refuse(event, str(refusal))

    def _refuse(self, event: Any, message: str) -> NoReturn:
        raise BadRequest(f"Invalid document: {_place(event.start_mark)}{message}.")


def resolve(plain: str) -> Any:
    """Return the value of a plain scalar in the core schema."""
    if not plain or plain[0] in "nN~tTfF":
        if NULL.fullmatch(plain):
            return None
        if BOOLEAN.fullmatch(plain):
            return plain[0] in "tT"
        return plain
    if plain[0] in "+-.0123456789":
        return _number(plain)
    return plain


def _number(plain: str) -> Any:
    if INTEGER.fullmatch(plain):
        return _integer(plain)
    if OCTAL.fullmatch(plain):
        return _integer(plain, 8)
    if HEXADECIMAL.fullmatch(plain):
        return _integer(plain, 16)
    if FLOAT.fullmatch(plain):
        if math.isfinite(number := float(plain)):
            return number
        raise _Refusal("a number is too large")
    if NOT_FINITE.fullmatch(plain):
        raise _Refusal(f"{plain} is not a supported number; put it in quotes if it is text")
    return plain


# Writing

MAX_FLOW_CHARACTERS = 100
INDENT = "  "
PLAIN = re.compile(r"[^\W_](?:[\w \-./()'+;!?%,]*[\w\-./()'+;!?%])?")
PLAIN_IN_FLOW = re.compile(r"[^\W_](?:[\w \-./()'+;]*[\w\-./()'+;])?")
READ_OTHERWISE_ELSEWHERE = re.compile(
    r"(?:y|n|yes|no|on|off|[0-9][0-9_,.:\-+eETtZz ]*|0[bBoOxX][0-9a-fA-F_]+)", re.IGNORECASE
)
UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]|[\U00010000-\U0010ffff]")


def write_yaml(value: Mapping[str, Any]) -> str:
    """Return a mapping as a YAML document: block style, keys in order, quotes where any reader might need them.

    `read_yaml` gives the same value back.
    """
    return "".join(f"{line}\n" for line in _mapping_lines(value)) or "{}\n"


def _mapping_lines(mapping: Mapping[str, Any]) -> Iterator[str]:
    for key, value in mapping.items():
        yield from _entry_lines(f"{_text(key, PLAIN)}:", value)


def _entry_lines(head: str, value: Any) -> Iterator[str]:
    """Return the lines of a value after a head: on the same line if it is short, below it otherwise."""
    if isinstance(value, Mapping) and value:
        yield head
        yield from (INDENT + line for line in _mapping_lines(value))
    elif isinstance(value, Sequence) and not isinstance(value, str) and not _fits(head, value):
        yield head
        yield from (INDENT + line for line in _sequence_lines(value))
    else:
        yield f"{head} {_inline(value)}"


def _sequence_lines(sequence: Sequence[Any]) -> Iterator[str]:
    for value in sequence:
        if isinstance(value, Mapping) and value:
            for number, line in enumerate(_mapping_lines(value)):
                yield (INDENT if number else "- ") + line
        else:
            yield from _entry_lines("-", value)


def _fits(head: str, sequence: Sequence[Any]) -> bool:
    if any(isinstance(value, Mapping | list | tuple) for value in sequence):
        return False
    return len(head) + len(_inline(sequence)) < MAX_FLOW_CHARACTERS


def _inline(value: Any) -> str:
    if isinstance(value, str):
        return _text(value, PLAIN)
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, Sequence):
        return (
            f"[{', '.join(_text(item, PLAIN_IN_FLOW) if isinstance(item, str) else _inline(item) for item in value)}]"
        )
    return json.dumps(value, allow_nan=False)


def _text(text: str, plain: re.Pattern[str]) -> str:
    if plain.fullmatch(text) and _means_itself(text) and not READ_OTHERWISE_ELSEWHERE.fullmatch(text):
        return text
    return UNPRINTABLE.sub(_escape, json.dumps(text, ensure_ascii=False))


def _means_itself(plain: str) -> bool:
    """Return whether a plain scalar is read as its own text."""
    try:
        return bool(resolve(plain) == plain)
    except _Refusal:
        return False


def _escape(match: re.Match[str]) -> str:
    """Return the escape of a character in double quotes; above U+FFFF only the last two of each plane need one."""
    point = ord(match[0])
    if point <= 0xFFFF:  # noqa: PLR2004 - the end of the basic plane
        return f"\\u{point:04x}"
    return f"\\U{point:08x}" if point & 0xFFFE == 0xFFFE else match[0]  # noqa: PLR2004 - noncharacters
