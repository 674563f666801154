"""Generated Python under its type checkers, on the oldest interpreter, and as its formatter has it."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from templates_server.features.codegen.renderer import render
from templates_server.features.spaces.model import (
    EventDefinition,
    FieldDefinition,
    GenerationInput,
    PropertyType,
    SpaceModel,
)
from tests.server.features.codegen.python.tools import (
    lines_of,
    mypy,
    oldest_python,
    pyright,
    run_python,
    unformatted,
    write_package,
)
from tests.server.features.codegen.reference_space import HOST, tracked_vod, vod
from tests.server.features.codegen.space_builder import build_space

CONSUMER = Path(__file__).with_name("consumer.py.txt").read_text("utf-8")
MODELLED_ALONE = Path(__file__).with_name("modelled.py.txt").read_text("utf-8")
NOTHING = GenerationInput(SpaceModel("empty"), {})
SAYS_LITTLE = GenerationInput(
    SpaceModel("little", events=(EventDefinition("a/b"),), fields=(FieldDefinition("f", PropertyType.TEXT),)), {}
)
MANY = [f"experience-{number}" for number in range(500)]
SPACES: dict[str, Callable[[], GenerationInput]] = {
    "vod": vod,
    "tracked": tracked_vod,
    "empty": lambda: NOTHING,
    "little": lambda: SAYS_LITTLE,
}


@pytest.mark.slow
def test_both_type_checkers_find_nothing_where_they_are_strictest(tmp_path: Path) -> None:
    for name, space in SPACES.items():
        write_package(tmp_path, render(space(), "python", {"host": HOST}), name)
    assert mypy(tmp_path, *SPACES) == []
    assert pyright(tmp_path, *SPACES) == []


@pytest.mark.slow
def test_an_app_that_uses_everything_is_typed_and_its_mistakes_are_found(tmp_path: Path) -> None:
    write_package(tmp_path, render(tracked_vod(), "python", {}))
    (tmp_path / "consumer.py").write_text(CONSUMER, "utf-8")
    wrong = {number for number, line in enumerate(CONSUMER.splitlines(), 1) if line.endswith("# wrong")}
    assert len(wrong) > 20
    assert lines_of(mypy(tmp_path, "consumer.py"), "consumer.py") == wrong
    assert lines_of(pyright(tmp_path, "consumer.py"), "consumer.py") >= wrong


@pytest.mark.slow
def test_events_that_are_not_modelled_are_wrong_where_modelled_ones_are_the_only_ones(tmp_path: Path) -> None:
    options = {"events": "modelled"}
    write_package(tmp_path, render(tracked_vod(), "python", options))
    write_package(tmp_path, render(vod(), "python", options), "nothing")
    assert unformatted(tmp_path) == ""
    assert mypy(tmp_path, "space", "nothing") == []
    assert pyright(tmp_path, "space", "nothing") == []
    (tmp_path / "app.py").write_text(MODELLED_ALONE, "utf-8")
    wrong = {number for number, line in enumerate(MODELLED_ALONE.splitlines(), 1) if line.endswith("# wrong")}
    assert lines_of(mypy(tmp_path, "app.py"), "app.py") == wrong
    assert lines_of(pyright(tmp_path, "app.py"), "app.py") == wrong


def test_modelled_events_are_recorded_where_they_are_the_only_ones(tmp_path: Path) -> None:
    write_package(tmp_path, render(tracked_vod(), "python", {"events": "modelled"}))
    program = """
import json
from space import Events, HttpResponse, create_space

sent = []

def transport(request):
    sent.extend(json.loads(request.body) if request.url.endswith("/events") else [])
    return HttpResponse(204)

with create_space(api_key="pk_test", host="https://example.com", transport=transport) as space:
    space.start("u1").track(Events.video_completed(title="Parasite", genre="Drama"))
print(json.dumps([[event["name"], event["metadata"]] for event in sent]))
"""
    [[name, metadata]] = json.loads(run_python(program, tmp_path))
    assert (name, metadata) == (
        "video/completed",
        [{"key": "genre", "value": "Drama"}, {"key": "title", "value": "Parasite"}],
    )


@pytest.mark.slow
def test_500_experiences_are_typed_and_imported(tmp_path: Path) -> None:
    write_package(tmp_path, render(build_space(MANY, MANY), "python", {}))
    assert mypy(tmp_path, "space") == []
    assert run_python("import space; print(len(space.collections.page.everything.items))", tmp_path) == "500\n"


@pytest.mark.parametrize("space", SPACES)
def test_the_oldest_python_reads_it(space: str) -> None:
    for path, text in render(SPACES[space](), "python", {}).items():
        if path.endswith(".py"):
            ast.parse(text, path, feature_version=(3, 10))


@pytest.mark.slow
@pytest.mark.parametrize("space", SPACES)
def test_the_oldest_python_runs_it(space: str, tmp_path: Path) -> None:
    write_package(tmp_path, render(SPACES[space](), "python", {}))
    program = "import space; print(space.create_space(states={}).start('u1').status)"
    assert run_python(program, tmp_path, oldest_python()) == "served\n"


@pytest.mark.slow
@pytest.mark.parametrize("space", [*SPACES, "made"])
def test_the_formatter_would_change_nothing(space: str, tmp_path: Path) -> None:
    made = build_space(["hero", "a-banner"], ["Hero", "A banner of the page"])
    files = render(made if space == "made" else SPACES[space](), "python", {"host": HOST})
    assert unformatted(write_package(tmp_path, files)) == ""


def test_the_formatter_notices_what_is_written_otherwise(tmp_path: Path) -> None:
    assert "+x = 1" in unformatted(write_package(tmp_path, {"a.py": "\n# fmt: off\nx  =  1\n"}))


def test_nothing_but_the_standard_library_is_imported() -> None:
    for path, text in render(tracked_vod(), "python", {}).items():
        if not path.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(text)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [str(node.module)]
            for name in names:
                is_for_checkers = (path, name) == ("runtime/deprecation.py", "typing_extensions")
                assert name.split(".")[0] in sys.stdlib_module_names or is_for_checkers, (path, name)


def test_what_type_checkers_alone_import_is_not_needed_to_run(tmp_path: Path) -> None:
    write_package(tmp_path, render(tracked_vod(), "python", {}))
    (tmp_path / "typing_extensions.py").write_text("raise ImportError('it is not there')", "utf-8")
    assert run_python("import space; print('here')", tmp_path) == "here\n"


def test_an_import_starts_no_thread_and_touches_nothing(tmp_path: Path) -> None:
    write_package(tmp_path, render(tracked_vod(), "python", {}))
    program = """
import asyncio, atexit, logging, os, socket, tempfile, threading, urllib.request

def refuse(*_: object, **__: object) -> None:
    raise AssertionError("nothing may happen on import")

registered = atexit._ncallbacks()
threading.Thread.start = refuse
socket.socket.connect = refuse
os.mkdir = refuse
before = dict(os.environ)
import space
assert atexit._ncallbacks() == registered
assert dict(os.environ) == before
print(threading.active_count(), space.session.status, space.collections.homepage.header.enabled)
"""
    assert run_python(program, tmp_path) == "1 idle True\n"


def test_calls_that_are_deprecated_warn_who_calls(tmp_path: Path) -> None:
    write_package(tmp_path, render(vod(), "python", {}))
    program = """
import warnings
import space
session = space.create_space(states={}).start()
for call in (lambda: session.identify("u1"), lambda: session.anonymize()):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    print(caught[0].category.__name__, caught[0].filename.endswith("program.py"), session.status)
"""
    assert run_python(program, tmp_path) == "DeprecationWarning True served\n" * 2
