"""The generated modules before rendering: the path, the template and the values of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from templates_server.features.codegen.naming import Name
from templates_server.features.codegen.python.layout import enclose
from templates_server.features.codegen.python.names import file_stem
from templates_server.features.codegen.safe_fragments import CodeFragment, Identifier


@dataclass(frozen=True, slots=True)
class PythonModule:
    """A generated module: its path without extension, its template and the template's values."""

    stem: str
    template: str
    values: Mapping[str, object]


def import_statement(module: str, names: Sequence[Identifier]) -> CodeFragment:
    """Return `from module import a, b`, in order of name."""
    ordered = sorted(names, key=lambda name: name.text)
    head = f"from {module} import "
    flat = enclose(head, ordered, "")
    return flat if "\n" not in flat.text else enclose(f"{head}(", ordered, ")")


def module_of(folder: str, name: Name, *, level: int) -> str:
    """Return a template's module, this many folders up, such as `..experience.hero`."""
    return f"{'.' * level}{folder}.{file_stem(name).text}"


def path_of(folder: str, name: Name) -> str:
    """Return the module's path below the output folder, without extension."""
    return f"{folder}/{file_stem(name).text}"
