"""Models as documents: every rule, every problem by its path, and the canonical form."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templates_server.errors import ValidationFailed
from templates_server.features import demo
from templates_server.features.spaces.model import Color, PropertyType, SpaceModel
from templates_server.features.spaces.parser import parse_model, read_model, to_document
from templates_server.features.spaces.property_values import read_value, to_plain
from templates_server.primitives.validation import Reader
from templates_server.primitives.yaml_json import read_yaml, write_yaml

VOD = (Path(demo.__file__).parent / "vod-space.yaml").read_bytes()


def vod() -> Any:
    return read_yaml(VOD, max_depth=32)


def read(document: Any) -> SpaceModel:
    return read_model(document, space="vod", name="VOD")


def problems(document: Any) -> dict[str, str]:
    found = {problem.path: problem.message for problem in parse_model(document, space="vod", name="VOD")[1]}
    assert all(" " in message for message in found.values())
    return found


def with_property(**definition: Any) -> dict[str, Any]:
    return {"experiences": {"hero": {"properties": {"it": definition}}}}


def default_of(kind: str, default: Any) -> Any:
    options = {"options": ["a", "b"]} if kind == "select" else {}
    model = read(with_property(type=kind, default=default, **options))
    return model.experiences[0].properties[0].default


def test_the_reference_model_is_read_whole() -> None:
    model = read(vod())
    assert [experience.key for experience in model.experiences] == ["banner", "carousel", "header", "hero"]
    hero = model.experience_by_key["hero"]
    assert [(item.key, item.type, item.default) for item in hero.properties] == [
        ("layout", PropertyType.SELECT, "full-width"),
        ("link", PropertyType.TEXT, None),
        ("source", PropertyType.IMAGE, None),
        ("title", PropertyType.TEXT, "What's on tonight"),
    ]
    assert hero.properties[0].options == ("full-width", "boxed")
    assert model.section_by_key["homepage-body"].supports == ("banner", "carousel", "hero")
    assert [child.key for child in model.collections[0].children] == ["body", "header"]


def test_twenty_faults_are_twenty_problems() -> None:
    document = {
        "space": "other",
        "nam": "x",
        "name": 5,
        "revision": -1,
        "experiences": {
            "Hero": {},
            "hero": {
                "descripton": "x",
                "properties": {
                    "a": {"type": "txt"},
                    "b": {},
                    "c": {"type": "select"},
                    "d": {"type": "select", "options": ["x", "x"]},
                    "e": {"type": "number", "default": "5"},
                    "f": {"type": "color", "default": {"value": "red", "opacity": 2, "alpha": 1}},
                    "g": {"type": "date", "default": "2027-04-30"},
                    "h": {"type": "text", "options": ["x"]},
                },
            },
        },
        "sections": {"body": {"supports": ["heroe", 7]}},
        "collections": {
            "home": {"children": {"a": {"experience": "hero", "section": "body"}, "b": {"section": "bdy"}, "c": {}}}
        },
    }
    found = problems(document)
    hero = "experiences.hero.properties"
    assert set(found) == {
        "space", "nam", "name", "revision", "experiences.Hero", "experiences.hero.descripton",
        f"{hero}.a.type", f"{hero}.b.type", f"{hero}.c.options", f"{hero}.d.options[1]", f"{hero}.e.default",
        f"{hero}.f.default.value", f"{hero}.f.default.opacity", f"{hero}.f.default.alpha", f"{hero}.g.default",
        f"{hero}.h.options", "sections.body.supports[0]", "sections.body.supports[1]",
        "collections.home.children.a", "collections.home.children.b.section", "collections.home.children.c",
    }  # fmt: skip
    assert found["nam"] == 'is not a known key; did you mean "name"?'
    assert 'did you mean "hero"?' in found["sections.body.supports[0]"]
    assert 'did you mean "text"?' in found[f"{hero}.a.type"]
    assert found["name"] == "must be text, not a number; put it in quotes"
    with pytest.raises(ValidationFailed) as refusal:
        read(document)
    assert len(refusal.value.problems) == len(found)


@pytest.mark.parametrize(
    "document", [None, {}, {"space": "vod"}, {"experiences": None, "sections": {}, "revision": 0, "name": None}]
)
def test_what_is_not_given_is_nothing(document: Any) -> None:
    assert read(document) == SpaceModel("vod", name="VOD")


@pytest.mark.parametrize("document", ["text", 5, [], True, {"experiences": []}, {"sections": "x"}, {"collections": 5}])
def test_what_is_no_mapping_is_refused(document: Any) -> None:
    assert all("must be a mapping" in message for message in problems(document).values())
    assert problems(document)


@pytest.mark.parametrize(
    "key", ["", "Hero", "hero_1", "1hero", "-hero", "hero-", "he--ro", "héro", "h" * 65, "a.b", "a b"]
)
def test_a_key_that_is_not_kebab_case_is_refused(key: str) -> None:
    assert len(problems({"experiences": {key: {}}})) == 1


@pytest.mark.parametrize("key", ["a", "hero", "hero-2", "h" * 64, "a-1-b"])
def test_a_key_in_kebab_case_is_taken(key: str) -> None:
    assert read({"experiences": {key: {}}}).experiences[0].key == key


@pytest.mark.parametrize("name", ["x" * 201, "a\nb", "a\tb", "a\x00b", "a\x7f", "a\x85b", "a\u2028b", "\x1b[31m"])
def test_a_name_that_is_too_long_or_not_one_line_is_refused(name: str) -> None:
    assert set(problems({"experiences": {"hero": {"name": name}}})) == {"experiences.hero.name"}


@pytest.mark.parametrize(
    "name", ["x" * 200, "世界のニュース", "خبر", "नमस्ते", "👩‍👩‍👧", "</script>", "*/ // # ${x}", " "]
)
def test_a_name_may_be_in_any_script(name: str) -> None:
    assert read({"name": name}).name == name


def test_a_description_may_have_lines_but_neither_other_control_characters_nor_too_many() -> None:
    assert read({"description": "one\n\ttwo"}).description == "one\n\ttwo"
    assert set(problems({"description": "x" * 2001})) == {"description"}
    assert set(problems({"description": "a\rb"})) == {"description"}


@pytest.mark.parametrize(
    ("kind", "given", "held"),
    [
        ("text", "", ""),
        ("text", "a\nb", "a\nb"),
        ("number", 5, 5),
        ("number", 5.0, 5),
        ("number", -0.0, 0),
        ("number", 2.5, 2.5),
        ("number", 1e300, 1e300),
        ("toggle", False, False),
        ("color", {"value": "#AABBCC"}, Color("#aabbcc", 1)),
        ("color", {"value": "#aabbcc", "opacity": 0.5}, Color("#aabbcc", 0.5)),
        ("color", {"value": None, "opacity": 0}, Color(None, 0)),
        ("color", {}, None),
        ("date", "2027-04-30T22:00:00Z", "2027-04-30T22:00:00Z"),
        ("date", "2027-05-01T00:00:00.250+02:00", "2027-04-30T22:00:00.250Z"),
        ("list", [], None),
        ("list", ["b", "a", "b", ""], ("b", "a", "b", "")),
        ("select", "b", "b"),
        ("select", "", None),
        ("image", "https://images.example.com/a.jpg?w=1", "https://images.example.com/a.jpg?w=1"),
        ("text", None, None),
    ],
)
def test_a_default_is_held_normalised(kind: str, given: Any, held: Any) -> None:
    read_back = default_of(kind, given)
    assert (read_back, type(read_back)) == (held, type(held))


@pytest.mark.parametrize(
    ("kind", "default"),
    [
        ("text", 5), ("text", True), ("text", "x" * 10_001), ("number", "5"), ("number", True), ("number", 2**53),
        ("toggle", 1), ("toggle", "on"), ("color", "#aabbcc"), ("color", {"value": "#abc"}),
        ("color", {"value": "aabbcc"}), ("color", {"opacity": 1.1}), ("color", {"opacity": -0.1}),
        ("color", ["#aabbcc"]),
        ("date", "2027-04-30"), ("date", "2027-04-30T22:00:00"), ("date", "2027-02-30T22:00:00Z"), ("date", 5),
        ("list", "a"), ("list", [1]), ("list", [None]), ("list", ["x"] * 1001), ("select", "c"), ("select", 1),
        ("image", "x"), ("image", "javascript:alert(1)"), ("image", "https://"), ("image", "https://a b/"),
        ("image", "https://a/\n"), ("image", "ftp://a/b"), ("image", "https://a:x/"),
    ],
)  # fmt: skip
def test_a_default_of_another_kind_is_refused(kind: str, default: Any) -> None:
    options = {"options": ["a", "b"]} if kind == "select" else {}
    found = problems(with_property(type=kind, default=default, **options))
    assert found
    assert all(path.startswith("experiences.hero.properties.it.default") for path in found)


@pytest.mark.parametrize(
    "options", [None, [], "a", [""], [None], [1], ["a", "a"], ["a\nb"], [f"o{n}" for n in range(201)]]
)
def test_options_must_be_different_lines_of_text(options: Any) -> None:
    assert problems(with_property(type="select", options=options))


@pytest.mark.parametrize(
    ("part", "document"),
    [
        ("experiences", {"experiences": {f"e{n}": {} for n in range(2001)}}),
        ("experiences.hero.properties", {
            "experiences": {"hero": {"properties": {f"p{n}": {"type": "text"} for n in range(201)}}}
        }),
        ("collections.home.children", {
            "experiences": {"hero": {}},
            "collections": {"home": {"children": {f"c{n}": {"experience": "hero"} for n in range(201)}}},
        }),
    ],
)  # fmt: skip
def test_there_is_an_end_to_how_many(part: str, document: Any) -> None:
    assert set(problems(document)) == {part}


def test_the_order_in_a_document_makes_no_difference() -> None:
    turned = vod()
    for part in ("experiences", "sections", "collections"):
        turned[part] = dict(reversed(turned[part].items()))
    turned["sections"]["homepage-body"]["supports"].reverse()
    assert to_document(read(turned)) == to_document(read(vod()))


def test_the_canonical_form_is_read_back_equal_from_yaml() -> None:
    model = read(vod())
    written = write_yaml({**to_document(model), "revision": 7})
    assert read(read_yaml(written.encode(), max_depth=32)) == model


def test_reading_a_document_does_not_change_it() -> None:
    document = vod()
    before = copy.deepcopy(document)
    read(document)
    assert document == before


GIVEN = {
    PropertyType.TEXT: st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    PropertyType.NUMBER: st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False),
    PropertyType.TOGGLE: st.booleans(),
    PropertyType.COLOR: st.fixed_dictionaries(
        {}, optional={"value": st.from_regex(r"#[0-9a-fA-F]{6}", fullmatch=True), "opacity": st.floats(0, 1)}
    ),
    PropertyType.DATE: st.datetimes(timezones=st.timezones()).map(
        lambda moment: moment.replace(second=0, fold=0).isoformat()
    ).filter(lambda text: len(text.rpartition(":")[0]) > 3 and text.count(":") == 3),
    PropertyType.LIST: st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=5),
    PropertyType.SELECT: st.sampled_from(["a", "b", ""]),
}  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.data(), st.sampled_from(sorted(GIVEN)))
def test_a_value_that_was_read_is_read_again_as_the_same(data: st.DataObject, kind: PropertyType) -> None:
    reader = Reader()
    once = read_value(reader, data.draw(GIVEN[kind]), "it", kind=kind, options=("a", "b"))
    if not reader.problems:
        assert read_value(reader, to_plain(once), "it", kind=kind, options=("a", "b")) == once
        assert reader.problems == []


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["hero", "type", "properties", "options", "default", "text", "select", "supports", "children"]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(["experiences", "sections", "collections", "name", "revision"]), JUNK))
def test_whatever_is_sent_gives_problems_or_a_model_that_is_read_back(document: Any) -> None:
    model, found = parse_model(document, space="vod", name="VOD")
    assert all(problem.path and problem.message for problem in found)
    assert read(to_document(model)) == model
