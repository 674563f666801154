"""The files that are generated, before they are text: where each goes and what fills its template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SwiftModule:
    """A generated file: its path, which template makes it, and what fills that."""

    path: str
    template: str
    values: Mapping[str, object]
