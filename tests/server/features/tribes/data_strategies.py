"""Events with data, and rules with conditions on it, as hypothesis makes them: few keys and values, often equal."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import strategies as st

from templates_server.features.people.profile_parser import find_attribute_name_problem
from templates_server.features.tribes.data_parser import OPERATORS
from templates_server.features.tribes.model import Operator
from templates_server.features.tribes.parser import OF_MANY, OF_TEXT, WITHOUT_VALUE
from tests.server.features.tribes.hostile import HOSTILE
from tests.server.features.tribes.oracle import Happened, History
from tests.server.features.tribes.strategies import (
    COMMON,
    EVENT_FILTER,
    EVENTS,
    NOONS,
    NUMBERS,
    OF_NUMBERS,
    Filters,
    Rule,
    collect_examples,
    event_filters,
    filters,
    frequencies,
    mostly_number,
    mostly_text,
    numbers,
    texts,
    timeframes,
    tribes,
    values_of,
)

KEYS = ("plan", "price", "amount", "a.b", 'quo"te', "back\\slash", "日本", "$", "[0]", "0", "-1", "%s", "?", "é", " ")
USUAL_PATHS = (("plan",), ("price", "amount"), ('quo"te', "plan"))
USUAL_VALUES = (*COMMON, *NUMBERS[:5], True, False, 18.5, "18")
HOSTILE_KEYS = tuple(text for text in HOSTILE if find_attribute_name_problem(text) is None)
STORED = (  # texts that no encoder of doubles writes, and objects that are none
    '{"plan": 1e400}', '{"plan": -1e400}', '{"price": {"amount": 1e-400}}', '{"plan": -1e-400}',
    f'{{"plan": {10**400}}}', f'{{"price": {{"amount": -{10**400}}}}}', '{"plan": 123456789012345678901234567890}',
    '{"plan": 18446744073709551615}', '{"plan": -9223372036854775809}', '{"plan": 1.00}', '{"plan": -0}',
    '{"plan": -0.0}', '{"plan": 1E0}', '{"plan": 10e-1}', '{"plan": 9007199254740993}', '{"plan": 9007199254740993.0}',
    '{"plan": "\\u0067old"}', '{"plan": "1e400"}', '[{"plan": "gold"}]', '"plan"', "1", "true", "null", "[]", "{}",
    '{"price": [{"amount": 1}]}', '{"price": "{\\"amount\\": 1}"}', '{"quo\\"te": "{\\"plan\\": 1}"}',
    '{"0": ["gold"], "plan": {"0": "gold"}}', '{"price": [1, 2], "plan": null}',
)  # fmt: skip

keys = st.sampled_from(KEYS[:3] * 4 + KEYS)
values = st.recursive(
    mostly_text | mostly_number | st.none(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)
data = st.dictionaries(keys | st.sampled_from(HOSTILE_KEYS) | texts, values, max_size=4)
paths = st.one_of(
    st.sampled_from(USUAL_PATHS),
    st.sampled_from(USUAL_PATHS),
    st.lists(keys, min_size=1, max_size=3),
    st.lists(keys | st.sampled_from(HOSTILE_KEYS), min_size=1, max_size=8),
).map(list)


def encode(value: Any) -> str:
    """As the server stores it."""
    return msgspec.json.encode(value, order="deterministic").decode()


def usual_data() -> Iterator[str]:
    """Each usual value at the end of each usual path, and in places where a path does not lead."""
    for value in (*USUAL_VALUES, None):
        yield encode({"plan": value, "price": {"amount": value}, 'quo"te': {"plan": value}})
        yield encode({"plan": [value], "price": [{"amount": value}], 'quo"te': [{"plan": value}]})
        yield encode({"plan": {"plan": value}, "price": value, 'quo"te': value, "amount": value})
    yield from STORED


def add_data(people: Sequence[History]) -> list[History]:
    """The same people, whose events have data, and who have done what rules ask for twice more."""
    pool = [encode(each) for each in collect_examples(data, len(people) * 4)]
    usual = list(usual_data())
    found = []
    for person in people:
        own = itertools.islice(itertools.cycle(pool), person.number * 4, None)
        events = [dataclasses.replace(event, data=each) for event, each in zip(person.events, own, strict=False)]
        for number in range(2):
            at = NOONS[0] - timedelta(hours=1 + number)
            stored = usual[(person.number * 2 + number) % len(usual)]
            events.append(Happened(EVENTS[0], at, None, stored))
        found.append(dataclasses.replace(person, events=tuple(events)))
    return found


def conditions(operator: Operator) -> Filters:
    """A condition on the data of an event, by that operator."""
    if operator in WITHOUT_VALUE:
        return st.fixed_dictionaries({"path": paths, "operator": st.just(operator.value)})
    value = st.lists(numbers, min_size=2, max_size=2).map(sorted) if operator is Operator.BETWEEN else None
    return st.fixed_dictionaries(
        {"path": paths, "operator": st.just(operator.value), "value": values_of(operator) if value is None else value}
    )


def data_filters(operator: Operator) -> Filters:
    """Event filters with a condition by that operator, and up to two others."""
    usual = event_filters(st.sampled_from(["any", {"more_than": 1}, {"exactly": 1}]), st.just("any_time"))
    any_one = event_filters(st.one_of(*frequencies.values()), st.one_of(*timeframes.values()))
    others = st.lists(st.sampled_from(OPERATORS).flatmap(conditions), max_size=2)
    several = st.builds(lambda one, more: [one, *more], conditions(operator), others)
    listed = conditions(operator).map(lambda one: [one])
    wanted = listed | listed | several
    return st.builds(lambda event, data: {**event, "data": data}, usual | usual | any_one, wanted)


def generate_data_rules(number: int) -> list[Rule]:
    """At least so many rules, as many of every operator, and some beside other filters."""
    any_operator = st.sampled_from(OPERATORS).flatmap(data_filters)
    kinds = [*(tribes(data_filters(operator)) for operator in OPERATORS), tribes(any_operator | filters, most=4)]
    return [rule for kind in kinds for rule in collect_examples(kind, -(-number // len(kinds)))]


def border_data_rules() -> list[Rule]:
    """Every operator with every usual value, at the end of every usual path."""
    found = [{"path": list(path), **rule} for rule in _border_conditions() for path in USUAL_PATHS]
    singles = [{**EVENT_FILTER, "data": [each]} for each in found]
    return [({"audience": "all", "match": "all", "filters": [each]}, NOONS[0]) for each in singles]


def _border_conditions() -> Iterator[dict[str, Any]]:
    for operator in sorted(WITHOUT_VALUE):
        yield {"operator": operator.value}
    for value, operator in itertools.product(
        USUAL_VALUES, (Operator.EQUALS, Operator.NOT_EQUALS, Operator.IN, Operator.NOT_IN)
    ):
        yield {"operator": operator.value, "value": [value] if operator in OF_MANY else value}
    for operator in (Operator.IN, Operator.NOT_IN):
        yield {"operator": operator.value, "value": ["gold", 1, True]}
    for text, operator in itertools.product(filter(None, COMMON), sorted(OF_TEXT)):
        yield {"operator": operator.value, "value": text}
    for operator, value in ((Operator.EQUALS, 2**53), (Operator.IN, [2**53]), (Operator.LESS_OR_EQUAL, 2**53)):
        yield {"operator": operator.value, "value": value}  # of the same double as what is stored
    for number, operator in itertools.product((0, 1, 2, 18, -1.5), sorted(OF_NUMBERS)):
        yield {"operator": operator.value, "value": [number, 18] if operator is Operator.BETWEEN else number}
