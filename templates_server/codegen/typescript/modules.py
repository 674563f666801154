"""The modules that are generated, before they are text: where each goes and what fills its templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from templates_server.codegen.naming import Name
from templates_server.codegen.pieces import Code, Identifier, Piece
from templates_server.codegen.typescript.layout import enclosed
from templates_server.codegen.typescript.names import file_stem


@dataclass(frozen=True, slots=True)
class Module:
    """A generated module: its path without extension, which template makes it, and what fills that."""

    stem: str
    template: str
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Import:
    """What a module takes from another one, in the three forms of an import."""

    path: str
    values: Sequence[Identifier]
    types: Sequence[Identifier]

    @property
    def typescript(self) -> Code:
        """Values and types in one."""
        if not self.values:
            return self.declarations
        return self._written("import {", [*self.values, *(Code(f"type {name.text}") for name in self.types)])

    @property
    def javascript(self) -> Code:
        """Values alone."""
        return self._written("import {", self.values)

    @property
    def declarations(self) -> Code:
        """Types alone."""
        return self._written("import type {", self.types)

    @property
    def exported(self) -> Code:
        """The types handed on."""
        return self._written("export type {", self.types)

    def _written(self, head: str, parts: Sequence[Piece]) -> Code:
        tail = f'}} from "{self.path}";'
        if len(parts) == 1:
            return Code(f"{head} {parts[0].text} {tail}")
        return enclosed(head, parts, tail)


def path_of(folder: str, name: Name) -> str:
    """A template's module below the output folder, without extension."""
    return f"{folder}/{file_stem(name).text}"
