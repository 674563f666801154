"""The generated files before rendering: the path and the template values of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from templates_server.features.codegen.safe_fragments import CodeFragment

EXPERIENCE, SECTION, COLLECTION, RUNTIME = "experience", "section", "collection", "runtime"
"""The subpackages of the Space's package."""


@dataclass(frozen=True, slots=True)
class JavaFile:
    """A generated file: its path without extension, its template and the template's values.

    `imports` are qualified names; those that begin with a dot are below the package of the Space.
    """

    path: str
    template: str
    imports: Iterable[str]
    values: Mapping[str, object]

    def package(self, root: str) -> CodeFragment:
        """Return the package of the file."""
        folder, _, _ = self.path.rpartition("/")
        return CodeFragment(f"{root}.{folder}" if folder else root)

    def import_lines(self, root: str) -> Sequence[CodeFragment]:
        """Return the import lines, each once, in order."""
        names = {root + name if name.startswith(".") else name for name in self.imports}
        return [CodeFragment(f"import {name};") for name in sorted(names)]


def runtime_imports(*names: str) -> list[str]:
    """Return imports of the runtime."""
    return [f".{RUNTIME}.{name}" for name in names]
