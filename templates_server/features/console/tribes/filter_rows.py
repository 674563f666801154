"""The filters of a tribe as rows of a form, and back. Pure; the reader of tribes validates them.

A row maps field names to texts. A filter that no row can represent stays as JSON in a row that can be removed but
not edited. In the form the fields of the third row are called `f2-operator` and so on.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from templates_server.errors import ApiError, ErrorDetail
from templates_server.features.tribes.data_parser import MOST_CONDITIONS
from templates_server.features.tribes.event_parser import MOST_PAIRS
from templates_server.features.tribes.model import (
    DATE_FIELDS,
    OF_VERSIONS,
    TEXT_FIELDS,
    VERSION_FIELDS,
    FrequencyKind,
    Operator,
    TimeframeKind,
)
from templates_server.features.tribes.parser import (
    MOST_FILTERS,
    OF_DATES,
    OF_DAYS,
    OF_MANY,
    OF_SCALARS,
    OF_TEXT,
    WITHOUT_VALUE,
)
from templates_server.primitives.integers import whole_number
from templates_server.primitives.yaml_json import read_json

Row = Mapping[str, str]
Values = Mapping[str, Sequence[str]]

OWN = "attributes."
OF_EVERYBODY = frozenset({*TEXT_FIELDS, *DATE_FIELDS, *VERSION_FIELDS})
TRIBE_FIELDS = ("name", "category", "description", "audience", "match")
COMPARED = ("operator", "value", "type")
PAIRS = range(1, MOST_PAIRS + 1)
CONDITIONS = range(1, MOST_CONDITIONS + 1)
FIELDS: Mapping[str, Sequence[str]] = {
    "attribute": ("attribute", *COMPARED),
    "tag": ("tag",),
    "event": (
        "condition",
        "event",
        "often",
        "number",
        "when",
        "date",
        *(f"meta{number}-{part}" for number in PAIRS for part in ("key", "value")),
        *(f"data{number}-{part}" for number in CONDITIONS for part in ("path", *COMPARED)),
    ),
    "behaviour": ("behaviour", *COMPARED),
    "share": ("salt", "from", "to"),
    "contextual": ("contextual", *COMPARED),
    "document": ("json",),
}
"""The fields of a row, by its kind."""
NEW: Mapping[str, Row] = {
    "attribute": {"operator": "equals", "type": "text"},
    "event": {"condition": "have_done", "often": "any", "when": "any_time"},
    "behaviour": {"behaviour": "sessions_30_days", "operator": "greater_or_equal"},
    "share": {"from": "0", "to": "10"},
    "contextual": {"contextual": "fields.", "operator": "equals", "type": "text"},
}
"""The initial values of a new row."""
WHOLE = re.compile(r"-?[0-9]{1,19}")
NUMBER = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?")
OF_LINES = frozenset({"value", *(f"data{number}-value" for number in CONDITIONS)})
TRUTHS: Mapping[str, bool] = {"true": True, "yes": True, "false": False, "no": False}
IN_DAYS = frozenset({TimeframeKind.MORE_THAN, TimeframeKind.LESS_THAN, TimeframeKind.EXACTLY})
OF_NUMBERS = frozenset({Operator.GREATER_THAN, Operator.GREATER_OR_EQUAL, Operator.LESS_THAN, Operator.LESS_OR_EQUAL})
MAX_JSON_DEPTH = 16
PLACE = re.compile(r"filters\[([0-9]+)\]\.?(.*)", re.DOTALL)
PART = re.compile(r"(data)\[([0-9]+)\]\.?(\w*)|(\w+)(?:\.(\w+))?")
PARTS: Mapping[str, str] = {"frequency": "number", "timeframe": "date", "metadata": "meta1-key"}
EVERY_FIELD = tuple(
    f"f{number}-{name}" for number in range(MOST_FILTERS) for name in ("kind", *FIELDS["event"])
) + tuple(
    f"f{number}-{name}"
    for number in range(MOST_FILTERS)
    for name in ("attribute", *COMPARED, "tag", "behaviour", "contextual", "salt", "from", "to", "json")
)


# From the form


def rows_in(values: Values) -> list[Row]:
    """Return the rows of a form, in order, without empty event conditions."""
    found = []
    for number in range(MOST_FILTERS):
        kind = _first(values, f"f{number}-kind")
        if kind in FIELDS:
            row = {name: _first(values, f"f{number}-{name}") for name in FIELDS[kind]}
            found.append(_closed_up({"kind": kind, **row}))
    return found


def to_filter(row: Row) -> Any:
    """Return a row as a filter of a document."""
    return WRITERS[row["kind"]](row)


def document_in(values: Values) -> dict[str, Any]:
    """Return the tribe of a form as a document."""
    head = {name: text for name in TRIBE_FIELDS if (text := _plain(_first(values, name)).strip())}
    return {**head, "filters": [to_filter(row) for row in rows_in(values)]}


def own_problems(rows: Iterable[Row]) -> Iterator[ErrorDetail]:
    """Return the problems of rows that are not visible in their document."""
    for number, row in enumerate(rows):
        keys = [row[f"meta{pair}-key"] for pair in PAIRS if row.get(f"meta{pair}-key")]
        if len(set(keys)) < len(keys):
            yield ErrorDetail(f"filters[{number}].metadata", "has a duplicate key: remove one of them")
        if row.get("type") == "number" and row.get("operator") in OF_SCALARS | OF_MANY and not _are_numbers(row):
            yield ErrorDetail(f"filters[{number}].value", "must be a number; choose “text” for anything else")


def field_of(path: str) -> str:
    """Return the form field of a problem, by its path in the document; "" for the whole form."""
    place = PLACE.match(path)
    if place is None:
        return path if path in TRIBE_FIELDS else ""
    part = PART.match(place[2])
    if part is None:
        return f"f{place[1]}"
    if part[1]:
        return f"f{place[1]}-data{_place(part[2]) + 1}-{part[3] if part[3] in {'operator', 'value'} else 'path'}"
    name = (part[5] or "whole") if part[4] == "share" else PARTS.get(part[4], part[4])
    return f"f{place[1]}-{name}" if any(name in names for names in FIELDS.values()) else f"f{place[1]}"


def _place(digits: str) -> int:
    """Return the position of a condition within its event."""
    return whole_number(digits, most=MOST_CONDITIONS) or 0


def _first(values: Values, name: str) -> str:
    return next(iter(values.get(name, ())), "")


def _closed_up(row: dict[str, str]) -> Row:
    """Return the row with its metadata and data conditions moved to the first positions."""
    for numbers, head, parts in ((PAIRS, "meta", ("key", "value")), (CONDITIONS, "data", ("path", *COMPARED))):
        given = [
            [row.get(f"{head}{number}-{part}", "") for part in parts]
            for number in numbers
            if row.get(f"{head}{number}-{parts[0]}", "").strip()
        ]
        if row["kind"] == "event":
            for number in numbers:
                texts = given[number - 1] if number <= len(given) else [""] * len(parts)
                row |= {f"{head}{number}-{part}": text for part, text in zip(parts, texts, strict=True)}
    return row


def whole_attribute(name: str) -> str:
    """Return the attribute's name in documents: `country`, as pages of people show it, is `attributes.country`."""
    bare = name.strip()
    return f"{OWN}{bare}" if bare and "." not in bare and bare not in OF_EVERYBODY else bare


def _comparison(kind: str) -> Callable[[Row], dict[str, Any]]:
    return lambda row: {kind: row[kind].strip(), **_read_comparison(row)}


def _read_comparison(row: Row, head: str = "") -> dict[str, Any]:
    """Return the operator and its operand."""
    operator, text, kind = (row.get(f"{head}{name}", "") for name in COMPARED)
    value = _value(operator, _plain(text), kind)
    return {"operator": operator} if value is None else {"operator": operator, "value": value}


def _value(operator: str, text: str, kind: str) -> Any:
    if operator in WITHOUT_VALUE or not text:
        return None
    if operator in OF_MANY:
        return [_scalar(line, kind) for line in text.split("\n") if line]
    if operator == Operator.BETWEEN:
        return [_number(line) for line in text.split("\n") if line.strip()]
    if operator in OF_DAYS | OF_NUMBERS:
        return _number(text)
    if operator in OF_DATES | OF_VERSIONS:
        return text.strip()
    return text if operator in OF_TEXT else _scalar(text, kind)


def _plain(text: str) -> str:
    """Return the text as entered, with single-character line ends: browsers send two characters."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _scalar(text: str, kind: str) -> Any:
    if kind == "number":
        return _number(text)
    return TRUTHS.get(text.strip().casefold(), text) if kind == "boolean" else text


def _number(text: str) -> Any:
    """Return the number in a text; the text itself if it is not a number."""
    digits = text.strip()
    if WHOLE.fullmatch(digits):
        return int(digits)
    number = float(digits) if NUMBER.fullmatch(digits) else math.inf
    return number if math.isfinite(number) else digits


def _are_numbers(row: Row) -> bool:
    """Return whether each line is a number; an empty value is a separate problem."""
    return all(NUMBER.fullmatch(line.strip()) for line in _plain(row["value"]).split("\n") if line.strip())


def _event(row: Row) -> dict[str, Any]:
    document: dict[str, Any] = {"event": row["event"].strip(), "condition": row["condition"]}
    document["frequency"] = "any" if row["often"] == "any" else {row["often"]: _number(row["number"])}
    document["timeframe"] = row["when"] if row["when"] == TimeframeKind.ANY_TIME else {row["when"]: _when(row)}
    metadata = {row[f"meta{pair}-key"]: _plain(row[f"meta{pair}-value"]) for pair in PAIRS if row[f"meta{pair}-key"]}
    if metadata:
        document["metadata"] = dict(sorted(metadata.items()))
    data = [
        {"path": row[f"data{number}-path"].strip().split("."), **_read_comparison(row, f"data{number}-")}
        for number in CONDITIONS
        if row[f"data{number}-path"].strip()
    ]
    return {**document, "data": data} if data else document


def _when(row: Row) -> Any:
    return _number(row["date"]) if row["when"] in IN_DAYS else row["date"].strip()


def _share(row: Row) -> dict[str, Any]:
    percents = {name: _number(row[name]) for name in ("from", "to")}
    return {"share": {"salt": row["salt"], **percents}}


def _of_json(row: Row) -> Any:
    """Return the filter that no row can represent; None, which is rejected, if its JSON is invalid."""
    try:
        return read_json(row["json"].encode(), max_depth=MAX_JSON_DEPTH)
    except ApiError:
        return None


WRITERS: Mapping[str, Callable[[Row], Any]] = {
    "attribute": lambda row: _comparison("attribute")({**row, "attribute": whole_attribute(row["attribute"])}),
    "contextual": _comparison("contextual"),
    "behaviour": _comparison("behaviour"),
    "tag": lambda row: {"tag": row["tag"].strip()},
    "event": _event,
    "share": _share,
    "document": _of_json,
}


# To the form


def to_values(document: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    """Return the fields of the form for a tribe in canonical form."""
    head = {name: [document.get(name, "")] for name in TRIBE_FIELDS}
    return {**head, **values_of(to_row(each) for each in document.get("filters", ()))}


def values_of(rows: Iterable[Row]) -> dict[str, Sequence[str]]:
    """Return the fields of these rows."""
    return {f"f{number}-{name}": [text] for number, row in enumerate(rows) for name, text in row.items()}


def new_row(kind: str) -> Row:
    """Return a new row."""
    return {"kind": kind, **dict.fromkeys(FIELDS[kind], ""), **NEW.get(kind, {})}


def to_row(document: Mapping[str, Any]) -> Row:
    """Return the row of a filter in canonical form."""
    kind = next(kind for kind in FIELDS if kind in document)
    row = {**dict.fromkeys(FIELDS[kind], ""), "kind": kind, **READERS[kind](document)}
    if _text_of(to_filter(row)) == _text_of(document) and not _has_hidden_lines(row):
        return row
    return {"kind": "document", "json": _text_of(document)}


def _has_hidden_lines(row: Row) -> bool:
    """Return whether a single-line field would lose a line end."""
    return any("\n" in _plain(text) for name, text in row.items() if name not in OF_LINES)


def _text_of(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, sort_keys=True)


def _of_comparison(kind: str) -> Callable[[Mapping[str, Any]], dict[str, str]]:
    return lambda document: {kind: document[kind], **_row_of_value(document)}


def _row_of_value(document: Mapping[str, Any], head: str = "") -> dict[str, str]:
    value = document.get("value")
    values = value if isinstance(value, list) else [] if value is None else [value]
    texts = [_text_of(each) if not isinstance(each, str) else each for each in values]
    kind = next(map(_kind_of, values), "text")
    return {f"{head}operator": document["operator"], f"{head}value": "\n".join(texts), f"{head}type": kind}


def _kind_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "text" if isinstance(value, str) else "number"


def _of_event(document: Mapping[str, Any]) -> dict[str, str]:
    row = {"event": document["event"], "condition": document["condition"]}
    row["often"], row["number"] = _entry_of(document["frequency"], FrequencyKind.ANY)
    row["when"], row["date"] = _entry_of(document["timeframe"], TimeframeKind.ANY_TIME)
    for number, (key, value) in enumerate(document.get("metadata", {}).items(), 1):
        row |= {f"meta{number}-key": key, f"meta{number}-value": value}
    for number, condition in enumerate(document.get("data", ()), 1):
        row[f"data{number}-path"] = ".".join(condition["path"])
        row |= _row_of_value(condition, f"data{number}-")
    return row


def _entry_of(document: Any, alone: str) -> tuple[str, str]:
    """Return the word and the text of a single word or a mapping with one entry."""
    if document == alone:
        return alone, ""
    ((word, value),) = document.items()
    return word, str(value)


def _of_share(document: Mapping[str, Any]) -> dict[str, str]:
    share = document["share"]
    return {"salt": share["salt"], "from": _text_of(share["from"]), "to": _text_of(share["to"])}


READERS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, str]]] = {
    "attribute": _of_comparison("attribute"),
    "contextual": _of_comparison("contextual"),
    "behaviour": _of_comparison("behaviour"),
    "tag": lambda document: {"tag": document["tag"]},
    "event": _of_event,
    "share": _of_share,
}


def scalar_of(text: str) -> Any:
    """Return the value that an app would send: true, false or a number if the text is one."""
    plain = text.strip()
    if plain in {"true", "false"}:
        return plain == "true"
    return _number(plain) if NUMBER.fullmatch(plain) else text
