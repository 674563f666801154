"""Tribes as a document: read, with every problem by its path. Pure. Written back by `writing`.

Any operator may be asked of any attribute: who has no value of its type does not match. Values are checked for what
the operator compares; dates are parsed here, once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from templates_server.checks import Reader, join, kind_of, suggestion
from templates_server.documents import shown
from templates_server.errors import Problem, ValidationFailed
from templates_server.persons.profiles import Scalar, canonical
from templates_server.persons.reading import (
    MAX_ATTRIBUTE_CHARACTERS,
    MAX_ATTRIBUTE_NAME_CHARACTERS,
    problem_of_attribute_name,
    problem_of_tag,
)
from templates_server.tribes.rules import (
    ATTRIBUTE_PREFIX,
    CONTEXTUAL_PREFIX,
    DATE_FIELDS,
    TEXT_FIELDS,
    Audience,
    Behaviour,
    Comparison,
    Condition,
    Done,
    EventQuestion,
    Filter,
    Frequency,
    FrequencyKind,
    Match,
    Moment,
    Operator,
    Origin,
    Source,
    Tagged,
    Timeframe,
    TimeframeKind,
    Tribe,
    Tribes,
    read_moment,
)

MOST_TRIBES = 1000  # of a Space
MOST_TRIBES_A_CATEGORY = 50
MOST_FILTERS = 10  # of a tribe
MOST_VALUES = 100  # of a filter
MOST_PAIRS = 3  # of metadata
MAX_EVENT_NAME_CHARACTERS = 128
MAX_PAIR_KEY_CHARACTERS = 64
MAX_PAIR_VALUE_CHARACTERS = 1024
MAX_MOMENT_CHARACTERS = 64
MOST_DAYS = 36_500
MOST_TIMES = 1_000_000
EVENT_NAME = re.compile(r"[^/\x00-\x1f\x7f-\x9f]+/[^/\x00-\x1f\x7f-\x9f]+")

DOCUMENT_KEYS = ("space", "revision", "tribes")
TRIBE_KEYS = ("name", "description", "category", "audience", "match", "filters")
KINDS = ("attribute", "contextual", "behaviour", "tag", "event")
COMPARED_KEYS = ("operator", "value")
EVENT_KEYS = ("event", "condition", "frequency", "timeframe", "metadata")
WITHOUT_VALUE = frozenset({Operator.EXISTS, Operator.NOT_EXISTS})
OF_TEXT = frozenset({Operator.CONTAINS, Operator.NOT_CONTAINS, Operator.STARTS_WITH, Operator.ENDS_WITH})
OF_MANY = frozenset({Operator.IN, Operator.NOT_IN})
OF_SCALARS = frozenset({Operator.EQUALS, Operator.NOT_EQUALS})
OF_DAYS = frozenset({Operator.LESS_THAN_DAYS_AGO, Operator.MORE_THAN_DAYS_AGO})
OF_DATES = frozenset({Operator.BEFORE, Operator.AFTER, Operator.ON_DAY})
DATE_RULE = "is not a date such as 2027-04-30 or 2027-04-30T22:00:00Z (RFC 3339, with its offset)"


def read_tribes(document: Any, *, space: str) -> Tribes:
    """The tribes of a document; ValidationFailed with every problem."""
    tribes, problems = parse_tribes(document, space=space)
    if problems:
        raise ValidationFailed(problems)
    return tribes


def parse_tribes(document: Any, *, space: str) -> tuple[Tribes, list[Problem]]:
    """What can be made of a document, without the tribes in which something is wrong, and all that is wrong."""
    parser = _Parser()
    return parser.tribes(document, space), parser.reader.problems


def read_tribe(document: Any, *, key: str) -> Tribe:
    """One tribe by itself; ValidationFailed with every problem."""
    parser = _Parser()
    given = dict(document) if isinstance(document, dict) else document
    if isinstance(given, dict):
        named, revision = given.pop("key", None), given.pop("revision", None)
        if named not in {None, key}:
            parser.reader.refuse("key", f"must be {shown(key)}, the tribe that this is sent to")
        parser.reader.count(revision, "revision")
    tribe = parser.tribe(key, given, "")
    if parser.reader.problems:
        raise ValidationFailed(parser.reader.problems)
    return tribe


class _Parser:
    """Reads one document."""

    def __init__(self) -> None:
        self.reader = Reader()

    def tribes(self, document: Any, space: str) -> Tribes:
        given = self.reader.mapping(document, "", DOCUMENT_KEYS)
        if given.get("space", space) != space:
            self.reader.refuse("space", f"must be {shown(space)}, the Space that this is sent to")
        self.reader.count(given.get("revision"), "revision")
        read = {}
        for key, value, path in self.reader.by_key(given.get("tribes"), "tribes", at_most=MOST_TRIBES):
            before = len(self.reader.problems)
            tribe = self.tribe(key, value, path)
            if len(self.reader.problems) == before:
                read[key] = tribe
        self._check_categories(read)
        return read

    def _check_categories(self, tribes: Tribes) -> None:
        for category, number in Counter(tribe.category for tribe in tribes.values()).items():
            if number > MOST_TRIBES_A_CATEGORY:
                name = f"the category {shown(category)}" if category else "those without a category"
                message = f"{name} has {number} tribes; at most {MOST_TRIBES_A_CATEGORY} are possible"
                self.reader.refuse("tribes", message)

    def tribe(self, key: str, value: Any, path: str) -> Tribe:
        """One tribe, as far as it is right."""
        reader = self.reader
        given = reader.mapping(value, path, TRIBE_KEYS)
        audience = reader.one_of(given.get("audience"), join(path, "audience"), tuple(Audience), "an audience")
        match = reader.one_of(given.get("match"), join(path, "match"), tuple(Match), "any or all")
        tribe = Tribe(
            key,
            reader.name(given.get("name"), join(path, "name")) or key,
            reader.description(given.get("description"), join(path, "description")),
            reader.name(given.get("category"), join(path, "category")),
            Audience(audience or Audience.ALL),
            Match(match or Match.ALL),
            self._filters(given.get("filters"), join(path, "filters")),
        )
        if tribe.match is Match.ANY and not given.get("filters"):
            reader.refuse(join(path, "filters"), "must have at least one filter, as one of them must match")
        return tribe

    def _filters(self, value: Any, path: str) -> tuple[Filter, ...]:
        filters = []
        for item, place in self.reader.sequence(value, path, at_most=MOST_FILTERS):
            read = self._filter(item, place)
            if read is not None:
                filters.append(read)
        return tuple(filters)

    def _filter(self, value: Any, path: str) -> Filter | None:
        kinds = [kind for kind in KINDS if isinstance(value, dict) and kind in value]
        if len(kinds) != 1:
            found = f"not {kind_of(value)}" if not isinstance(value, dict) else _strange(value, kinds)
            self.reader.refuse(path, f"must be a filter with one of {', '.join(KINDS)}, {found}")
            return None
        if kinds == ["event"]:
            return self._done(value, path)
        if kinds == ["tag"]:
            return self._tagged(value, path)
        return self._comparison(Origin(kinds[0]), value, path)

    # Values of a person

    def _given(self, value: Any, path: str, keys: Sequence[str]) -> Mapping[str, Any]:
        """What is given in a filter, of which the first key must be."""
        given = self.reader.mapping(value, path, keys)
        if keys[0] not in given:
            self.reader.refuse(join(path, keys[0]), "must not be empty")
        return given

    def _comparison(self, kind: Origin, value: Any, path: str) -> Comparison | None:
        given = self._given(value, path, (kind, *COMPARED_KEYS))
        source = SOURCES[kind](self, given.get(kind), join(path, kind))
        word = self.reader.one_of(given.get("operator"), join(path, "operator"), tuple(Operator), "an operator")
        if "operator" not in given:
            self.reader.refuse(join(path, "operator"), "is missing: say how the value is compared")
        if source is None or word is None:
            return None
        return self._compared(Comparison(source, Operator(word)), given.get("value"), join(path, "value"))

    def _compared(self, comparison: Comparison, value: Any, path: str) -> Comparison | None:
        """The comparison with what it compares with."""
        source, operator = comparison.source, comparison.operator
        if operator in WITHOUT_VALUE:
            if value is not None:
                self.reader.refuse(path, f"must not be given: {operator} compares with nothing")
            return comparison
        if value is None:
            self.reader.refuse(path, f"is missing: {operator} needs something to compare with")
            return None
        if operator in OF_DAYS:
            return Comparison(source, operator, days=self._whole(value, path, at_most=MOST_DAYS))
        if operator in OF_DATES:
            moment = self._moment(value, path)
            return None if moment is None else Comparison(source, operator, moments=(moment,))
        if operator is Operator.BETWEEN:
            return self._range(comparison, value, path)
        return Comparison(source, operator, self._values(operator, value, path))

    def _values(self, operator: Operator, value: Any, path: str) -> tuple[Scalar, ...]:
        if operator in OF_MANY:
            if value == []:
                self.reader.refuse(path, "must have at least one value")
            items = self.reader.sequence(value, path, at_most=MOST_VALUES)
            found = [self._scalar(item, place) for item, place in items]
        elif operator in OF_TEXT:
            found = [self._part(value, path)]
        elif operator in OF_SCALARS:
            found = [self._scalar(value, path)]
        else:
            found = [self._number(value, path)]
        return tuple(one for one in found if one is not None)

    def _scalar(self, value: Any, path: str) -> Scalar | None:
        if isinstance(value, str):
            return self.reader.text(value, path, at_most=MAX_ATTRIBUTE_CHARACTERS)
        if isinstance(value, bool | int | float):
            return canonical(value)
        self.reader.refuse(path, f"must be text, a number, true or false, not {kind_of(value)}")
        return None

    def _part(self, value: Any, path: str) -> str | None:
        if value == "":
            self.reader.refuse(path, "must not be empty: every text holds it")
        return self.reader.text(value, path, at_most=MAX_ATTRIBUTE_CHARACTERS)

    def _number(self, value: Any, path: str) -> Scalar | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.reader.refuse(path, f"must be a number, not {kind_of(value)}")
            return None
        return canonical(value)

    def _range(self, comparison: Comparison, value: Any, path: str) -> Comparison | None:
        if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - two ends
            self.reader.refuse(path, "must be a list of two numbers or of two dates, such as [1, 5]")
            return None
        places = [f"{path}[{number}]" for number in range(2)]
        if any(isinstance(item, str) for item in value):
            return self._range_of_dates(comparison, value, places)
        first, last = (self._number(item, place) for item, place in zip(value, places, strict=True))
        if first is None or last is None:
            return None
        if float(first) > float(last):
            self.reader.refuse(path, "must begin with the lesser number")
        return Comparison(comparison.source, comparison.operator, (first, last))

    def _range_of_dates(self, comparison: Comparison, value: list[Any], places: list[str]) -> Comparison | None:
        first, last = (self._moment(item, place) for item, place in zip(value, places, strict=True))
        if first is None or last is None:
            return None
        if first.starts >= last.ends:
            self.reader.refuse(places[1], "must not lie before the other")
        return Comparison(comparison.source, comparison.operator, moments=(first, last))

    def _moment(self, value: Any, path: str) -> Moment | None:
        text = self.reader.text(value, path, at_most=MAX_MOMENT_CHARACTERS)
        moment = None if text is None else read_moment(text)
        if text is not None and moment is None:
            self.reader.refuse(path, f"{shown(text)} {DATE_RULE}")
        return moment

    def _whole(self, value: Any, path: str, *, at_most: int) -> int:
        number = self.reader.count(value, path) or 0
        if number > at_most:
            self.reader.refuse(path, f"is {number}; at most {at_most:,} is possible")
        return number

    def _attribute(self, value: Any, path: str) -> Source | None:
        name = self.reader.text(value, path, at_most=len(ATTRIBUTE_PREFIX) + MAX_ATTRIBUTE_NAME_CHARACTERS)
        if name in TEXT_FIELDS:
            return Source(Origin.TEXT, name)
        if name in DATE_FIELDS:
            return Source(Origin.DATE, name)
        if name is not None and name.startswith(ATTRIBUTE_PREFIX):
            return self._named(Origin.ATTRIBUTE, name.removeprefix(ATTRIBUTE_PREFIX), path)
        if name is not None:
            near = suggestion(name, (*TEXT_FIELDS, *DATE_FIELDS)) or f"; your own are {ATTRIBUTE_PREFIX}<name>"
            self.reader.refuse(path, f"{shown(name)} is not an attribute of a person{near}")
        return None

    def _contextual(self, value: Any, path: str) -> Source | None:
        name = self.reader.text(value, path, at_most=len(CONTEXTUAL_PREFIX) + MAX_ATTRIBUTE_NAME_CHARACTERS)
        if name is not None and not name.startswith(CONTEXTUAL_PREFIX):
            self.reader.refuse(path, f"{shown(name)} must begin with `{CONTEXTUAL_PREFIX}`")
            return None
        return None if name is None else self._named(Origin.CONTEXTUAL, name.removeprefix(CONTEXTUAL_PREFIX), path)

    def _named(self, origin: Origin, name: str, path: str) -> Source | None:
        problem = problem_of_attribute_name(name)
        if problem is None:
            return Source(origin, name)
        self.reader.refuse(path, f"holds a name that {problem}")
        return None

    def _behaviour(self, value: Any, path: str) -> Source | None:
        name = self.reader.one_of(value, path, tuple(Behaviour), "a behaviour that is counted")
        return None if name is None else Source(Origin.BEHAVIOUR, name)

    # Tags and events

    def _tagged(self, value: Any, path: str) -> Tagged | None:
        given = self._given(value, path, ("tag",))
        tag = self.reader.text(given.get("tag"), join(path, "tag"), at_most=MAX_ATTRIBUTE_CHARACTERS)
        problem = None if tag is None else problem_of_tag(tag)
        if problem is not None:
            self.reader.refuse(join(path, "tag"), problem)
        return None if tag is None else Tagged(tag)

    def _done(self, value: Any, path: str) -> Done | None:
        given = self._given(value, path, EVENT_KEYS)
        name = self.reader.text(given.get("event"), join(path, "event"), at_most=MAX_EVENT_NAME_CHARACTERS)
        if name is not None and not EVENT_NAME.fullmatch(name):
            self.reader.refuse(join(path, "event"), f"{shown(name)} is not category/action, such as video/completed")
        words = tuple(Condition)
        condition = self.reader.one_of(given.get("condition"), join(path, "condition"), words, "a condition")
        question = EventQuestion(
            name or "",
            self._timeframe(given.get("timeframe"), join(path, "timeframe")),
            self._metadata(given.get("metadata"), join(path, "metadata")),
        )
        frequency = self._frequency(given.get("frequency"), join(path, "frequency"))
        return Done(question, Condition(condition or Condition.HAVE_DONE), frequency)

    def _frequency(self, value: Any, path: str) -> Frequency:
        if value is None or value == FrequencyKind.ANY:
            return Frequency()
        entry = self._entry(value, path, tuple(kind for kind in FrequencyKind if kind is not FrequencyKind.ANY), "any")
        if entry is None:
            return Frequency()
        word, item, place = entry
        return Frequency(FrequencyKind(word), self._whole(item, place, at_most=MOST_TIMES))

    def _timeframe(self, value: Any, path: str) -> Timeframe:
        if value is None or value == TimeframeKind.ANY_TIME:
            return Timeframe()
        kinds = tuple(kind for kind in TimeframeKind if kind is not TimeframeKind.ANY_TIME)
        entry = self._entry(value, path, kinds, TimeframeKind.ANY_TIME)
        if entry is None:
            return Timeframe()
        word, item, place = entry
        kind = TimeframeKind(word)
        if kind in {TimeframeKind.MORE_THAN, TimeframeKind.LESS_THAN, TimeframeKind.EXACTLY}:
            return Timeframe(kind, self._whole(item, place, at_most=MOST_DAYS))
        return Timeframe(kind, moment=self._moment(item, place))

    def _entry(self, value: Any, path: str, words: tuple[str, ...], word_alone: str) -> tuple[str, Any, str] | None:
        """The only key of a mapping, with its value and path; None when it is wrong."""
        if not isinstance(value, dict):
            found = shown(value) if isinstance(value, str) else kind_of(value)
            self.reader.refuse(path, f"must be {word_alone}, or a mapping such as {{{words[0]}: 2}}, not {found}")
            return None
        before = len(self.reader.problems)
        given = self.reader.mapping(value, path, words)
        if len(self.reader.problems) == before and len(given) != 1:
            self.reader.refuse(path, f"must have one of {', '.join(words)}, not {len(given) or 'none'}")
        return next(((word, item, join(path, word)) for word, item in given.items()), None)

    def _metadata(self, value: Any, path: str) -> tuple[tuple[str, str], ...]:
        given = self.reader.mapping(value, path)
        if len(given) > MOST_PAIRS:
            self.reader.refuse(path, f"has {len(given)} pairs; at most {MOST_PAIRS} are possible")
        pairs = []
        for key, item in sorted(given.items()):
            place = join(path, key)
            if not 0 < len(key) <= MAX_PAIR_KEY_CHARACTERS:
                self.reader.refuse(place, f"has a key that must have 1 to {MAX_PAIR_KEY_CHARACTERS} characters")
            text = self.reader.text(item, place, at_most=MAX_PAIR_VALUE_CHARACTERS)
            if text is not None:
                pairs.append((key, text))
        return tuple(pairs)


def _strange(value: Mapping[str, Any], kinds: list[str]) -> str:
    """What a mapping has that is no filter, in words."""
    if kinds:
        return f"not {' and '.join(kinds)} at once"
    near = next((text for key in sorted(value) if (text := suggestion(key, KINDS))), "")
    return f"not {', '.join(shown(key) for key in sorted(value)) or 'nothing'}{near}"


SOURCES: Mapping[Origin, Callable[[_Parser, Any, str], Source | None]] = {
    Origin.ATTRIBUTE: _Parser._attribute,  # noqa: SLF001 - its own table
    Origin.CONTEXTUAL: _Parser._contextual,  # noqa: SLF001 - as above
    Origin.BEHAVIOUR: _Parser._behaviour,  # noqa: SLF001 - as above
}
