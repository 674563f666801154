"""Tribes as a document: parsed, with the path of every problem. Pure. Written by `serializer`.

Any operator works on any attribute: a person without a value of its type does not match. But versions have operators of
their own (`version_parser`), which compare nothing else. Values are validated for the operator; dates are parsed here,
once.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from templates_server.errors import ErrorDetail, Problems, ValidationFailed
from templates_server.features.people.profile import Scalar, canonical_scalar
from templates_server.features.people.profile_parser import (
    MAX_ATTRIBUTE_CHARACTERS,
    MAX_ATTRIBUTE_NAME_CHARACTERS,
    find_attribute_name_problem,
    find_tag_problem,
)
from templates_server.features.tribes.event_parser import MOST_DAYS, read_date, read_done, read_given, read_whole
from templates_server.features.tribes.model import (
    ATTRIBUTE_PREFIX,
    CONTEXTUAL_PREFIX,
    DATE_FIELDS,
    OF_VERSIONS,
    TEXT_FIELDS,
    VERSION_FIELDS,
    Audience,
    Behaviour,
    Comparison,
    Filter,
    Match,
    Operator,
    Origin,
    Source,
    TagFilter,
    TribeDefinition,
    Tribes,
    collect_queries,
)
from templates_server.features.tribes.share_parser import check_shares, read_share
from templates_server.features.tribes.version_parser import fits, read_version_value
from templates_server.primitives.ids import is_key
from templates_server.primitives.validation import KEY_RULE, Reader, join, kind_of
from templates_server.primitives.yaml_json import quote_text

MOST_TRIBES = 1000  # of a Space
MOST_TRIBES_A_CATEGORY = 50
MOST_FILTERS = 10  # of a tribe
MOST_VALUES = 100  # of a filter
MOST_EVENT_QUESTIONS = 500  # of all tribes of a Space: each may be counted when a session starts
MOST_SHOWN_KEYS = 5  # of a mapping that is no filter

RESERVED_KEYS: Mapping[str, str] = {
    "impact": "/tribes/impact is the impact of all tribes. Choose another key.",
    "revisions": "/tribes/revisions is the history of all tribes. Choose another key.",
}
"""Reserved words of paths, which would hide a tribe with that key, and the reason. Existing keys remain valid."""
DOCUMENT_KEYS = ("space", "revision", "tribes")
TRIBE_KEYS = ("name", "description", "category", "audience", "match", "filters")
KINDS = ("attribute", "contextual", "behaviour", "tag", "event", "share")
COMPARED_KEYS = ("operator", "value")
WITHOUT_VALUE = frozenset({Operator.EXISTS, Operator.NOT_EXISTS})
OF_TEXT = frozenset({Operator.CONTAINS, Operator.NOT_CONTAINS, Operator.STARTS_WITH, Operator.ENDS_WITH})
OF_MANY = frozenset({Operator.IN, Operator.NOT_IN})
OF_SCALARS = frozenset({Operator.EQUALS, Operator.NOT_EQUALS})
OF_DAYS = frozenset({Operator.LESS_THAN_DAYS_AGO, Operator.MORE_THAN_DAYS_AGO})
OF_DATES = frozenset({Operator.BEFORE, Operator.AFTER, Operator.ON_DAY})


def read_tribes(document: Any, *, space: str) -> Tribes:
    """Return the tribes of a document. Raise ValidationFailed with every problem."""
    tribes, problems = parse_tribes(document, space=space)
    if problems:
        raise ValidationFailed(problems)
    return tribes


def parse_tribes(document: Any, *, space: str) -> tuple[Tribes, Problems]:
    """Return the valid tribes of a document, and all problems."""
    parser = _TribeParser()
    return parser.tribes(document, space), parser.reader.problems


def read_tribe(document: Any, *, key: str) -> TribeDefinition:
    """Return a single tribe. Raise ValidationFailed with every problem."""
    parser = _TribeParser()
    if not is_key(key):
        parser.reader.refuse("key", KEY_RULE)
    given = dict(document) if isinstance(document, dict) else document
    if isinstance(given, dict):
        named, revision = given.pop("key", None), given.pop("revision", None)
        if named not in (None, key):  # not a set: what was sent may have no hash
            parser.reader.refuse("key", f"must be {quote_text(key)}, the tribe in the URL")
        parser.reader.count(revision, "revision")
    tribe = parser.tribe(key, given, "")
    if parser.reader.problems:
        raise ValidationFailed(parser.reader.problems)
    return tribe


def find_new_key_problems(keys: Iterable[str], path: str) -> list[ErrorDetail]:
    """Return the problems with the keys of new tribes; `path` is the place of a key."""
    return [
        ErrorDetail(path.replace("{key}", key), f"{quote_text(key)} is a reserved key: {RESERVED_KEYS[key]}")
        for key in sorted(keys)
        if key in RESERVED_KEYS
    ]


def find_number_problems(categories: Iterable[str]) -> list[ErrorDetail]:
    """Return the problems with the number of tribes, by the category of each."""
    numbers = Counter(categories)
    problems = [
        ErrorDetail("tribes", f"has {number} in {_category(name)}; the maximum is {MOST_TRIBES_A_CATEGORY}")
        for name, number in numbers.items()
        if number > MOST_TRIBES_A_CATEGORY
    ]
    if numbers.total() > MOST_TRIBES:
        problems.append(ErrorDetail("tribes", f"has {numbers.total()} entries; the maximum is {MOST_TRIBES}"))
    return problems


def count_event_queries(tribes: Iterable[Mapping[str, Any]]) -> int:
    """Return the number of distinct event queries in tribes, given in the form written by `serializer`."""
    filters = [each for tribe in tribes for each in tribe.get("filters", ()) if "event" in each]
    asked = ([each["event"], each.get("timeframe"), each.get("metadata"), each.get("data")] for each in filters)
    return len({msgspec.json.encode(each, order="deterministic") for each in asked})


def find_query_problems(number: int) -> list[ErrorDetail]:
    """Return the problems with the number of distinct counts of a person required to decide a Space's tribes."""
    if number <= MOST_EVENT_QUESTIONS:
        return []
    message = f"have {number:,} different event filters; the maximum is {MOST_EVENT_QUESTIONS}"
    return [ErrorDetail("tribes", message)]


def _category(name: str) -> str:
    return f"the category {quote_text(name)}" if name else "no category"


class _TribeParser:
    """A parser of one document."""

    def __init__(self) -> None:
        self.reader = Reader()

    def tribes(self, document: Any, space: str) -> Tribes:
        given = self.reader.mapping(document, "", DOCUMENT_KEYS)
        if given.get("space", space) != space:
            self.reader.refuse("space", f"must be {quote_text(space)}, the Space in the URL")
        self.reader.count(given.get("revision"), "revision")
        read = {}
        for key, value, path in self.reader.by_key(given.get("tribes"), "tribes", at_most=MOST_TRIBES):
            before = len(self.reader.problems)
            tribe = self.tribe(key, value, path)
            if len(self.reader.problems) == before:
                read[key] = tribe
        self.reader.problems.extend(find_number_problems(tribe.category for tribe in read.values()))
        self.reader.problems.extend(find_query_problems(len(collect_queries(read.values()).events)))
        return read

    def tribe(self, key: str, value: Any, path: str) -> TribeDefinition:
        """Return the valid parts of one tribe."""
        reader = self.reader
        given = reader.mapping(value, path, TRIBE_KEYS)
        audience = reader.one_of(given.get("audience"), join(path, "audience"), tuple(Audience), "an audience")
        match = reader.one_of(given.get("match"), join(path, "match"), tuple(Match), "any or all")
        tribe = TribeDefinition(
            key,
            reader.name(given.get("name"), join(path, "name")) or key,
            reader.description(given.get("description"), join(path, "description")),
            reader.name(given.get("category"), join(path, "category")),
            Audience(audience or Audience.ALL),
            Match(match or Match.ALL),
            self._filters(given.get("filters"), join(path, "filters")),
        )
        filters = given.get("filters")
        if isinstance(filters, list) and len(filters) <= MOST_FILTERS:
            check_shares(reader, filters, path, match=tribe.match)
        if tribe.match is Match.ANY and not given.get("filters"):
            reader.refuse(
                join(path, "filters"), "must have at least one filter, because `match: any` needs one to match"
            )
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
            found = f"not {kind_of(value)}" if not isinstance(value, dict) else self._strange(value, kinds)
            self.reader.refuse(path, f"must be a filter with one of {', '.join(KINDS)}, {found}")
            return None
        if kinds == ["event"]:
            return read_done(self.reader, value, path, self._compared)
        if kinds == ["tag"]:
            return self._tagged(value, path)
        if kinds == ["share"]:
            return read_share(self.reader, value, path)
        return self._comparison(Origin(kinds[0]), value, path)

    # Values of a person

    def _comparison(self, kind: Origin, value: Any, path: str) -> Comparison | None:
        given = read_given(self.reader, value, path, (kind, *COMPARED_KEYS))
        source = SOURCES[kind](self, given.get(kind), join(path, kind))
        word = self.reader.one_of(given.get("operator"), join(path, "operator"), tuple(Operator), "an operator")
        if "operator" not in given:
            self.reader.refuse(join(path, "operator"), "is required: specify how to compare the value")
        if source is None or word is None or not fits(self.reader, source, Operator(word), join(path, "operator")):
            return None
        return self._compared(Comparison(source, Operator(word)), given.get("value"), join(path, "value"))

    def _compared(self, comparison: Comparison, value: Any, path: str) -> Comparison | None:
        """Return the comparison with its value."""
        source, operator = comparison.source, comparison.operator
        if operator in WITHOUT_VALUE:
            if value is not None:
                self.reader.refuse(path, f"must be left out: {operator} has no value")
            return comparison
        if value is None:
            self.reader.refuse(path, f"is required: {operator} needs a value to compare with")
            return None
        if operator in OF_DAYS:
            return Comparison(source, operator, days=read_whole(self.reader, value, path, at_most=MOST_DAYS))
        if operator in OF_DATES:
            moment = read_date(self.reader, value, path)
            return None if moment is None else Comparison(source, operator, moments=(moment,))
        if operator in OF_VERSIONS:
            version = read_version_value(self.reader, value, path)
            return None if version is None else Comparison(source, operator, version=version)
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
            return canonical_scalar(value)
        self.reader.refuse(path, f"must be text, a number, true or false, not {kind_of(value)}")
        return None

    def _part(self, value: Any, path: str) -> str | None:
        if value == "":
            self.reader.refuse(path, "must not be empty: every text contains it")
        return self.reader.text(value, path, at_most=MAX_ATTRIBUTE_CHARACTERS)

    def _number(self, value: Any, path: str) -> Scalar | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.reader.refuse(path, f"must be a number, not {kind_of(value)}")
            return None
        return canonical_scalar(value)

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
            self.reader.refuse(path, "must start with the smaller number")
        return Comparison(comparison.source, comparison.operator, (first, last))

    def _range_of_dates(self, comparison: Comparison, value: list[Any], places: list[str]) -> Comparison | None:
        first, last = (read_date(self.reader, item, place) for item, place in zip(value, places, strict=True))
        if first is None or last is None:
            return None
        if first.starts >= last.ends:
            self.reader.refuse(places[1], "must not be earlier than the first date")
        return Comparison(comparison.source, comparison.operator, moments=(first, last))

    def _attribute(self, value: Any, path: str) -> Source | None:
        name = self.reader.text(value, path, at_most=len(ATTRIBUTE_PREFIX) + MAX_ATTRIBUTE_NAME_CHARACTERS)
        if name in TEXT_FIELDS:
            return Source(Origin.TEXT, name)
        if name in DATE_FIELDS:
            return Source(Origin.DATE, name)
        if name in VERSION_FIELDS:
            return Source(Origin.VERSION, name)
        if name is not None and name.startswith(ATTRIBUTE_PREFIX):
            return self._named(Origin.ATTRIBUTE, name.removeprefix(ATTRIBUTE_PREFIX), path)
        if name is not None:
            near = self.reader.suggestion(name, (*TEXT_FIELDS, *DATE_FIELDS, *VERSION_FIELDS))
            near = near or f"; custom attributes are {ATTRIBUTE_PREFIX}<name>"
            self.reader.refuse(path, f"{quote_text(name)} is not an attribute of a person{near}")
        return None

    def _contextual(self, value: Any, path: str) -> Source | None:
        name = self.reader.text(value, path, at_most=len(CONTEXTUAL_PREFIX) + MAX_ATTRIBUTE_NAME_CHARACTERS)
        if name is not None and not name.startswith(CONTEXTUAL_PREFIX):
            self.reader.refuse(path, f"{quote_text(name)} must start with `{CONTEXTUAL_PREFIX}`")
            return None
        return None if name is None else self._named(Origin.CONTEXTUAL, name.removeprefix(CONTEXTUAL_PREFIX), path)

    def _named(self, origin: Origin, name: str, path: str) -> Source | None:
        problem = find_attribute_name_problem(name)
        if problem is None:
            return Source(origin, name)
        self.reader.refuse(path, f"contains a name that {problem}")
        return None

    def _behaviour(self, value: Any, path: str) -> Source | None:
        name = self.reader.one_of(value, path, tuple(Behaviour), "a supported behaviour")
        return None if name is None else Source(Origin.BEHAVIOUR, name)

    # Tags and events

    def _tagged(self, value: Any, path: str) -> TagFilter | None:
        given = read_given(self.reader, value, path, ("tag",))
        tag = self.reader.text(given.get("tag"), join(path, "tag"), at_most=MAX_ATTRIBUTE_CHARACTERS)
        problem = None if tag is None else find_tag_problem(tag)
        if problem is not None:
            self.reader.refuse(join(path, "tag"), problem)
        return None if tag is None else TagFilter(tag)

    def _strange(self, value: Mapping[str, Any], kinds: list[str]) -> str:
        """Describe the content of a mapping that is not exactly one filter."""
        if kinds:
            return f"not {' and '.join(kinds)} at once"
        keys = heapq.nsmallest(MOST_SHOWN_KEYS, value)
        near = next((text for key in keys if (text := self.reader.suggestion(key, KINDS))), "")
        others = f" and {len(value) - len(keys):,} others" if len(value) > len(keys) else ""
        return f"not {', '.join(map(quote_text, keys)) or 'nothing'}{others}{near}"


SOURCES: Mapping[Origin, Callable[[_TribeParser, Any, str], Source | None]] = {
    Origin.ATTRIBUTE: _TribeParser._attribute,  # noqa: SLF001 - its own table
    Origin.CONTEXTUAL: _TribeParser._contextual,  # noqa: SLF001 - as above
    Origin.BEHAVIOUR: _TribeParser._behaviour,  # noqa: SLF001 - as above
}
