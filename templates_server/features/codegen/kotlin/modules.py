"""The files that are generated, before they are text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from templates_server.features.codegen.kotlin.names import package_segment
from templates_server.features.codegen.naming import name_scope
from templates_server.features.codegen.safe_fragments import CodeFragment, Path

RUNTIME = "runtime"
"""The last part of the runtime's package, and its folder."""


@dataclass(frozen=True, slots=True)
class KotlinModule:
    """A generated file, which template makes it, and what fills that."""

    path: Path
    template: str
    values: Mapping[str, object]


def package_of(space: str, options: Mapping[str, str]) -> CodeFragment:
    """The package that the target's options name, else `mtspace.<space>`."""
    given = options.get("package", "")
    return CodeFragment(given or f"mtspace.{package_segment(name_scope([space])[space]).text}")


def imports(package: CodeFragment, names: Sequence[str]) -> CodeFragment:
    """The lines that import these, of the runtime where they have no dot, in order."""
    full = [name if "." in name else f"{package.text}.{RUNTIME}.{name}" for name in names]
    return CodeFragment(
        "\n".join(f"import {name}" for name in sorted(full, key=lambda name: (name.startswith("java."), name)))
    )
