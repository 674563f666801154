"""Generated Swift under its compiler, which MTRIBES_SWIFTC names, in both language modes with warnings as errors."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import templates_server
from templates_server.features.codegen.renderer import render
from tests.requirements import require_switch
from tests.server.features.codegen.reference_space import HOST, tracked_vod, vod
from tests.server.features.codegen.space_builder import build_space
from tests.server.features.codegen.swift.programs import MODES, compile_swift, run_swift, swift_tree, unformatted
from tests.server.features.codegen.swift.test_parsing import SPACES

pytestmark = pytest.mark.slow

CONSUMER = Path(__file__).with_name("consumer.swift.txt").read_text("utf-8")
MODELLED_ALONE = Path(__file__).with_name("modelled.swift.txt").read_text("utf-8")
MISTAKE = re.compile(r"^(?P<kept>.*?) *//! (?P<mistake>.*)$")
SAMPLE = Path(templates_server.__file__).parent / "docs" / "samples" / "swift" / "VodApp.swift"


@pytest.fixture(autouse=True)
def _switched_on() -> None:
    require_switch("MTRIBES_SWIFTC", "compiling Swift")


def mistakes(app: str) -> list[tuple[int, str]]:
    """The number of a line of the app, and what must not compile in its place."""
    found = ((number, MISTAKE.match(line)) for number, line in enumerate(app.splitlines()))
    return [(number, match["mistake"]) for number, match in found if match]


@pytest.fixture
def tracked(tmp_path: Path) -> Path:
    """The reference Space with events and fields."""
    return swift_tree(tmp_path / "code", render(tracked_vod(), "swift", {"host": HOST}))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", SPACES)
def test_every_space_compiles_without_a_warning(kind: str, mode: str, tmp_path: Path) -> None:
    assert compile_swift(swift_tree(tmp_path, render(SPACES[kind](), "swift", {"host": HOST})), mode=mode) == ""


@pytest.mark.parametrize("mode", MODES)
def test_a_space_of_500_experiences_compiles(mode: str, tmp_path: Path) -> None:
    space = build_space([f"e-{at}" for at in range(500)], [f"Experience {at}" for at in range(500)])
    assert compile_swift(swift_tree(tmp_path, render(space, "swift", {})), mode=mode) == ""


@pytest.mark.parametrize("mode", MODES)
def test_an_app_that_uses_everything_compiles(mode: str, tracked: Path) -> None:
    (tracked / "Consumer.swift").write_text(CONSUMER, "utf-8")
    assert compile_swift(tracked, mode=mode) == ""


def check_mistakes(app: str, folder: Path) -> None:
    """All at once: the compiler goes on after each."""
    lines = app.splitlines()
    for number, mistake in mistakes(app):
        lines[number] = mistake
    (folder / "Consumer.swift").write_text("\n".join(lines) + "\n", "utf-8")
    said = compile_swift(folder)
    refused = {int(number) - 1 for number in re.findall(r"Consumer\.swift:(\d+):\d+: error:", said)}
    assert refused == {number for number, _ in mistakes(app)}, said


def test_mistakes_do_not_compile(tracked: Path) -> None:
    assert len(mistakes(CONSUMER)) > 15
    check_mistakes(CONSUMER, tracked)


def test_events_that_are_not_modelled_do_not_compile_where_modelled_ones_are_the_only_ones(tmp_path: Path) -> None:
    files = render(tracked_vod(), "swift", {"events": "modelled"})
    folder = swift_tree(tmp_path / "code", files)
    assert unformatted(swift_tree(tmp_path / "formatted", files)) == []
    (folder / "Consumer.swift").write_text(MODELLED_ALONE, "utf-8")
    for mode in MODES:
        assert compile_swift(folder, mode=mode) == ""
    assert len(mistakes(MODELLED_ALONE)) == 4
    check_mistakes(MODELLED_ALONE, folder)


@pytest.mark.parametrize("mode", MODES)
def test_a_space_without_events_compiles_where_modelled_ones_are_the_only_ones(mode: str, tmp_path: Path) -> None:
    assert compile_swift(swift_tree(tmp_path, render(vod(), "swift", {"events": "modelled"})), mode=mode) == ""


def test_a_switch_that_leaves_out_a_kind_does_not_compile(tracked: Path) -> None:
    without = re.sub(r"  case \.carousel.*\n.*\n", "", CONSUMER)
    (tracked / "Consumer.swift").write_text(without, "utf-8")
    assert "switch must be exhaustive" in compile_swift(tracked)


@pytest.mark.parametrize("call", ['identify("u1", fields: ["plan": "gold"])', 'anonymize(fields: ["plan": "gold"])'])
def test_the_compiler_warns_of_deprecated_calls(call: str, tracked: Path) -> None:
    (tracked / "App.swift").write_text(f"func use() {{ Mtribes.session.{call} }}\n", "utf-8")
    assert "is deprecated" in compile_swift(tracked, "-typecheck")


@pytest.mark.parametrize("kind", ["reference", "tracked", "empty"])
def test_the_formatter_would_change_nothing(kind: str, tmp_path: Path) -> None:
    assert unformatted(swift_tree(tmp_path, render(SPACES[kind](), "swift", {"host": HOST}))) == []


def test_the_sample_app_runs_and_shows_the_fallbacks_where_there_is_no_key(tmp_path: Path) -> None:
    folder = swift_tree(tmp_path, render(vod(), "swift", {"host": HOST}))
    (folder / SAMPLE.name).write_text(SAMPLE.read_text("utf-8"), "utf-8")
    shown = run_swift(folder).splitlines()
    assert shown[0] == "session: fallback"
    assert shown[1] == "header on #6f58c4 at 1.0"
    assert "carousel: t-101, t-102, t-103" in shown
