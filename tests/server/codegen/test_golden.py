"""Whole generated trees, kept in tests/golden/<language>/vod so that every change of them is seen in review.

To write them anew after a change that is meant: `MTRIBES_WRITE_GOLDEN=1 pytest tests/server/codegen/test_golden.py`.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from templates_server.codegen.render import LANGUAGES, render
from tests.server.codegen.reference_space import HOST, vod

GOLDEN = Path(__file__).parents[2] / "golden"
GENERATOR = "golden"
"""Not the real one, which would have the trees change with whatever changes in the generator's sources."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reference_space_gives_the_tree_that_is_kept(language: str) -> None:
    folder = GOLDEN / language / "vod"
    rendered = render(vod(), language, {"host": HOST}, generator=GENERATOR)
    if os.environ.get("MTRIBES_WRITE_GOLDEN") == "1":
        shutil.rmtree(folder, ignore_errors=True)
        for path, text in rendered.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(text.encode("utf-8"))
    kept = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert sorted(rendered) == sorted(kept)
    assert {path: text.encode("utf-8") for path, text in rendered.items()} == kept
