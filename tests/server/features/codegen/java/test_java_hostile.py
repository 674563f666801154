"""Whatever a person may write in a Space is data in generated Java."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from templates_server.features.codegen.renderer import render
from tests.requirements import require_jdk_program
from tests.server.features.codegen.java.jdk import (
    COMPILER_INTERNALS,
    PROGRAMS,
    compile_java,
    run,
    run_java,
    write_java,
)
from tests.server.features.codegen.space_builder import build_space
from tests.server.features.codegen.test_hostile import HARMLESS, NAMES, PLAIN_KEYS, POSSIBLE_KEYS, expected_properties

pytestmark = pytest.mark.slow

TEXT = "( PLUS STRINGLITERAL)+"
APPENDS = "( IDENTIFIER DOT IDENTIFIER LPAREN STRINGLITERAL RPAREN SEMI)+"


def token_kinds(folder: Path) -> dict[str, str]:
    """The kinds of tokens of every file; however many lines a fallback takes."""
    java = [require_jdk_program("java"), *COMPILER_INTERNALS, str(PROGRAMS / "TokenKinds.java"), str(folder)]
    done = run(java, folder, {})
    assert done.returncode == 0, done.stderr
    kinds = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    folded = re.sub(TEXT, "", kinds["Fallbacks.java"])
    return kinds | {"Fallbacks.java": re.sub(APPENDS, " APPEND", folded)}


def test_hostile_texts_give_the_tokens_of_a_harmless_twin(tmp_path: Path) -> None:
    hostile = token_kinds(write_java(tmp_path / "hostile", build_space(PLAIN_KEYS, NAMES)))
    twin = token_kinds(write_java(tmp_path / "twin", build_space(PLAIN_KEYS, HARMLESS)))
    assert list(hostile) == list(twin)
    assert len(hostile) > len(NAMES)
    for path, kinds in hostile.items():
        assert kinds == twin[path], path
        assert "ERROR" not in kinds, path


def test_the_comparison_of_tokens_finds_what_it_looks_for(tmp_path: Path) -> None:
    planted = {"A": 'class A { String a = "x"; }', "B": 'class A { String a = "x"; int b; }', "Fallbacks": ""}
    for name, text in planted.items():
        (tmp_path / f"{name}.java").write_text(text, "utf-8")
    found = token_kinds(tmp_path)
    assert found["A.java"] != found["B.java"]


def test_comments_hold_no_tag_no_markup_and_no_backslash() -> None:
    for path, text in render(build_space(PLAIN_KEYS, NAMES), "java", {}).items():
        if path.startswith("runtime/"):
            continue
        for comment in re.findall(r"^ */\*\*(.*?)\*/$", text, re.DOTALL | re.MULTILINE):
            plain = re.sub(r"\{@code [^{}@]*\}|@param (?=\w)", "", comment)
            assert not re.search(r"[@<>\\{}]|/\*", plain), (path, comment)


def test_hostile_texts_compile_and_are_at_run_time_what_they_were(tmp_path: Path) -> None:
    seen = read_made(tmp_path, PLAIN_KEYS, NAMES)
    read = {one["kind"]: one for one in seen["read"]}
    for key, text in zip(PLAIN_KEYS, NAMES, strict=True):
        expected = by_raw_key(text)
        assert (read[key]["properties"], read[key]["defaults"]) == (expected, expected)
    assert seen["items"] == [
        {"kind": key, "id": text, "properties": by_raw_key(text)} for key, text in zip(PLAIN_KEYS, NAMES, strict=True)
    ]


@pytest.mark.parametrize("keys", [POSSIBLE_KEYS, NAMES], ids=["possible", "that no model may have"])
def test_hostile_keys_compile_and_keep_their_parts_apart(keys: list[str], tmp_path: Path) -> None:
    paths = render(build_space(keys, keys), "java", {})
    assert len({path.lower() for path in paths}) == len(paths)
    seen = read_made(tmp_path, keys, [f"Text {at}" for at in range(len(keys))])
    assert {one["kind"]: one["properties"]["a-text"] for one in seen["read"]} == {
        key: f"Text {at}" for at, key in enumerate(keys)
    }


def read_made(folder: Path, keys: list[str], texts: list[str]) -> Any:
    """What a program reads of a Space that is made of these."""
    source = write_java(folder / "source", build_space(keys, texts))
    assert compile_java([source, PROGRAMS / "ReadMade.java"], folder / "classes") == ""
    return json.loads(run_java("mtspace.made.runtime.ReadMade", [folder / "classes"]))


def by_raw_key(text: str) -> dict[str, object]:
    """The properties as the model calls them."""
    return {
        re.sub("[A-Z]", lambda letter: f"-{letter.group().lower()}", name): value
        for name, value in expected_properties(text).items()
    }
