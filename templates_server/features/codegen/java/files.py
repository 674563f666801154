"""The files that are generated, before they are text: where each goes and what fills its template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from templates_server.features.codegen.safe_fragments import CodeFragment

EXPERIENCE, SECTION, COLLECTION, RUNTIME = "experience", "section", "collection", "runtime"
"""The packages below that of the Space."""


@dataclass(frozen=True, slots=True)
class JavaFile:
    """A generated file: its path without ending, which template makes it, and what fills that.

    `imports` are qualified names, of which those that begin with a dot are below the package of the Space.
    """

    path: str
    template: str
    imports: Iterable[str]
    values: Mapping[str, object]

    def package(self, root: str) -> CodeFragment:
        """The package that it is in."""
        folder, _, _ = self.path.rpartition("/")
        return CodeFragment(f"{root}.{folder}" if folder else root)

    def import_lines(self, root: str) -> Sequence[CodeFragment]:
        """Each once, in order."""
        names = {root + name if name.startswith(".") else name for name in self.imports}
        return [CodeFragment(f"import {name};") for name in sorted(names)]


def runtime_imports(*names: str) -> list[str]:
    """Imports of the runtime."""
    return [f".{RUNTIME}.{name}" for name in names]
