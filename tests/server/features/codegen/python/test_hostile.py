"""Whatever a person may write in a Space is data in generated Python."""

from __future__ import annotations

import io
import json
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from templates_server.features.codegen.naming import name_model
from templates_server.features.codegen.python.names import member
from templates_server.features.codegen.renderer import render
from tests.server.features.codegen.python.tools import mypy, oldest_python, run_python, write_package
from tests.server.features.codegen.space_builder import DATE, build_space, options_of
from tests.server.features.codegen.test_hostile import HARMLESS, NAMES, PLAIN_KEYS, POSSIBLE_KEYS

TEXTS = [f"Text {at}" for at in range(len(NAMES))]
TWINS = [harmless if name else "" for name, harmless in zip(NAMES, HARMLESS, strict=True)]
"""No text is as harmless as none, which has no docstring."""

READ = """
import dataclasses, json, sys
import space

def plain(value):
    if dataclasses.is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    return value.isoformat() if hasattr(value, "isoformat") else value

page = space.collections.page
children = [getattr(page, each.name) for each in dataclasses.fields(page) if each.name != "everything"]
read = [[of.kind, plain(of.properties), plain(of.defaults)] for of in children]
items = [[of.kind, of.id, plain(of.properties)] for of in page.everything.items]
sys.stdout.write(json.dumps({"read": read, "items": items}))
"""


def kinds(text: str) -> Iterator[tuple[int, str]]:
    """The kinds of tokens; what stands in texts counts for nothing, nor do line ends in brackets."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in (tokenize.NL, tokenize.COMMENT):
            is_text = token.type in (tokenize.STRING, tokenize.NAME, tokenize.NUMBER)
            yield token.type, "" if is_text else token.string.strip()


def without_last_commas(found: Iterator[tuple[int, str]]) -> list[tuple[int, str]]:
    """A list on several lines has a comma more."""
    kept: list[tuple[int, str]] = []
    for kind, text in found:
        if text in {")", "]", "}"} and kept and kept[-1][1] == ",":
            kept.pop()
        kept.append((kind, text))
    return kept


@pytest.mark.slow
def test_hostile_texts_give_the_tokens_of_a_harmless_twin() -> None:
    hostile = render(build_space(PLAIN_KEYS, NAMES), "python", {})
    twin = render(build_space(PLAIN_KEYS, TWINS), "python", {})
    assert list(hostile) == list(twin)
    for path in hostile:
        if path.endswith(".py"):
            assert without_last_commas(kinds(hostile[path])) == without_last_commas(kinds(twin[path])), path


def test_the_comparison_finds_code_that_was_planted() -> None:
    assert without_last_commas(kinds('a = "x"\n')) != without_last_commas(kinds('a = "x"; evil()\n'))
    assert without_last_commas(kinds('f(\n    "x",\n)\n')) == without_last_commas(kinds('f("y")\n'))


@pytest.mark.slow
def test_hostile_texts_are_at_run_time_what_they_were(tmp_path: Path) -> None:
    folder = write_package(tmp_path, render(build_space(PLAIN_KEYS, NAMES), "python", {}))
    seen = json.loads(run_python(READ, folder, oldest_python()))
    read = {kind: (properties, defaults) for kind, properties, defaults in seen["read"]}
    for key, text in zip(PLAIN_KEYS, NAMES, strict=True):
        assert read[key] == (expected_properties(text), expected_properties(text))
    assert seen["items"] == [
        [key, text, expected_properties(text)] for key, text in zip(PLAIN_KEYS, NAMES, strict=True)
    ]


def expected_properties(text: str) -> dict[str, object]:
    unset = {f"no_{kind}": None for kind in ("date", "image", "number", "text", "toggle")}
    return {
        "a_color": {"value": "#6f58c4", "opacity": 0.5},
        "a_date": DATE.replace("Z", "+00:00"),
        "a_image": text,
        "a_list": [text, f"also {text}"],
        "a_number": 5,
        "a_select": options_of(text)[0],
        "a_text": text,
        "a_toggle": True,
        "no_color": {"value": None, "opacity": 1},
        "no_list": [],
        "no_select": "",
        **unset,
    }


@pytest.mark.slow
@pytest.mark.parametrize("keys", [POSSIBLE_KEYS, NAMES], ids=["possible keys", "keys that no model may have"])
def test_hostile_keys_are_typed_and_keep_their_parts_apart(keys: list[str], tmp_path: Path) -> None:
    space = build_space(keys, TEXTS[: len(keys)])
    files = render(space, "python", {})
    assert len({path.lower() for path in files}) == len(files)
    folder = write_package(tmp_path, files)
    assert mypy(folder, "space") == []
    seen = json.loads(run_python(READ, folder, oldest_python()))
    texts = {kind: properties["a_text"] for kind, properties, _ in seen["read"]}
    assert texts == {key: f"Text {at}" for at, key in enumerate(keys)}


@pytest.mark.slow
def test_hostile_keys_of_metadata_and_fields_are_typed(tmp_path: Path) -> None:
    space = build_space(POSSIBLE_KEYS, POSSIBLE_KEYS)
    folder = write_package(tmp_path, render(space, "python", {}))
    names = name_model(space.model)
    app = ["from space import Events, create_space", "space = create_space(states={})"]
    for key in POSSIBLE_KEYS:
        event = f"{key}/{key}"
        function, name = member(names.events[event]).text, member(names.metadata[event][key]).text
        app.append(f'space.start(fields={{"{key}": "one {key}"}})')
        if key != "another":
            app.append(f'assert Events.{function}(another="a", {name}="two {key}").metadata[-1][0] != ""')
    (folder / "app.py").write_text("\n".join(app) + "\n", "utf-8")
    assert mypy(folder, "app.py") == []
    run_python("import app", folder)
