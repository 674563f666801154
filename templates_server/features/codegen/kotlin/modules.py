"""The generated files before rendering."""

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
    """A generated file, its template and the template's values."""

    path: Path
    template: str
    values: Mapping[str, object]


def package_of(space: str, options: Mapping[str, str]) -> CodeFragment:
    """Return the package named by the target's options, else `mtspace.<space>`."""
    given = options.get("package", "")
    return CodeFragment(given or f"mtspace.{package_segment(name_scope([space])[space]).text}")


def imports(package: CodeFragment, names: Sequence[str]) -> CodeFragment:
    """Return the import lines in order; names without a dot are of the runtime."""
    full = [name if "." in name else f"{package.text}.{RUNTIME}.{name}" for name in names]
    return CodeFragment(
        "\n".join(f"import {name}" for name in sorted(full, key=lambda name: (name.startswith("java."), name)))
    )
