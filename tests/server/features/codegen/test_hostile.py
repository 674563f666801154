"""Whatever a person may write in a Space is data in generated code: never code, the end of a comment, or a new line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from templates_server.features.codegen.identifiers import identifiers
from templates_server.features.codegen.naming import name_model
from templates_server.features.codegen.renderer import LANGUAGES, render
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
    Value,
)
from tests.requirements import TOOLCHAINS, require_npm_package
from tests.server.features.codegen.space_builder import DATE, build_space, options_of
from tests.server.features.codegen.toolchain import (
    compile_to_javascript,
    compile_tree,
    run_node,
    run_program,
    write_tree,
)

pytestmark = pytest.mark.slow

NAMES: list[str] = [
    entry["name"]
    for entry in json.loads(Path(__file__).with_name("hostile_names.json").read_text("utf-8"))
    if not re.search("[\ud800-\udfff]", entry["name"])  # lone surrogates are refused before anything is generated
]
KEY = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
POSSIBLE_KEYS = sorted({name for name in NAMES if KEY.fullmatch(name) and len(name) <= 64} | {"constructor", "proto"})
PLAIN_KEYS = [f"k{at}" for at in range(len(NAMES))]
HARMLESS = [f"Harmless {at}" for at in range(len(NAMES))]
ECMASCRIPT = [language for language in LANGUAGES if language in {"typescript", "javascript"}]
READ = """
import { collections } from "./index.js";
const { everything, ...experiences } = collections.page;
const read = Object.values(experiences).map(({ kind, properties, defaults }) => [kind, properties, defaults]);
const items = everything.items.map(({ kind, id, properties }) => [kind, id, properties]);
process.stdout.write(JSON.stringify({ read, items }));
"""


def test_the_list_of_hostile_names_is_whole() -> None:
    assert len(NAMES) == 267
    assert len(POSSIBLE_KEYS) > 100


def tokens(*folders: Path) -> Any:
    """The kinds of tokens of every file, and how many tags its comments have, for each folder."""
    require_npm_package("typescript-5")
    return json.loads(run_program(["node", str(TOOLCHAINS / "token_kinds.mjs"), *map(str, folders)], folders[0]))


@pytest.mark.parametrize("language", ECMASCRIPT)
def test_hostile_texts_give_the_tokens_of_a_harmless_twin(language: str, tmp_path: Path) -> None:
    hostile, twin = tokens(
        write_tree(tmp_path / "hostile", render(build_space(PLAIN_KEYS, NAMES), language, {})),
        write_tree(tmp_path / "twin", render(build_space(PLAIN_KEYS, HARMLESS), language, {})),
    )
    assert list(hostile) == list(twin)
    for path, found in hostile.items():
        assert found == twin[path], path
        assert found["tags"] == 0, path


def test_the_comparison_of_tokens_finds_what_it_looks_for(tmp_path: Path) -> None:
    planted = {"a.ts": 'const a = "x";', "b.ts": 'const a = "x"; evil();', "c.ts": "/** @evil */ let a;"}
    [found] = tokens(write_tree(tmp_path, planted))
    assert found["a.ts"]["kinds"] != found["b.ts"]["kinds"]
    assert (found["a.ts"]["tags"], found["c.ts"]["tags"]) == (0, 1)


@pytest.mark.parametrize("language", ECMASCRIPT)
def test_hostile_texts_compile_and_are_at_run_time_what_they_were(language: str, tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "written", render(build_space(PLAIN_KEYS, NAMES), language, {}))
    entry = "index.ts" if language == "typescript" else "index.d.ts"
    assert compile_tree(folder, "typescript", [entry]) == ""
    runnable = compile_to_javascript(folder, tmp_path / "run") if language == "typescript" else folder
    seen = run_node(READ, runnable)
    read = {kind: (properties, defaults) for kind, properties, defaults in seen["read"]}
    for key, text in zip(PLAIN_KEYS, NAMES, strict=True):
        expected = expected_properties(text)
        assert read[key] == (expected, expected)
    assert seen["items"] == [
        [key, text, expected_properties(text)] for key, text in zip(PLAIN_KEYS, NAMES, strict=True)
    ]


def expected_properties(text: str) -> dict[str, Any]:
    return {
        "aColor": {"value": "#6f58c4", "opacity": 0.5},
        "aDate": DATE.replace("Z", ".000Z"),
        "aImage": text,
        "aList": [text, f"also {text}"],
        "aNumber": 5,
        "aSelect": options_of(text)[0],
        "aText": text,
        "aToggle": True,
        "noColor": {"value": None, "opacity": 1},
        "noDate": None,
        "noImage": None,
        "noList": [],
        "noNumber": None,
        "noSelect": "",
        "noText": None,
        "noToggle": None,
    }


@pytest.mark.parametrize(
    ("language", "keys"),
    [("typescript", POSSIBLE_KEYS), ("javascript", POSSIBLE_KEYS), ("typescript", NAMES)],
    ids=["typescript", "javascript", "keys that no model may have"],
)
def test_hostile_keys_compile_and_keep_their_parts_apart(language: str, keys: list[str], tmp_path: Path) -> None:
    space = build_space(keys, [f"Text {at}" for at in range(len(keys))])
    folder = write_tree(tmp_path / "written", render(space, language, {}))
    assert len({path.lower() for path in render(space, language, {})}) == len(render(space, language, {}))
    entry = "index.ts" if language == "typescript" else "index.d.ts"
    assert compile_tree(folder, "typescript", [entry]) == ""
    runnable = compile_to_javascript(folder, tmp_path / "run") if language == "typescript" else folder
    seen = run_node(READ, runnable)
    assert sorted(kind for kind, _, _ in seen["read"]) == sorted(keys)
    texts = {kind: properties["aText"] for kind, properties, _ in seen["read"]}
    assert texts == {key: f"Text {at}" for at, key in enumerate(keys)}


@pytest.mark.parametrize("compiler", ["typescript", "typescript-5"])
@pytest.mark.parametrize("language", ECMASCRIPT)
def test_hostile_keys_of_metadata_and_fields_can_be_given_and_left_out(
    language: str, compiler: str, tmp_path: Path
) -> None:
    folder = write_tree(tmp_path, render(build_space(POSSIBLE_KEYS, POSSIBLE_KEYS), language, {}))
    names = [key for key in POSSIBLE_KEYS if key != "another"]
    app = [
        'import { session } from "./index.js";',
        "session.start({ fields: {} });",
        *(f'session.track("{key}/{key}", {{ another: "a" }});' for key in names),
        *(f'session.track("{key}/{key}", {{ another: "a", "{key}": "two {key}" }});' for key in names),
        *(f'session.start({{ fields: {{ "{key}": "one {key}" }} }});' for key in POSSIBLE_KEYS),
        *(f'// @ts-expect-error\nsession.start({{ fields: {{ "{key}": "none" }} }});' for key in POSSIBLE_KEYS),
    ]
    (folder / "app.ts").write_text("\n".join(app) + "\n", "utf-8")
    assert compile_tree(folder, compiler, ["app.ts"]) == ""


@pytest.mark.parametrize("language", ECMASCRIPT)
@pytest.mark.parametrize("value", ["given", None])
def test_hostile_keys_of_properties_and_children_are_read_as_what_they_are(
    language: str, value: str | None, tmp_path: Path
) -> None:
    keys = sorted(POSSIBLE_KEYS)
    experience = Experience("all", properties=tuple(Property(key, PropertyType.TEXT, default="unset") for key in keys))
    children = tuple(Child(key, ChildKind.EXPERIENCE, "all") for key in keys)
    model = SpaceModel("made", experiences=(experience,), collections=(Collection("page", children=children),))
    properties: dict[str, Value] = {key: f"{value} {key}" for key in keys} if value else {}
    states = {f"page.{key}": ModelEntityState(enabled=True, properties=properties) for key in keys}
    folder = write_tree(tmp_path / "written", render(GenerationInput(model, states), language, {}))
    runnable = compile_to_javascript(folder, tmp_path / "run") if language == "typescript" else folder
    script = """
    import { collections } from "./index.js";
    const children = Object.entries(collections.page);
    const read = children.map(([name, { enabled, properties }]) => [name, enabled, Object.entries(properties)]);
    process.stdout.write(JSON.stringify(read));
    """
    named = identifiers(name_model(model), language)
    expected = [[named[f"experiences.all.properties.{key}"], f"{value} {key}" if value else "unset"] for key in keys]
    assert run_node(script, runnable) == [[named[f"collections.page.children.{key}"], True, expected] for key in keys]


@pytest.mark.parametrize("language", LANGUAGES)
def test_generated_files_have_no_character_that_an_editor_would_not_show(language: str) -> None:
    unseen = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
    for path, text in render(build_space(PLAIN_KEYS, NAMES), language, {}).items():
        assert unseen.findall(text) == [], path


@pytest.mark.parametrize("language", LANGUAGES)
def test_paths_are_such_as_a_command_line_writes(language: str) -> None:
    for path in render(build_space(NAMES, HARMLESS), language, {}):
        assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*|\.gitattributes", part) for part in path.split("/")), path
