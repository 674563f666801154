"""Whole generated trees, kept in tests/golden/<language> so that every change of them is seen in review.

`vod` is the reference Space; `tracked` is what is different where it models events and fields too; `modelled` is what
is different from that where nothing but those events may be tracked; `browser` is what is different from `vod` where
the code is for pages alone.
To write them anew after a change that is meant:
`MTRIBES_WRITE_GOLDEN=1 pytest tests/server/features/codegen/test_golden.py`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from templates_server.features.codegen.renderer import LANGUAGES, render
from tests.server.features.codegen.reference_space import HOST, tracked_vod, vod

GOLDEN = Path(__file__).parents[3] / "golden"
OPTIONS = {"host": HOST}
GENERATOR = "golden"
"""Not the real one, which would have the trees change with whatever changes in the generator's sources."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reference_space_gives_the_tree_that_is_kept(language: str) -> None:
    check(GOLDEN / language / "vod", render(vod(), language, OPTIONS, generator=GENERATOR))


@pytest.mark.parametrize("language", LANGUAGES)
def test_events_and_fields_change_the_files_that_are_kept_and_no_others(language: str) -> None:
    without = render(vod(), language, OPTIONS, generator=GENERATOR)
    rendered = render(tracked_vod(), language, OPTIONS, generator=GENERATOR)
    assert without.keys() <= rendered.keys()
    check(GOLDEN / language / "tracked", {path: text for path, text in rendered.items() if without.get(path) != text})


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_files_that_differ_where_modelled_events_alone_may_be_tracked_are_kept(language: str) -> None:
    any_event = render(tracked_vod(), language, OPTIONS, generator=GENERATOR)
    rendered = render(tracked_vod(), language, OPTIONS | {"events": "modelled"}, generator=GENERATOR)
    assert any_event.keys() == rendered.keys()
    differing = {path: text for path, text in rendered.items() if any_event[path] != text}
    assert differing != {}
    check(GOLDEN / language / "modelled", differing)


@pytest.mark.parametrize("language", ["javascript", "typescript"])
def test_for_pages_alone_the_runtime_differs_in_one_constant(language: str) -> None:
    everywhere = render(vod(), language, OPTIONS, generator=GENERATOR)
    rendered = render(vod(), language, OPTIONS | {"platform": "browser"}, generator=GENERATOR)
    assert everywhere.keys() == rendered.keys()
    differing = {path: text for path, text in rendered.items() if everywhere[path] != text}
    [(runtime, text)] = differing.items()
    lines = zip(everywhere[runtime].splitlines(), text.splitlines(), strict=True)
    [digest, constant] = [after for before, after in lines if before != after]
    assert digest.startswith("// @generated")
    assert constant.replace(": boolean", "") == "const EVERYWHERE = false;"
    check(GOLDEN / language / "browser", differing)


def check(folder: Path, rendered: Mapping[str, str]) -> None:
    """The folder has these files and no others; or it is made so."""
    if os.environ.get("MTRIBES_WRITE_GOLDEN") == "1":
        shutil.rmtree(folder, ignore_errors=True)
        for path, text in rendered.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(text.encode("utf-8"))
    kept = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert sorted(rendered) == sorted(kept)
    assert {path: text.encode("utf-8") for path, text in rendered.items()} == kept
