"""The generated files before rendering: the path, the template and the values of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SwiftModule:
    """A generated file: its path, its template and the template's values."""

    path: str
    template: str
    values: Mapping[str, object]
