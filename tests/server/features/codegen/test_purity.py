"""The same model and generator give the same bytes: on every machine, in every locale, in any order of reading."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from templates_server.features.codegen.code_hash import code_hash
from templates_server.features.codegen.renderer import LANGUAGES, render
from templates_server.features.spaces.model import GenerationInput, ModelEntityState, SpaceModel
from tests.server.features.codegen.reference_space import HOST, vod

ROOT = Path(__file__).parents[4]
PROGRAM = """
import hashlib, json, locale
from templates_server.features.codegen.renderer import LANGUAGES, render
from tests.server.features.codegen.reference_space import HOST, vod
try:
    locale.setlocale(locale.LC_ALL, "")
except locale.Error:
    pass
trees = {language: list(render(vod(), language, {"host": HOST}).items()) for language in LANGUAGES}
print(hashlib.sha256(json.dumps(trees).encode()).hexdigest())
"""


def digest_elsewhere(**environment: str) -> str:
    environ = os.environ | environment | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environ, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.slow
def test_hash_seed_locale_and_time_zone_change_nothing() -> None:
    trees = {language: list(render(vod(), language, {"host": HOST}).items()) for language in LANGUAGES}
    here = hashlib.sha256(json.dumps(trees).encode()).hexdigest()
    assert digest_elsewhere(PYTHONHASHSEED="1", LC_ALL="C", TZ="UTC") == here
    assert digest_elsewhere(PYTHONHASHSEED="2", LC_ALL="tr_TR.UTF-8", TZ="Asia/Kathmandu") == here


def in_reverse(mapping: Mapping[str, Any]) -> dict[str, Any]:
    return dict(reversed(list(mapping.items())))


def backwards(state: ModelEntityState) -> ModelEntityState:
    properties = None if state.properties is None else in_reverse(state.properties)
    items = state.items and tuple(
        dataclasses.replace(item, properties=in_reverse(item.properties)) for item in state.items
    )
    return ModelEntityState(state.enabled, properties, items)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_order_in_which_states_were_read_changes_nothing(language: str) -> None:
    given = vod()
    fallbacks = {key: backwards(state) for key, state in in_reverse(given.fallbacks).items()}
    assert list(fallbacks) != list(given.fallbacks)
    assert render(GenerationInput(given.model, fallbacks), language, {}) == render(given, language, {})


def with_hero_described(model: SpaceModel, description: str) -> SpaceModel:
    experiences = tuple(
        dataclasses.replace(one, description=description) if one.key == "hero" else one for one in model.experiences
    )
    return dataclasses.replace(model, experiences=experiences)


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_the_files_that_a_change_is_about_change(language: str) -> None:
    before = vod()
    after = GenerationInput(with_hero_described(before.model, "Something else."), before.fallbacks)
    old, new = render(before, language, {}), render(after, language, {})
    changed = sorted((path.lower() for path in old if old[path] != new[path]), key=lambda path: "fallbacks" in path)
    assert len(changed) == 2
    assert re.fullmatch(r"experience/\w*hero\w*(\.d)?\.\w+", changed[0])
    assert re.fullmatch(r"\w*fallbacks\.\w+", changed[1])


FALLBACKS = {
    "typescript": "fallbacks.ts",
    "javascript": "fallbacks.js",
    "kotlin": "Fallbacks.kt",
    "java": "Fallbacks.java",
    "swift": "MtribesFallbacks.swift",
    "brightscript": "Vod_Fallbacks.brs",
    "python": "fallbacks.py",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_fallbacks_change_their_own_file_alone(language: str) -> None:
    before = vod()
    states = dict(before.fallbacks) | {"onboarding.welcome": ModelEntityState(enabled=False, properties={})}
    old, new = render(before, language, {}), render(GenerationInput(before.model, states), language, {})
    assert {path for path in old if old[path] != new[path]} == {FALLBACKS[language]}


@pytest.mark.parametrize(("language", "path"), FALLBACKS.items())
def test_the_code_hash_stands_in_the_file_that_varies_with_all_of_it(language: str, path: str) -> None:
    files = render(vod(), language, {"host": HOST})
    assert {name for name, text in files.items() if code_hash(vod()) in text} == {path}
    assert any(f'"{language}"' in text for text in files.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_another_generator_changes_the_code_hash_alone(language: str) -> None:
    old, new = (render(vod(), language, {}, generator=generator) for generator in ("1.a", "1.b"))
    [changed] = [path for path in old if old[path] != new[path]]
    without = [
        text.split("\n", 2)[2].replace(code_hash(vod(), generator), "")
        for text, generator in ((old[changed], "1.a"), (new[changed], "1.b"))
    ]
    assert without[0] == without[1]


def test_each_file_carries_a_hash_of_its_own() -> None:
    seconds = [text.split("\n")[1] for text in render(vod(), "typescript", {}).values()]
    assert len(set(seconds)) == len(seconds)
