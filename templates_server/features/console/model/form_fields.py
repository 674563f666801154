"""The parts of a model as the fields of a form, and back. Pure; the model's own reader validates it.

A form is for one experience, section, collection, event or field. Its rows are properties, children or metadata. Its
fields are `part_key`, `name` and so on; those of the third row are `r2-key`, `r2-type` and so on. `was` and `r2-was`
are the previous keys, "" for new parts and rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from templates_server.errors import ErrorDetail
from templates_server.features.console.delivery import controls
from templates_server.features.console.delivery.controls import YES, InvalidControlValue
from templates_server.features.spaces.events_and_fields import (
    MAX_METADATA,
    SCALAR_TYPES,
    find_event_problem,
    find_metadata_problem,
)
from templates_server.features.spaces.model import Property, PropertyType
from templates_server.features.spaces.parser import CHILD_KINDS, MAX_CHILDREN, MAX_PROPERTIES, PROPERTY_TYPES
from templates_server.primitives.validation import find_key_problem, join
from templates_server.primitives.yaml_json import quote_text

Values = Mapping[str, Sequence[str]]
Document = Mapping[str, Any]
Row = dict[str, str]
"""The texts of a row's fields, by the suffix of their name: `key`, `type`, `default.zone`."""
NOTHING: Document = {}
ADD, REMOVE = "add", "remove-"
DEFAULT_FIELDS = ("", ".set", ".was", ".opacity", ".zone")
ROW_FIELD = re.compile(r"(r[0-9]{1,4}-)(.+)", re.DOTALL)
HEAD_FIELDS = frozenset({"name", "description", "category", "supports", "type", "options"})
ROW_FIELDS: Mapping[str, str] = {"experience": "of", "section": "of"}
"""Fields of a row whose names differ from the document's."""


@dataclass(frozen=True)
class PartKind:
    """A kind of part: its name, its place in the document, its rows, and the rules for keys."""

    word: str
    place: str
    example: str
    rows: str = ""
    most: int = 0
    types: Sequence[PropertyType] = ()
    problem_of: Callable[[str], str | None] = find_key_problem
    problem_of_row: Callable[[str], str | None] = find_key_problem
    new_key: str = "new"


PARTS: Mapping[str, PartKind] = {
    part.word: part
    for part in (
        PartKind("collection", "collections", "homepage", "children", MAX_CHILDREN),
        PartKind("experience", "experiences", "hero", "properties", MAX_PROPERTIES, PROPERTY_TYPES),
        PartKind("section", "sections", "rows"),
        PartKind(
            "event",
            "events",
            "video/completed",
            "metadata",
            MAX_METADATA,
            SCALAR_TYPES,
            find_event_problem,
            find_metadata_problem,
            "new/new",
        ),
        PartKind("field", "fields", "campaign", types=SCALAR_TYPES),
    )
}


@dataclass
class PartDraft:
    """A part in a form: its key, its document, the row of each key, and the problems no document can show."""

    key: str
    document: dict[str, Any]
    heads: dict[str, str] = field(default_factory=dict)
    problems: dict[str, list[str]] = field(default_factory=dict)

    def refuse(self, name: str, message: str) -> None:
        """Record a problem of a field."""
        self.problems.setdefault(name, []).append(message)


# From the form


def read_field(values: Values, name: str) -> str:
    """Return the text of a field, with the line ends of documents; "" if it is missing."""
    return _plain(next(iter(values.get(name, ())), ""))


def read_part(part: PartKind, values: Values, present: Mapping[str, Document]) -> PartDraft:
    """Return the part entered, given the present ones of its kind; an invalid key gets a placeholder."""
    was = read_field(values, "was")
    before = present.get(was) or NOTHING
    key = read_field(values, "part_key").strip()
    others = present.keys() - {was}
    problem = _key_problem(part.problem_of, key, (), part.example)
    if problem is None and key in others:
        problem = f"{'An' if part.word[0] in 'aeiou' else 'A'} {part.word} with this key already exists."
    stand_in = was if was in present else _free(part.new_key, others)
    draft = PartDraft(key if problem is None else stand_in, _head(part, values, before))
    if problem is not None:
        draft.refuse("part_key", problem)
    if part.rows:
        draft.document[part.rows] = _read_rows(part, values, before.get(part.rows) or NOTHING, draft)
    return draft


def _head(part: PartKind, values: Values, before: Document) -> dict[str, Any]:
    """Return the form's values outside its rows."""
    names = ("name", "description", *(("category",) if part.word == "collection" else ()))
    document = _texts({name: read_field(values, name) for name in names}, before)
    if part.word == "section":
        document["supports"] = list(values.get("supports", ()))
    if part.word == "field":
        document |= _typed({name: read_field(values, name) for name in ("type", "options")}, before)
    return document


def _read_rows(part: PartKind, values: Values, before: Document, draft: PartDraft) -> dict[str, Any]:
    rows = rows_in(values)
    typed_keys = [row.get("key", "").strip() for row in rows]
    found: dict[str, Any] = {}
    for number, row in enumerate(rows):
        head, key = f"r{number}-", typed_keys[number]
        problem = _key_problem(part.problem_of_row, key, found, "title")
        if problem is not None:
            draft.refuse(f"{head}key", problem)
            key = _free("new", {*typed_keys, *found})
        draft.heads[key] = head
        found[key] = _read_row(part, row, before.get(row.get("was", "")) or NOTHING, draft, head)
    return found


def _key_problem(problem_of: Callable[[str], str | None], key: str, taken: Collection[str], example: str) -> str | None:
    if not key:
        return f"Enter a key, such as {example}."
    problem = problem_of(key)
    if problem is not None:
        return f"{quote_text(key)} {problem}"
    return f"{quote_text(key)} appears twice" if key in taken else None


def _free(stem: str, taken: Collection[str]) -> str:
    """Return an unused key with this stem."""
    return next(key for number in range(len(taken) + 1) if (key := f"{stem}-{number}") not in taken)


def _read_row(part: PartKind, row: Row, before: Document, draft: PartDraft, head: str) -> dict[str, Any]:
    document = _texts({name: row.get(name, "") for name in ("name", "description")}, before)
    if part.word == "collection":
        kind, _, key = row.get("of", "").partition(" ")
        return {**({kind: key} if kind in CHILD_KINDS else {}), **document}
    document |= _typed(row, before)
    if part.word == "event":
        return {**document, "required": True} if row.get("required") else document
    try:
        default = read_default(row, before)
    except InvalidControlValue as error:
        draft.refuse(f"{head}default", str(error))
        return document
    return document if default is None else {**document, "default": default}


def read_default(row: Row, before: Document) -> Any:
    """Return the default of a property, None without one; raise InvalidControlValue if the control's value is invalid.

    If the type has changed since the control was shown, a value that is valid for the new type stays.
    """
    kind, control = _type_of(row.get("type", "")), _type_of(row.get("shown", ""))
    if kind is None:
        return None
    options = tuple(_lines(row.get("options", ""), before.get("options") or ()))
    definition = Property("default", control or kind, options=options)
    fields = {end: row.get(f"default{end}", "") for end in DEFAULT_FIELDS}
    if definition.type is kind:
        return controls.value_of(definition, fields, before.get("default"))
    try:
        value = controls.value_of(definition, fields, before.get("default"))
    except InvalidControlValue:
        return None
    return controls.usable_value(Property("default", kind, options=options), value)


def _type_of(word: str) -> PropertyType | None:
    return PropertyType(word) if word in PROPERTY_TYPES else None


def _typed(row: Mapping[str, str], before: Document) -> dict[str, Any]:
    kind = row.get("type", "")
    document: dict[str, Any] = {"type": kind} if kind else {}
    if kind == PropertyType.SELECT:
        document["options"] = _lines(row.get("options", ""), before.get("options") or ())
    return document


def _lines(text: str, before: Collection[str]) -> list[str]:
    """Return the options entered, one per line; previous options keep their spaces."""
    lines = (line if line in before else line.strip() for line in text.split("\n"))
    return [line for line in lines if line]


def _texts(texts: Mapping[str, str], before: Document) -> dict[str, Any]:
    """Return the nonempty texts; unchanged ones keep their spaces."""
    kept = {name: text if text == before.get(name) else text.strip() for name, text in texts.items()}
    return {name: text for name, text in kept.items() if text}


def _plain(text: str) -> str:
    """Return the text as entered, with single-character line ends: browsers send two characters."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def find_renamed_keys(values: Values) -> Sequence[tuple[str, str]]:
    """Return the renamed keys of the part and of its rows, as old and new key."""
    found = [(read_field(values, "was"), read_field(values, "part_key").strip())]
    found += [(row.get("was", ""), row["key"].strip()) for row in rows_in(values)]
    return [(before, after) for before, after in found if before not in {"", after}]


def rows_in(values: Values) -> list[Row]:
    """Return the rows of a form, in the order of their numbers."""
    found: dict[str, Row] = {}
    for name in values:
        match = ROW_FIELD.fullmatch(name)
        if match:
            found.setdefault(match[1], {})[match[2]] = read_field(values, name)
    return [found[head] for head in sorted(found, key=lambda head: (len(head), head)) if "key" in found[head]]


# To the form


def to_fields(part: PartKind, key: str, document: Document) -> dict[str, Sequence[str]]:
    """Return the fields of the form for a part in document form; for a new one, pass "" and nothing."""
    texts = {name: [document.get(name, "")] for name in ("name", "description", "category")}
    rows = [_to_row(part, name, item or NOTHING) for name, item in (document.get(part.rows) or NOTHING).items()]
    return {
        "was": [key],
        "part_key": [key],
        **texts,
        "supports": document.get("supports") or [],
        "type": [document.get("type", "text")],
        "options": ["\n".join(document.get("options") or ())],
        **values_of(rows),
    }


def _to_row(part: PartKind, key: str, document: Document) -> Row:
    row = {"was": key, "key": key, **{name: document.get(name, "") for name in ("name", "description")}}
    if part.word == "collection":
        return row | {"of": next((f"{kind} {document[kind]}" for kind in CHILD_KINDS if kind in document), "")}
    row |= {"type": document.get("type", "text"), "options": "\n".join(document.get("options") or ())}
    if part.word == "event":
        return row | {"required": YES if document.get("required") else ""}
    return row | _default_fields(row["type"], document.get("options") or (), document.get("default"))


def _default_fields(kind: str, options: Collection[str], value: Any) -> Row:
    """Return the control of a default of that type."""
    definition = Property("default", PropertyType(kind), options=tuple(options))
    fields = controls.fields_of(definition, value)
    return {"shown": kind, **{f"default{end}": text for end, text in fields.items()}}


def values_of(rows: Iterable[Row]) -> dict[str, Sequence[str]]:
    """Return the fields of these rows; an unchecked box has none."""
    return {
        f"r{number}-{name}": [text]
        for number, row in enumerate(rows)
        for name, text in row.items()
        if text or name not in {"required", "default.set"}
    }


def rearrange(part: PartKind, values: Values, deed: str, present: Mapping[str, Document]) -> dict[str, Sequence[str]]:
    """Return the fields after a row is added or removed: rows count from 0, each has the control of its type."""
    rows = [_settle_row(part, row, _row_before(part, values, row, present)) for row in rows_in(values)]
    if deed == ADD and part.rows and len(rows) < part.most:
        rows.append(_new_row(part, read_field(values, "new")))
    elif deed.startswith(REMOVE):
        rows = [row for number, row in enumerate(rows) if str(number) != deed.removeprefix(REMOVE)]
    head = {name: texts for name, texts in values.items() if not ROW_FIELD.fullmatch(name)}
    return {**head, **values_of(rows)}


def _new_row(part: PartKind, chosen: str) -> Row:
    """Return an empty row: of the selected type, or for the selected child."""
    if part.word == "collection":
        return {**_to_row(part, "", NOTHING), "of": chosen}
    return _to_row(part, "", {"type": chosen} if chosen in part.types else NOTHING)


def _row_before(part: PartKind, values: Values, row: Row, present: Mapping[str, Document]) -> Document:
    rows = (present.get(read_field(values, "was")) or NOTHING).get(part.rows) or NOTHING
    return rows.get(row.get("was", "")) or NOTHING


def _settle_row(part: PartKind, row: Row, before: Document) -> Row:
    """Return the row with the control of the selected type, and as much of its default as is valid there."""
    if part.word != "experience" or row.get("type") == row.get("shown") or _type_of(row.get("type", "")) is None:
        return row
    options = _lines(row.get("options", ""), before.get("options") or ())
    kept = {name: text for name, text in row.items() if not name.startswith("default")}
    return kept | _default_fields(row["type"], options, read_default(row, before))


# In the document


def replace_part(document: Document, part: PartKind, was: str, draft: PartDraft) -> dict[str, Any]:
    """Return the document with the part replaced in its place, or appended; everything else is unchanged."""
    present = document.get(part.place) or NOTHING
    if was not in present:
        return {**document, part.place: {**present, draft.key: draft.document}}
    parts = {draft.key if key == was else key: draft.document if key == was else present[key] for key in present}
    return {**document, part.place: parts}


def remove_part(document: Document, part: PartKind, key: str) -> dict[str, Any]:
    """Return the document without the part."""
    return {**document, part.place: {other: item for other, item in document[part.place].items() if other != key}}


def group_problems_by_field(part: PartKind, draft: PartDraft, problems: Iterable[ErrorDetail]) -> dict[str, list[str]]:
    """Return the problems of a document with the part, by field; "" has those outside it, with their paths."""
    found: dict[str, list[str]] = {}
    for problem in problems:
        name = _field_of(part, draft, problem.path)
        told = f"{problem.path}: {problem.message}" if not name and problem.path else problem.message
        found.setdefault(name, []).append(told if not name else told[:1].upper() + told[1:])
    return found


def _field_of(part: PartKind, draft: PartDraft, path: str) -> str:
    own = join(part.place, draft.key)
    if path == own:
        return "part_key"
    if not path.startswith(f"{own}."):
        return ""
    head, _, rest = path[len(own) + 1 :].partition(".")
    if head == part.rows:
        return _field_of_row(draft, rest)
    name = head.partition("[")[0]
    return name if name in HEAD_FIELDS else ""


def _field_of_row(draft: PartDraft, path: str) -> str:
    """Return the field of a row, by its path among the rows; "rows" for all of them."""
    key, _, rest = path.partition(".")
    if key not in draft.heads:
        return "rows"
    name = re.split(r"[.\[]", rest, maxsplit=1)[0]
    return draft.heads[key] + (ROW_FIELDS.get(name, name) if name else "of")
