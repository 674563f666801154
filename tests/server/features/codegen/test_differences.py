"""What a change of a model means for generated code: what breaks, what does not, what it is called."""

from __future__ import annotations

from typing import Any

import pytest

from templates_server.features.codegen.differences import diff
from templates_server.features.codegen.renderer import LANGUAGES
from templates_server.features.spaces.parser import read_model
from templates_server.features.spaces.schemas import ModelDiff

BEFORE: dict[str, Any] = {
    "experiences": {
        "hero": {
            "properties": {
                "title": {"type": "text"},
                "label": {"type": "text", "default": "Join"},
                "layout": {"type": "select", "options": ["full", "boxed"]},
            }
        },
        "banner": {"properties": {"label": {"type": "text"}}},
    },
    "sections": {"body": {"supports": ["hero", "banner"]}},
    "collections": {"homepage": {"children": {"top": {"experience": "banner"}, "body": {"section": "body"}}}},
}


def changed(path: str, value: Any, document: Any = None) -> Any:
    """The model with another value at a path; without it where the value is None."""
    whole = BEFORE if document is None else document
    key, _, rest = path.partition("/")
    if rest:
        return {**whole, key: changed(rest, value, whole[key])}
    return {name: item for name, item in {**whole, key: value}.items() if item is not None}


def compare(after: Any, before: Any = None) -> ModelDiff:
    models = [read_model(document, space="vod", name="VOD") for document in (before or BEFORE, after)]
    return diff(models[0], models[1], revision=3)


def told(after: Any) -> list[tuple[str, str, bool]]:
    return [(change.path, change.kind, change.breaking) for change in compare(after).changes]


HERO = "experiences/hero/properties"


@pytest.mark.parametrize(
    "after",
    [
        BEFORE,
        changed("name", "Another"),
        changed("experiences/hero/name", "Another"),
        changed("experiences/hero/description", "Another"),
        changed(f"{HERO}/label/default", "Sign up"),
        changed(f"{HERO}/title/default", "Now it is never unset"),
        changed("collections/homepage/category", "Pages"),
        changed(f"{HERO}/layout/default", "full"),
    ],
)
def test_what_is_only_called_or_preset_differently_is_no_change(after: Any) -> None:
    assert told(after) == []
    assert compare(after).breaking is False


@pytest.mark.parametrize(
    ("after", "path"),
    [
        (changed("experiences/story", {"properties": {"text": {"type": "text"}}}), "experiences.story"),
        (changed(f"{HERO}/link", {"type": "text"}), "experiences.hero.properties.link"),
        (
            changed(f"{HERO}/layout/options", ["full", "boxed", "wide"]),
            "experiences.hero.properties.layout.options.wide",
        ),
        (changed("sections/side", {"supports": ["hero"]}), "sections.side"),
        (changed("collections/help", {"children": {"a": {"experience": "hero"}}}), "collections.help"),
        (changed("collections/homepage/children/more", {"experience": "hero"}), "collections.homepage.children.more"),
    ],
)
def test_what_is_new_breaks_nothing_and_is_told_once(after: Any, path: str) -> None:
    assert told(after) == [(path, "added", False)]
    assert compare(after).breaking is False


@pytest.mark.parametrize(
    ("after", "path"),
    [
        (changed(f"{HERO}/title", None), "experiences.hero.properties.title"),
        (changed(f"{HERO}/layout/options", ["full"]), "experiences.hero.properties.layout.options.boxed"),
        (changed("sections/body/supports", ["hero"]), "sections.body.supports.banner"),
        (changed("collections/homepage/children/top", None), "collections.homepage.children.top"),
        (changed("collections/homepage", None), "collections.homepage"),
    ],
)
def test_what_is_gone_breaks(after: Any, path: str) -> None:
    assert told(after) == [(path, "removed", True)]
    assert compare(after).breaking is True


@pytest.mark.parametrize(
    ("after", "path"),
    [
        (changed(f"{HERO}/title/type", "number"), "experiences.hero.properties.title"),
        (changed(f"{HERO}/layout", {"type": "text"}), "experiences.hero.properties.layout"),
        (changed(f"{HERO}/label/default", None), "experiences.hero.properties.label"),
        (changed("collections/homepage/children/top", {"experience": "hero"}), "collections.homepage.children.top"),
        (changed("collections/homepage/children/top", {"section": "body"}), "collections.homepage.children.top"),
    ],
)
def test_what_has_another_type_breaks(after: Any, path: str) -> None:
    assert told(after) == [(path, "retyped", True)]


def test_renaming_a_key_is_removing_and_adding() -> None:
    after = changed(HERO, {"heading": {"type": "text"}}, changed(HERO, {}))
    before = changed(HERO, {"title": {"type": "text"}})
    changes = [(change.path.rpartition(".")[2], change.kind) for change in compare(after, before).changes]
    assert changes == [("heading", "added"), ("title", "removed")]


def test_a_change_names_the_identifiers_of_every_language() -> None:
    (change,) = compare(changed(f"{HERO}/title-ids", {"type": "list"})).changes
    assert [each.language for each in change.identifiers] == list(LANGUAGES)
    typescript = next(each for each in change.identifiers if each.language == "typescript")
    assert (typescript.before, typescript.after) == (None, "titleIds")


def test_a_key_whose_identifier_becomes_another_breaks_though_its_type_stays() -> None:
    before = changed(HERO, {"title-ids": {"type": "list"}})
    after = changed(HERO, {"title-ids": {"type": "list"}, "titleids": {"type": "list"}})
    changes = {change.path.rpartition(".")[2]: change for change in compare(after, before).changes}
    assert (changes["titleids"].kind, changes["titleids"].breaking) == ("added", False)
    assert (changes["title-ids"].kind, changes["title-ids"].breaking) == ("retyped", True)
    assert any(each.before == "titleIds" != each.after for each in changes["title-ids"].identifiers)


def test_the_revision_compared_with_is_told() -> None:
    assert compare(BEFORE).revision == 3


SELECTS: dict[str, Any] = {
    "a property": lambda select: {"experiences": {"hero": {"properties": {"version": select}}}},
    "metadata": lambda select: {"events": {"app/updated": {"metadata": {"version": select}}}},
    "a field": lambda select: {"fields": {"version": select}},
}


@pytest.mark.parametrize("of", SELECTS)
@pytest.mark.parametrize("other", ["v1", "added as well"])
def test_an_option_that_goes_breaks_though_another_is_its_beginning(of: str, other: str) -> None:
    with_options = [SELECTS[of]({"type": "select", "options": options}) for options in (["v0", "v1.2"], ["v0", other])]
    compared = compare(with_options[1], with_options[0])
    assert compared.breaking
    kinds = {change.path.partition(".options.")[2]: (change.kind, change.breaking) for change in compared.changes}
    assert kinds["v1.2"] == ("removed", True)
    assert len(kinds) == 2
