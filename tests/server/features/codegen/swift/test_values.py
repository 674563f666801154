"""What a person wrote in a Space is, in a compiled program, the original text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from templates_server.features.codegen.identifiers import identifiers
from templates_server.features.codegen.naming import name_model
from templates_server.features.codegen.renderer import render
from templates_server.features.spaces.model import (
    Child,
    ChildKind,
    Collection,
    Experience,
    GenerationInput,
    ModelEntityState,
    Property,
    PropertyType,
    SpaceModel,
)
from tests.server.features.codegen.space_builder import build_space
from tests.server.features.codegen.swift.programs import run_swift, swift_tree
from tests.server.features.codegen.test_hostile import NAMES, PLAIN_KEYS, POSSIBLE_KEYS, expected_properties

pytestmark = pytest.mark.slow

READER = Path(__file__).with_name("reader.swift.txt")


def read(folder: Path, space: GenerationInput) -> Any:
    """What a program reads of the children of the only collection, by member: kind, properties, defaults, items."""
    swift_tree(folder, render(space, "swift", {}))
    (folder / "Reader.swift").write_text(READER.read_text("utf-8"), "utf-8")
    return json.loads(run_swift(folder))


def test_hostile_texts_are_at_run_time_what_they_were(tmp_path: Path) -> None:
    seen = read(tmp_path, build_space(PLAIN_KEYS, NAMES))
    items = seen.pop("everything")["items"]
    by_kind = {of["kind"]: of for of in seen.values()}
    for key, text, item in zip(PLAIN_KEYS, NAMES, items, strict=True):
        expected = expected_properties(text)
        assert (by_kind[key]["properties"], by_kind[key]["defaults"]) == (expected, expected)
        assert item == {"kind": key, "id": text, "properties": expected}


def test_hostile_keys_are_read_as_what_they_are(tmp_path: Path) -> None:
    keys = sorted(POSSIBLE_KEYS)
    experience = Experience("all", properties=tuple(Property(key, PropertyType.TEXT, default="unset") for key in keys))
    children = tuple(Child(key, ChildKind.EXPERIENCE, "all") for key in keys)
    model = SpaceModel("made", experiences=(experience,), collections=(Collection("page", children=children),))
    states = {
        f"page.{key}": ModelEntityState(enabled=True, properties={of: f"given {of}" for of in keys}) for key in keys
    }
    named = identifiers(name_model(model), "swift")
    properties = {named[f"experiences.all.properties.{key}"]: f"given {key}" for key in keys}
    seen = read(tmp_path, GenerationInput(model, states))
    assert seen.keys() == {named[f"collections.page.children.{key}"] for key in keys}
    assert all(of["properties"] == properties for of in seen.values())
