"""Conditions on event data in documents: parsed, with the path of every problem. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from templates_server.features.people.profile_parser import find_attribute_name_problem
from templates_server.features.tribes.model import Comparison, Operator, Source, source_in_data
from templates_server.primitives.validation import Reader, join, kind_of

MOST_CONDITIONS = 3  # of an event filter
MOST_STEPS = 8  # of a path
CONDITION_KEYS = ("path", "operator", "value")
OPERATORS = (
    Operator.EXISTS,
    Operator.NOT_EXISTS,
    Operator.EQUALS,
    Operator.NOT_EQUALS,
    Operator.IN,
    Operator.NOT_IN,
    Operator.CONTAINS,
    Operator.NOT_CONTAINS,
    Operator.STARTS_WITH,
    Operator.ENDS_WITH,
    Operator.GREATER_THAN,
    Operator.GREATER_OR_EQUAL,
    Operator.LESS_THAN,
    Operator.LESS_OR_EQUAL,
    Operator.BETWEEN,
)
"""The operators of scalars, texts and numbers: data has no dates."""
PATH_RULE = "must be a list of keys, such as [price, amount]"

ReadValue = Callable[[Comparison, Any, str], Comparison | None]
"""A parser of the value of a comparison, at a path; None when it is invalid."""


def read_data(reader: Reader, value: Any, path: str, read_value: ReadValue) -> tuple[Comparison, ...]:
    """Return the conditions, all of which must hold for one event."""
    conditions = []
    for item, place in reader.sequence(value, path, at_most=MOST_CONDITIONS):
        read = _condition(reader, item, place, read_value)
        if read is not None:
            conditions.append(read)
    return tuple(conditions)


def _condition(reader: Reader, value: Any, path: str, read_value: ReadValue) -> Comparison | None:
    if not isinstance(value, dict):
        reader.refuse(path, f"must be a mapping with {', '.join(CONDITION_KEYS)}, not {kind_of(value)}")
        return None
    given = reader.mapping(value, path, CONDITION_KEYS)
    source = _source(reader, given, join(path, "path"))
    operator = _operator(reader, given, join(path, "operator"))
    if source is None or operator is None:
        return None
    return _compared(reader, read_value, Comparison(source, operator), given.get("value"), join(path, "value"))


def _source(reader: Reader, given: Mapping[str, Any], path: str) -> Source | None:
    keys = given.get("path")
    if not isinstance(keys, list):
        reader.refuse(path, f"{PATH_RULE}, not {kind_of(keys)}" if "path" in given else f"is required and {PATH_RULE}")
        return None
    if not keys:
        reader.refuse(path, f"{PATH_RULE}; the list is empty")
    steps = [_step(reader, key, place) for key, place in reader.sequence(keys, path, at_most=MOST_STEPS)]
    found = tuple(step for step in steps if step is not None)
    return source_in_data(found) if found and len(found) == len(keys) else None


def _step(reader: Reader, key: Any, path: str) -> str | None:
    if not isinstance(key, str):
        reader.refuse(path, f"must be an object key, as text, not {kind_of(key)}: items of lists cannot be addressed")
        return None
    problem = find_attribute_name_problem(key)
    if problem is not None:
        reader.refuse(path, problem)
        return None
    return key


def _operator(reader: Reader, given: Mapping[str, Any], path: str) -> Operator | None:
    word = given.get("operator")
    if word is None:
        reader.refuse(path, "is required: specify how to compare the value")
        return None
    if word in tuple(Operator) and word not in OPERATORS:
        reader.refuse(path, f"{word} does not apply to data, which has no dates: choose from {', '.join(OPERATORS)}")
        return None
    known = reader.one_of(word, path, OPERATORS, "an operator")
    return None if known is None else Operator(known)


def _compared(
    reader: Reader, read_value: ReadValue, comparison: Comparison, value: Any, path: str
) -> Comparison | None:
    read = read_value(comparison, value, path)
    if read is not None and read.moments:
        reader.refuse(path, "must be two numbers: data has no dates")
        return None
    return read
