"""Fixtures: the reference Space's package, imported anew for each test, as a process does that starts."""

from __future__ import annotations

import importlib
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from templates_server.features.codegen.renderer import render
from tests.server.features.codegen.python.tools import write_package
from tests.server.features.codegen.reference_space import tracked_vod

_NUMBERS = itertools.count(1)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The package, of a name of its own."""
    name = f"space_of_test_{next(_NUMBERS)}"
    write_package(tmp_path, render(tracked_vod(), "python", {"host": "http://127.0.0.1:9"}), name)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module(name)
    for module in [module for module in sys.modules if module.split(".")[0] == name]:
        del sys.modules[module]
