"""The modules that are generated, before they are text: where each goes and what fills its template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from templates_server.features.codegen.naming import Name
from templates_server.features.codegen.python.layout import enclose
from templates_server.features.codegen.python.names import file_stem
from templates_server.features.codegen.safe_fragments import CodeFragment, Identifier


@dataclass(frozen=True, slots=True)
class PythonModule:
    """A generated module: its path without extension, which template makes it, and what fills that."""

    stem: str
    template: str
    values: Mapping[str, object]


def import_statement(module: str, names: Sequence[Identifier]) -> CodeFragment:
    """`from module import a, b`, in order of name."""
    ordered = sorted(names, key=lambda name: name.text)
    head = f"from {module} import "
    flat = enclose(head, ordered, "")
    return flat if "\n" not in flat.text else enclose(f"{head}(", ordered, ")")


def module_of(folder: str, name: Name, *, level: int) -> str:
    """A template's module, so many folders up, such as `..experience.hero`."""
    return f"{'.' * level}{folder}.{file_stem(name).text}"


def path_of(folder: str, name: Name) -> str:
    """The same as a path below the output folder, without extension."""
    return f"{folder}/{file_stem(name).text}"
