"""Events and fields in the model: every rule, every problem by its path, the canonical form, and what changes break."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templates_server.features.codegen.code_hash import code_hash
from templates_server.features.codegen.differences import diff
from templates_server.features.codegen.renderer import LANGUAGES
from templates_server.features.spaces.model import (
    EventDefinition,
    FieldDefinition,
    GenerationInput,
    MetadataKey,
    PropertyType,
    SpaceModel,
)
from templates_server.features.spaces.parser import parse_model, read_model, to_document
from templates_server.features.spaces.schemas import Change
from templates_server.primitives.yaml_json import read_yaml, write_yaml

DESIGNED: dict[str, Any] = {
    "events": {
        "video/completed": {
            "name": "Video completed",
            "description": "The credits began.",
            "metadata": {"title": {"type": "text"}, "genre": {"type": "select", "options": ["Drama", "Football"]}},
        },
        "item/clicked": None,
    },
    "fields": {"campaign": {"type": "text"}, "cart-total": {"type": "number", "name": "Cart total"}},
}


def read(document: Any) -> SpaceModel:
    return read_model(document, space="vod", name="VOD")


def problems(document: Any) -> dict[str, str]:
    return {problem.path: problem.message for problem in parse_model(document, space="vod", name="VOD")[1]}


def event(**metadata: Any) -> dict[str, Any]:
    return {"events": {"video/completed": {"metadata": metadata}}}


def test_events_and_fields_are_read_in_order_of_their_names() -> None:
    model = read(DESIGNED)
    genre = MetadataKey("genre", PropertyType.SELECT, options=("Drama", "Football"))
    title = MetadataKey("title", PropertyType.TEXT)
    assert model.events == (
        EventDefinition("item/clicked"),
        EventDefinition("video/completed", "Video completed", "The credits began.", (genre, title)),
    )
    assert model.fields == (
        FieldDefinition("campaign", PropertyType.TEXT),
        FieldDefinition("cart-total", PropertyType.NUMBER, "Cart total"),
    )


def test_metadata_can_be_required() -> None:
    model = read(event(a={"type": "toggle", "required": True}, b={"type": "number", "required": False}))
    assert [item.is_required for item in model.events[0].metadata] == [True, False]


def test_every_fault_is_told_by_its_path() -> None:
    found = problems(
        {
            "events": {
                "completed": {},
                "Video/completed": {},
                "video/completed/twice": {},
                "video/": {},
                "mtribes/started": {},
                "sdk/started": {},
                f"{'a' * 65}/b": {},
                "a/b": {"nam": "x", "name": 5, "description": "a\0", "metadata": ["title"]},
                "c/d": {
                    "metadata": {
                        "pair1": {"type": "text"},
                        "Title": {"type": "text"},
                        "a": {"type": "date"},
                    }
                },
                "e/f": {
                    "metadata": {
                        "a": {},
                        "b": {"type": "select"},
                        "c": {"type": "text", "options": ["x"], "required": "yes", "default": "x"},
                    }
                },
                "g/h": {"metadata": {key: {"type": "text"} for key in "abcd"}},
                "i/j": [],
            },
            "fields": {
                "cartTotal": {"type": "number"},
                "a": {"type": "list"},
                "b": {"type": "text", "required": True},
                "c": {"type": "select", "options": ["x", "x", ""]},
                "d": "text",
            },
        }
    )
    assert set(found) == {
        "events.completed", 'events."Video/completed"', 'events."video/completed/twice"', 'events."video/"',
        'events."mtribes/started"', 'events."sdk/started"', f'events."{"a" * 65}/b"',
        'events."a/b".nam', 'events."a/b".name', 'events."a/b".description', 'events."a/b".metadata',
        'events."c/d".metadata.pair1', 'events."c/d".metadata.Title', 'events."c/d".metadata.a.type',
        'events."e/f".metadata.a.type', 'events."e/f".metadata.b.options', 'events."e/f".metadata.c.options',
        'events."e/f".metadata.c.required', 'events."e/f".metadata.c.default',
        'events."g/h".metadata', 'events."i/j"',
        "fields.cartTotal", "fields.a.type", "fields.b.required", "fields.c.options[1]", "fields.c.options[2]",
        "fields.d",
    }  # fmt: skip
    assert "category/action" in found["events.completed"]
    assert "reserved prefix" in found['events."sdk/started"']
    assert "cannot be modelled" in found['events."c/d".metadata.pair1']
    assert found["fields.a.type"] == '"list" is not one of text, number, toggle, select'
    assert found['events."g/h".metadata'] == "has 4 entries; the maximum is 3"


@pytest.mark.parametrize(("part", "name", "most"), [("events", "a/e{}", 1000), ("fields", "f{}", 100)])
def test_there_is_an_end_to_how_many(part: str, name: str, most: int) -> None:
    def document(count: int) -> Any:
        return {part: {name.format(number): {"type": "text"} if part == "fields" else {} for number in range(count)}}

    assert problems(document(most)) == {}
    assert set(problems(document(most + 1))) == {part}


@pytest.mark.parametrize("document", [{"events": []}, {"fields": "x"}, {"events": 5}])
def test_what_is_no_mapping_is_refused(document: Any) -> None:
    assert all("must be a mapping" in message for message in problems(document).values())
    assert problems(document)


@pytest.mark.parametrize("document", [{}, {"events": {}, "fields": {}}, {"events": None, "fields": None}])
def test_a_model_without_them_has_the_document_that_it_had_before_there_were_any(document: Any) -> None:
    empty = {"space": "vod", "name": "VOD", "experiences": {}, "sections": {}, "collections": {}}
    assert to_document(read(document)) == empty


def test_the_canonical_form_leaves_out_what_is_not_given() -> None:
    document = to_document(read(DESIGNED | event(a={"type": "text", "required": True}, b={"type": "text"})))
    assert document["events"] == {
        "video/completed": {"metadata": {"a": {"type": "text", "required": True}, "b": {"type": "text"}}}
    }
    assert to_document(read(DESIGNED))["events"]["item/clicked"] == {}


KEYS = st.from_regex(r"\A[a-z][a-z0-9]{0,3}(-[a-z0-9]{1,3}){0,1}\Z")
TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=8)
TYPED = st.one_of(
    st.fixed_dictionaries({"type": st.sampled_from(["text", "number", "toggle"])}, optional={"name": TEXTS}),
    st.fixed_dictionaries(
        {"type": st.just("select"), "options": st.lists(TEXTS.filter(bool), min_size=1, max_size=3, unique=True)}
    ),
)
METADATA = st.builds(lambda typed, required: typed | required, TYPED, st.sampled_from([{}, {"required": True}]))
DOCUMENTS = st.fixed_dictionaries(
    {
        "events": st.dictionaries(
            st.builds("{}/{}".format, KEYS, KEYS).filter(lambda name: not name.startswith(("mtribes/", "sdk/"))),
            st.fixed_dictionaries(
                {"metadata": st.dictionaries(KEYS, METADATA, max_size=3)}, optional={"description": TEXTS}
            ),
            max_size=4,
        ),
        "fields": st.dictionaries(KEYS, TYPED, max_size=4),
    }
)


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS)
def test_what_was_read_is_written_and_read_again_as_the_same_whatever_its_order(document: Any) -> None:
    before = copy.deepcopy(document)
    model = read(document)
    assert document == before
    assert read(read_yaml(write_yaml({**to_document(model), "revision": 7}).encode(), max_depth=32)) == model
    turned = {
        "fields": dict(reversed(document["fields"].items())),
        "events": {
            name: {**one, "metadata": dict(reversed(one["metadata"].items()))}
            for name, one in reversed(document["events"].items())
        },
    }
    assert to_document(read(turned)) == to_document(model)
    assert code_hash(GenerationInput(read(turned), {})) == code_hash(GenerationInput(model, {}))


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS, DOCUMENTS)
def test_a_difference_is_told_exactly_where_there_is_one_and_turns_round(one: Any, other: Any) -> None:
    before, after = read(one), read(other)
    assert diff(before, before, revision=1).changes == ()
    there = {change.path for change in diff(before, after, revision=1).changes if change.kind == "removed"}
    back = {change.path for change in diff(after, before, revision=1).changes if change.kind == "added"}
    assert there == back


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["a/b", "metadata", "type", "options", "required", "text", "select", "pair1"]), inner
        )
    ),
    max_leaves=15,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(["events", "fields"]), JUNK))
def test_whatever_is_sent_gives_problems_or_a_model_that_is_read_back(document: Any) -> None:
    model, found = parse_model(document, space="vod", name="VOD")
    assert all(problem.path and problem.message for problem in found)
    assert read(to_document(model)) == model


# Differences

BEFORE: dict[str, Any] = {
    "events": {
        "video/completed": {
            "metadata": {
                "title": {"type": "text"},
                "genre": {"type": "select", "options": ["Drama", "Football"], "required": True},
            }
        },
        "item/clicked": {},
    },
    "fields": {"campaign": {"type": "text"}, "plan": {"type": "select", "options": ["free", "gold"]}},
}
COMPLETED = 'events."video/completed"'


def after(path: tuple[str, ...], value: Any) -> Any:
    """The model with another value at a path; without it where the value is None."""
    whole = copy.deepcopy(BEFORE)
    place = whole
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    if value is None:
        del place[path[-1]]
    return whole


def changes(document: Any, before: Any = None) -> tuple[Change, ...]:
    return diff(read(BEFORE if before is None else before), read(document), revision=3).changes


def told(document: Any) -> list[tuple[str, str, bool]]:
    return [(change.path, change.kind, change.breaking) for change in changes(document)]


METADATA_OF = ("events", "video/completed", "metadata")


@pytest.mark.parametrize(
    ("document", "path", "kind"),
    [
        (after(("events", "item/clicked"), None), 'events."item/clicked"', "removed"),
        (after(("events", "video/completed"), None), COMPLETED, "removed"),
        (after((*METADATA_OF, "title"), None), f"{COMPLETED}.metadata.title", "removed"),
        (after((*METADATA_OF, "title"), {"type": "number"}), f"{COMPLETED}.metadata.title", "retyped"),
        (after((*METADATA_OF, "title"), {"type": "text", "required": True}), f"{COMPLETED}.metadata.title", "retyped"),
        (after((*METADATA_OF, "year"), {"type": "number", "required": True}), f"{COMPLETED}.metadata.year", "added"),
        (after((*METADATA_OF, "genre", "options"), ["Drama"]), f"{COMPLETED}.metadata.genre.options.Football",
         "removed"),
        (after(("fields", "campaign"), None), "fields.campaign", "removed"),
        (after(("fields", "campaign"), {"type": "toggle"}), "fields.campaign", "retyped"),
        (after(("fields", "plan", "options"), ["gold"]), "fields.plan.options.free", "removed"),
    ],
)  # fmt: skip
def test_what_an_app_may_no_longer_say_or_must_say_breaks(document: Any, path: str, kind: str) -> None:
    assert told(document) == [(path, kind, True)]


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (after(("events", "video/paused"), {"metadata": {"at": {"type": "number", "required": True}}}),
         'events."video/paused"'),
        (after((*METADATA_OF, "year"), {"type": "number"}), f"{COMPLETED}.metadata.year"),
        (after((*METADATA_OF, "genre", "options"), ["Drama", "Football", "News"]),
         f"{COMPLETED}.metadata.genre.options.News"),
        (after(("fields", "age"), {"type": "number"}), "fields.age"),
        (after(("fields", "plan", "options"), ["free", "gold", "silver"]), "fields.plan.options.silver"),
    ],
)  # fmt: skip
def test_what_an_app_may_newly_say_breaks_nothing(document: Any, path: str) -> None:
    assert told(document) == [(path, "added", False)]


@pytest.mark.parametrize(
    "document",
    [
        after(("events", "item/clicked", "name"), "Clicked"),
        after(("events", "item/clicked", "description"), "Whatever it is."),
        after((*METADATA_OF, "genre", "required"), None),
        after((*METADATA_OF, "title", "name"), "Title"),
        after((*METADATA_OF, "genre", "options"), ["Football", "Drama"]),
        after(("fields", "campaign", "description"), "Where they came from."),
    ],
)
def test_other_words_and_metadata_that_is_no_longer_required_are_no_change(document: Any) -> None:
    assert told(document) == []


def test_a_change_names_what_generated_code_calls_it() -> None:
    found = {
        change.path: {each.language: (each.before, each.after) for each in change.identifiers}
        for change in changes({"events": {"a-b/c-d": {"metadata": {"e-f": {"type": "text"}}}}}, {})
        + changes(after((*METADATA_OF, "seen-at"), {"type": "number"}))
        + changes(after(("fields", "cart-total"), {"type": "number"}))
    }
    by_style = {"raw": ("aBCD", "seen-at", "cart-total"), "camel": ("aBCD", "seenAt", "cartTotal")}
    named = dict.fromkeys(LANGUAGES, by_style["camel"])
    named |= dict.fromkeys(("typescript", "javascript"), by_style["raw"])
    named["python"] = ("a_b_c_d", "seen_at", "cart-total")
    for language, (event, metadata, field) in named.items():
        assert found['events."a-b/c-d"'][language] == (None, event)
        assert found[f"{COMPLETED}.metadata.seen-at"][language] == (None, metadata)
        assert found["fields.cart-total"][language] == (None, field)


def test_an_event_whose_type_is_called_otherwise_beside_a_new_one_breaks() -> None:
    before = {"events": {"a/b-c": {"metadata": {"x": {"type": "text"}}}}}
    beside = {"events": {**before["events"], "a-b/c": {"metadata": {"x": {"type": "text"}}}}}
    found = {change.path: (change.kind, change.breaking) for change in changes(beside, before)}
    assert found == {'events."a/b-c"': ("retyped", True), 'events."a-b/c"': ("added", False)}
