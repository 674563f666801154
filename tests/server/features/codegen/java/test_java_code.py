"""Generated Java compiles without a warning, is formatted, and refers to nothing beyond Java 8 and Android 21."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from templates_server.features.codegen.java.names import identifier, method, type_name
from templates_server.features.codegen.naming import NameScope, name_scope
from templates_server.features.codegen.renderer import render
from templates_server.features.spaces.model import GenerationInput, SpaceModel
from tests.server.features.codegen.client_api_peer import ClientApiPeer
from tests.server.features.codegen.java.jdk import PROGRAMS, compile_java, errors, run_java, unformatted, write_java
from tests.server.features.codegen.jvm_classes import class_files, references_beyond
from tests.server.features.codegen.reference_space import tracked_vod, vod
from tests.server.features.codegen.space_builder import build_space

NOTHING = GenerationInput(SpaceModel("empty"), {})
SAMPLE = Path(__file__).parents[5] / "templates_server" / "docs" / "samples" / "java"
JAVA_8 = 52
"""The version of the format of its class files."""


def large_space() -> GenerationInput:
    keys = [f"experience-{at}" for at in range(500)]
    return build_space(keys, [f"Text {at}" for at in range(500)])


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The classes of the reference Space with events and fields."""
    folder = tmp_path_factory.mktemp("java")
    assert compile_java([write_java(folder / "source", tracked_vod(), linted=True)], folder / "classes") == ""
    return folder / "classes"


@pytest.mark.slow
@pytest.mark.parametrize("given", [vod, lambda: NOTHING, large_space], ids=["vod", "nothing", "500 experiences"])
def test_it_compiles_without_a_warning(given: Callable[[], GenerationInput], tmp_path: Path) -> None:
    folder = write_java(tmp_path / "source", given(), linted=True)
    assert compile_java([folder], tmp_path / "classes") == ""


@pytest.mark.slow
def test_an_app_that_uses_everything_compiles_and_runs(classes: Path, tmp_path: Path) -> None:
    assert compile_java([PROGRAMS / "Consumer.java"], tmp_path / "classes", path=[classes]) == ""
    told = run_java("app.Consumer", [classes, tmp_path / "classes"], str(tmp_path / "storage")).splitlines()
    assert {
        "default #6f58c4 fallback",
        "header true false true",
        "welcome Welcome null null",
        "tonight: Tonight https://images.example.com/tonight.jpg, wide",
        "new-this-week: [t-101, t-102, t-103], columns 5.0",
        "join: Join now, no hero null",
        "listening true",
        "SERVED null []",
        "snapshot true",
    } <= set(told)
    assert not list((tmp_path / "storage").glob("*")), "nothing is stored without consent"


@pytest.mark.slow
def test_the_sample_app_compiles_and_runs(classes: Path, peer: ClientApiPeer, tmp_path: Path) -> None:
    assert compile_java([SAMPLE], tmp_path / "classes", path=[classes]) == ""
    told = run_java("app.Shop", [classes, tmp_path / "classes"], "pk_test", peer.url, "u1", folder=tmp_path)
    assert told.splitlines() == ["The session is served.", "*** The derby ***"]
    [[event]] = peer.bodies("/events")
    assert (event["name"], event["metadata"]) == ("item/seen", [{"key": "id", "value": "derby"}])


@pytest.mark.slow
def test_every_mistake_is_found_and_nothing_else(classes: Path, tmp_path: Path) -> None:
    found = errors(compile_java([PROGRAMS / "Mistakes.java"], tmp_path / "classes", path=[classes]))
    lines = (PROGRAMS / "Mistakes.java").read_text("utf-8").splitlines()
    assert set(found) == {f"Mistakes.java:{at}" for at, line in enumerate(lines, 1) if line.endswith("// no")}


@pytest.mark.slow
def test_events_that_are_not_modelled_do_not_compile_where_modelled_ones_are_the_only_ones(tmp_path: Path) -> None:
    source = write_java(tmp_path / "source", tracked_vod(), {"events": "modelled"}, linted=True)
    assert compile_java([source], tmp_path / "classes") == ""
    program = PROGRAMS / "ModelledAlone.java"
    found = errors(compile_java([program], tmp_path / "app", path=[tmp_path / "classes"]))
    lines = program.read_text("utf-8").splitlines()
    assert set(found) == {f"ModelledAlone.java:{at}" for at, line in enumerate(lines, 1) if line.endswith("// no")}
    files = [source / "Events.java", *(source / "runtime" / f"{name}.java" for name in ("Experience", "Session"))]
    assert unformatted(files) == []


@pytest.mark.slow
def test_a_space_without_events_compiles_where_modelled_ones_are_the_only_ones(tmp_path: Path) -> None:
    source = write_java(tmp_path / "source", vod(), {"events": "modelled"}, linted=True)
    assert compile_java([source], tmp_path / "classes") == ""


@pytest.mark.slow
def test_the_compiler_warns_of_what_is_deprecated(classes: Path, tmp_path: Path) -> None:
    said = compile_java([PROGRAMS / "OldApp.java"], tmp_path / "classes", path=[classes])
    lines = (PROGRAMS / "OldApp.java").read_text("utf-8").splitlines()
    found = {key: text for key, text in errors(said).items() if "[deprecation]" in text}
    assert set(found) == {f"OldApp.java:{at}" for at, line in enumerate(lines, 1) if line.endswith("// old")}


@pytest.mark.slow
def test_the_classes_refer_to_nothing_beyond_java_8_and_android_21(classes: Path) -> None:
    assert references_beyond(classes, ["mtspace/"]) == []
    assert {file.major_version for file in class_files(classes)} == {JAVA_8}


@pytest.mark.slow
def test_the_formatter_would_change_nothing(tmp_path: Path) -> None:
    large = write_java(tmp_path / "large", large_space())
    few = [path for name in ("experience", "section", "collection") for path in sorted((large / name).iterdir())[:20]]
    files = sorted(write_java(tmp_path / "tracked", tracked_vod()).rglob("*.java"))
    nothing = [path for path in write_java(tmp_path / "nothing", NOTHING).rglob("*.java") if "runtime" not in str(path)]
    assert unformatted([*files, *nothing, *few, *large.glob("*.java"), *SAMPLE.glob("*.java")]) == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "mtspace.vod"),
        ({"package": "com.example.shop"}, "com.example.shop"),
    ],
)
def test_the_package_is_that_of_the_options(options: Mapping[str, str], expected: str) -> None:
    files = {path: text for path, text in render(tracked_vod(), "java", options).items() if path.endswith(".java")}
    for path, text in files.items():
        folder, _, _ = path.rpartition("/")
        [package] = re.findall(r"^package (.*);$", text, re.MULTILINE)
        assert package == (f"{expected}.{folder}" if folder else expected), path
        imported = re.findall(r"^import (.*);$", text, re.MULTILINE)
        assert all(name.startswith(("java.", f"{expected}.")) for name in imported), path


@pytest.mark.parametrize("key", ["class", "get-class", "notify-all", "wait", "hash-code", "record", "as-map", "build"])
def test_what_java_asks_objects_for_is_no_method(key: str) -> None:
    assert method(name_scope([key])[key]).text.endswith("_")


@pytest.mark.parametrize("key", ["string", "object", "color", "con", "lpt1", "item", "home-section"])
def test_what_generated_code_needs_is_no_class(key: str) -> None:
    assert type_name(name_scope([key])[key]).text.endswith("_")


def test_an_app_writes_methods_and_classes() -> None:
    name = name_scope(["title-ids"])["title-ids"]
    written = {scope: identifier(scope, name) for scope in NameScope}
    assert written.pop(NameScope.EXPERIENCE) == "TitleIds"
    assert written.pop(NameScope.SECTION) == "TitleIdsSection"
    assert set(written.values()) == {"titleIds"}


def test_each_file_is_ascii_and_begins_with_where_it_is_from() -> None:
    for path, text in render(tracked_vod(), "java", {}).items():
        if path.endswith(".java"):
            assert text.isascii(), path
            assert re.match(r"// Code generated by mtribes. DO NOT EDIT.\n// @generated [0-9a-f]{32}\n\npackage ", text)
