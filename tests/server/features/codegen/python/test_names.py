"""How keys are written in Python."""

from __future__ import annotations

import builtins
import keyword

import pytest

from templates_server.features.codegen.naming import name_scope
from templates_server.features.codegen.python.names import class_name, file_stem, member, type_name


def name(key: str) -> str:
    return member(name_scope([key])[key]).text


def class_of(key: str) -> str:
    return class_name(name_scope([key])[key]).text


@pytest.mark.parametrize("key", [*map(str.lower, keyword.kwlist), *keyword.softkwlist])
def test_no_member_is_a_reserved_word(key: str) -> None:
    assert not keyword.iskeyword(name(key))
    assert key in {"_", "false", "none", "true"} or name(key) == f"{key}_"


@pytest.mark.parametrize("key", ["str", "float", "bool", "tuple", "datetime", "self"])
def test_no_member_hides_what_types_are_made_of(key: str) -> None:
    assert name(key) == f"{key}_"


def test_members_keep_names_that_hide_nothing() -> None:
    assert [name(key) for key in ("title-ids", "id", "property")] == ["title_ids", "id", "property"]


@pytest.mark.parametrize("key", ["class", "import", "aux", "com1", "match"])
def test_no_module_has_a_name_that_cannot_be_imported(key: str) -> None:
    assert file_stem(name_scope([key])[key]).text == f"{key}_"


@pytest.mark.parametrize(
    "key", ["session", "true", "none", "event", "color", "hero-experience", "my-section", "states"]
)
def test_no_experience_takes_the_name_of_another_type(key: str) -> None:
    assert class_of(key).endswith("_")
    assert class_of(key) not in vars(builtins)


def test_types_of_two_templates_never_meet() -> None:
    names = name_scope(["hero", "hero-experience", "hero-entry", "session"])
    endings = ("Entry", "Experience", "ExperienceState", "Properties", "Values")
    written = [type_name(one, ending).text for one in names.values() for ending in endings]
    written += [class_name(one).text for one in names.values()]
    assert len(set(written)) == len(written)
