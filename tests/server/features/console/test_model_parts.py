"""What a form of a part of the model does to the document is what the same edit of the document does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from templates_server.features.console.model.form_fields import (
    PARTS,
    PartKind,
    group_problems_by_field,
    read_part,
    rearrange,
    replace_part,
    rows_in,
    to_fields,
    values_of,
)
from templates_server.features.spaces.parser import parse_model, read_model, to_document

KEYS = st.from_regex(r"[a-z][a-z0-9]{0,3}(-[a-z0-9]{1,2})?", fullmatch=True)
EVENTS = st.tuples(KEYS, KEYS).map("/".join)
CHARACTERS = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])
LINE = st.text(CHARACTERS, max_size=6)
LINES = st.text(CHARACTERS | st.just("\n"), max_size=6)
ANYTHING = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
MOMENTS = st.datetimes().map(lambda moment: moment.isoformat(timespec="milliseconds") + "Z")
COLORS = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)
OPACITIES = st.floats(0, 1, allow_subnormal=False)
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)
URLS = st.from_regex(r"https://[a-z]{1,5}\.example/[a-z]{0,3}", fullmatch=True)
OPTIONS = st.lists(LINE.filter(bool), min_size=1, max_size=3, unique=True)
AWKWARD = {
    "text": ANYTHING,
    "number": NUMBERS,
    "toggle": st.booleans(),
    "color": st.fixed_dictionaries({"value": COLORS | st.none(), "opacity": OPACITIES}),
    "date": MOMENTS,
    "list": st.lists(ANYTHING, max_size=3),
    "image": URLS,
}
"""Defaults as documents can have them."""
TYPEABLE = {
    **AWKWARD,
    "text": LINES,
    "color": st.fixed_dictionaries({"value": COLORS, "opacity": OPACITIES}),
    "list": st.lists(LINE.filter(str.strip), min_size=1, max_size=3),
}
"""Defaults that can be typed into a form."""
Values = Mapping[str, Sequence[str]]


def described(*, plain: bool) -> dict[str, Any]:
    """A name and a description; plain ones are as they are typed, without spaces around them."""
    strip = str.strip if plain else str
    return {"name": LINE.map(strip), "description": LINES.map(strip)}


@st.composite
def typed(draw: Any, kinds: Sequence[str], *, plain: bool, has_default: bool = False) -> Any:
    """Something with a type, one of these."""
    kind = draw(st.sampled_from(kinds))
    document = {"type": kind, **draw(st.fixed_dictionaries(described(plain=plain)))}
    if kind == "select":
        options = draw(OPTIONS.map(lambda texts: [text.strip() for text in texts]) if plain else OPTIONS)
        document["options"] = [*dict.fromkeys(filter(None, options)), "other"]
    if has_default and draw(st.booleans()):
        values = TYPEABLE if plain else AWKWARD
        document["default"] = draw(st.sampled_from(document["options"]) if kind == "select" else values[kind])
    return document


@st.composite
def a_part(draw: Any, part: PartKind, *, plain: bool) -> Any:
    """A part of a model that has the experiences `a` and `b` and the section `s`."""
    document = draw(st.fixed_dictionaries(described(plain=plain)))
    match part.word:
        case "experience":
            rows = typed(part.types, plain=plain, has_default=True)
            return {**document, "properties": draw(st.dictionaries(KEYS, rows, max_size=4))}
        case "section":
            return {**document, "supports": draw(st.lists(st.sampled_from("ab"), unique=True))}
        case "collection":
            child = st.sampled_from([{"experience": "a"}, {"experience": "b"}, {"section": "s"}])
            children = st.tuples(child, st.fixed_dictionaries(described(plain=plain))).map(
                lambda pair: pair[0] | pair[1]
            )
            category = draw(LINE).strip() if plain else draw(LINE)
            return {**document, "category": category, "children": draw(st.dictionaries(KEYS, children, max_size=4))}
        case "event":
            row = st.tuples(typed(part.types, plain=plain), st.booleans()).map(lambda p: {**p[0], "required": p[1]})
            return {**document, "metadata": draw(st.dictionaries(KEYS, row, max_size=3))}
        case _:
            return draw(typed(part.types, plain=plain))


@st.composite
def edits(draw: Any) -> tuple[PartKind, Any, str, str, Any]:
    """A kind of part, a model, the key of a part of it, and another key and document for it."""
    part = PARTS[draw(st.sampled_from(sorted(PARTS)))]
    keys = EVENTS if part.word == "event" else KEYS
    others = draw(st.dictionaries(keys, a_part(part, plain=False), max_size=2))
    key, new_key = draw(keys), draw(keys.filter(lambda each: each not in others))
    model: dict[str, Any] = {"experiences": {"a": {}, "b": {}}, "sections": {"s": {}}}
    model[part.place] = {**model.get(part.place, {}), **others, key: draw(a_part(part, plain=False))}
    return part, canonical(model), key, new_key, draw(a_part(part, plain=True))


def canonical(document: Any) -> Any:
    """The document as it is stored, of what is right in it."""
    return to_document(parse_model(document, space="radio", name="Radio")[0])


def sent_by_a_browser(values: Values) -> Values:
    """The fields as a browser sends them: every line end is two characters."""
    return {
        name: [text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n") for text in texts]
        for name, texts in values.items()
    }


@settings(max_examples=15, deadline=None)
@given(edits())
def test_a_form_that_nobody_touched_is_the_same_document(edit: tuple[PartKind, Any, str, str, Any]) -> None:
    part, model, key, _, _ = edit
    present = model[part.place]
    values = sent_by_a_browser(to_fields(part, key, present[key]))
    for fields in (values, sent_by_a_browser(rearrange(part, values, "", present))):
        draft = read_part(part, fields, present)
        assert draft.problems == {}
        after = to_document(read_model(replace_part(model, part, key, draft), space="radio", name="Radio"))
        assert json.dumps(after) == json.dumps(model)


@settings(max_examples=15, deadline=None)
@given(edits())
def test_an_edit_in_the_form_is_the_same_edit_of_the_document(edit: tuple[PartKind, Any, str, str, Any]) -> None:
    part, model, key, new_key, wanted = edit
    present = model[part.place]
    values = typed_into_the_form(part, present[key], key, new_key, wanted)
    draft = read_part(part, sent_by_a_browser(values), present)
    edited = replace_part(model, part, key, draft)
    replaced = {new_key if each == key else each: wanted if each == key else present[each] for each in present}
    expected = {**model, part.place: replaced}
    after, problems = parse_model(edited, space="radio", name="Radio")
    wrong = parse_model(expected, space="radio", name="Radio")[1]
    if new_key in present and new_key != key:
        assert "part_key" in draft.problems
    elif not draft.problems:
        assert json.dumps(to_document(after)) == json.dumps(canonical(expected))
        assert problems == wrong
        told = group_problems_by_field(part, draft, problems)
        assert sum(map(len, told.values())) == len(list(problems))
    else:
        assert part.word == "event", draft.problems  # a reserved name, or metadata called pair1


def typed_into_the_form(part: PartKind, before: Any, key: str, new_key: str, wanted: Any) -> Values:
    """The fields after somebody made the part into what is wanted: rows of the same key are changed, others are new."""
    shown = canonical_part(part, wanted)
    values = {**to_fields(part, new_key, shown), "was": [key]}
    known = before.get(part.rows) or {}
    rows = [{**row, "was": row["key"] if row["key"] in known else ""} for row in rows_in(values)]
    return {**{name: texts for name, texts in values.items() if "-" not in name}, **values_of(rows)}


def canonical_part(part: PartKind, document: Any) -> Any:
    """A part as documents have it."""
    key = "x/x" if part.word == "event" else "x"
    model: dict[str, Any] = {"experiences": {"a": {}, "b": {}}, "sections": {"s": {}}}
    model[part.place] = {**model.get(part.place, {}), key: document}
    return canonical(model)[part.place][key]
