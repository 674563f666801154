"""What is generated is Swift, as far as a parser and the test's own lexer can say without a compiler."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping

import pytest
import tree_sitter
import tree_sitter_swift

from templates_server.features.codegen.renderer import render
from templates_server.features.codegen.swift.literals import string
from templates_server.features.spaces.model import GenerationInput, SpaceModel
from tests.server.features.codegen.reference_space import HOST, tracked_vod, vod
from tests.server.features.codegen.space_builder import build_space
from tests.server.features.codegen.swift.lexer import NotSwift, strings, structure, tokens
from tests.server.features.codegen.test_hostile import HARMLESS, NAMES, PLAIN_KEYS, POSSIBLE_KEYS

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_swift.language()))
KEYS_OF_NAMES = [f"Text {at}" for at in range(len(POSSIBLE_KEYS))]
SPACES: dict[str, Callable[[], GenerationInput]] = {
    "reference": vod,
    "tracked": tracked_vod,
    "empty": lambda: GenerationInput(SpaceModel("empty"), {}),
    "hostile texts": lambda: build_space(PLAIN_KEYS, NAMES),
    "hostile keys": lambda: build_space(POSSIBLE_KEYS, KEYS_OF_NAMES),
    "keys that no model may have": lambda: build_space(NAMES, HARMLESS),
}


RUNTIME = "MtribesRuntime.swift"


def of_the_model(files: Mapping[str, str]) -> dict[str, str]:
    """The Swift that a model has a say in: all but the runtime."""
    return {path: text for path, text in files.items() if path.endswith(".swift") and path != RUNTIME}


def faults(text: str) -> list[str]:
    """Where the parser finds no Swift."""
    found, open_nodes = [], [PARSER.parse(text.encode("utf-8")).root_node]
    while open_nodes:
        node = open_nodes.pop()
        if node.type == "ERROR" or node.is_missing:
            found.append(f"{node.start_point}: {node.text!r}"[:200])
        elif node.has_error:
            open_nodes += node.children
    return found


LONG = [kind for kind in SPACES if kind not in {"reference", "tracked", "empty"}]


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.slow) if kind in LONG else kind for kind in SPACES]
)
def test_every_file_parses(kind: str) -> None:
    files = render(SPACES[kind](), "swift", {"host": HOST})
    assert faults(files[RUNTIME]) == []
    for path, text in of_the_model(files).items():
        assert faults(text) == [], path
        assert list(tokens(text)) != [], path


@pytest.mark.parametrize("kind", ["reference", "tracked"])
def test_code_that_tracks_modelled_events_alone_parses_and_has_no_call_that_takes_a_name(kind: str) -> None:
    files = render(SPACES[kind](), "swift", {"events": "modelled"})
    for path in (RUNTIME, "MtribesEvents.swift"):
        assert faults(files[path]) == [], path
    taken = re.findall(r"func track\(_ (\w+): (\w+)", files[RUNTIME])
    assert set(taken) == {("event", "ModelledEvent")}
    assert re.findall(r"(\w+) init\(_ name: String", "".join(files.values())) == ["fileprivate"]


def test_the_parser_and_the_lexer_find_what_is_no_swift() -> None:
    assert faults('let a = "x"\n') == []
    assert faults('let a = "x\n') != []
    assert faults("func f( {}") != []
    for text in ('let a = "\\(evil)"', 'let a = "x\ny"', "let a = \u2028", "let a = 'x'"):
        with pytest.raises(NotSwift):
            list(tokens(text))


@pytest.mark.slow
def test_hostile_texts_give_the_tokens_of_a_harmless_twin() -> None:
    hostile = render(SPACES["hostile texts"](), "swift", {})
    twin = render(build_space(PLAIN_KEYS, HARMLESS), "swift", {})
    assert hostile.keys() == twin.keys()
    assert hostile[RUNTIME] == twin[RUNTIME]
    for path, text in of_the_model(hostile).items():
        assert structure(text) == structure(twin[path]), path


def test_the_comparison_of_tokens_finds_what_it_looks_for() -> None:
    plain = structure('let a = "x"')
    assert plain == structure('let abc = "another text" // with a comment')
    for evil in ('let a = "x"; evil()', 'let a = "x" + b', "let a = 5"):
        assert structure(evil) != plain


def test_a_literal_holds_the_text_and_nothing_else() -> None:
    for text in NAMES:
        [token] = tokens(string(text).text)
        assert (token.kind, token.value) == ("string", text)


@pytest.mark.slow
def test_hostile_texts_are_the_defaults_and_options_that_are_read() -> None:
    files = render(SPACES["hostile texts"](), "swift", {})
    for key, text in zip(PLAIN_KEYS, NAMES, strict=True):
        held = strings(files[f"Experience/{key.capitalize()}Experience.swift"])
        expected = {text, f"also {text}", f"one {text}", f"two {text}", "a-text", "no-text", "", key}
        assert expected <= set(held), text
        assert held.count(text) >= len(("a-image", "a-list", "a-text")), text


def test_no_two_files_of_a_module_have_the_same_name_and_no_two_types() -> None:
    keys = sorted({"events", "fallbacks", "hero", "mtribes", "runtime", "all", "page", "x-experience", "x", "any"})
    files = render(build_space(keys, keys), "swift", {})
    names = [path.rpartition("/")[2].lower() for path in files]
    assert len(set(names)) == len(names)
    declared = [
        after.text
        for text in of_the_model(files).values()
        for before, after in itertools.pairwise(token for token in tokens(text) if token.kind != "comment")
        if before.text == "typealias" or (before.text == "struct" and after.text.endswith("Properties"))
    ]
    assert len(declared) > 3 * len(keys)
    assert len(set(declared)) == len(declared)
