"""The modules that are generated, before they are text: where each goes and what fills its templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from templates_server.features.codegen.naming import Name
from templates_server.features.codegen.safe_fragments import CodeFragment, Identifier, SafeFragment
from templates_server.features.codegen.typescript.layout import enclose
from templates_server.features.codegen.typescript.names import file_stem

IMPORT_EXTENSIONS: Mapping[str, str] = {"js": ".js", "ts": ".ts", "none": ""}
"""How the option `import_extension` has paths between modules end."""


@dataclass(frozen=True, slots=True)
class TypeScriptModule:
    """A generated module: its path without extension, which template makes it, and what fills that.

    One that `is_types` has nothing to run: JavaScript has its declarations alone.
    """

    stem: str
    template: str
    values: Mapping[str, object]
    is_types: bool = False


@dataclass(frozen=True, slots=True)
class Import:
    """What a module takes from another one, in the forms of an import; `path` has no extension."""

    path: str
    values: Sequence[Identifier]
    types: Sequence[Identifier]

    def typescript(self, extension: SafeFragment) -> CodeFragment:
        """Values and types in one."""
        if not self.values:
            return self.declarations(extension)
        parts = [*self.values, *(CodeFragment(f"type {name.text}") for name in self.types)]
        return self._written("import {", parts, extension)

    def javascript(self, extension: SafeFragment) -> CodeFragment:
        """Values alone."""
        return self._written("import {", self.values, extension)

    def declarations(self, extension: SafeFragment) -> CodeFragment:
        """Types alone."""
        return self._written("import type {", self.types, extension)

    def exported(self, extension: SafeFragment) -> CodeFragment:
        """The types handed on."""
        return self._written("export type {", self.types, extension)

    def _written(self, head: str, parts: Sequence[SafeFragment], extension: SafeFragment) -> CodeFragment:
        tail = f'}} from "{self.path}{extension.text}";'
        if len(parts) == 1:
            return CodeFragment(f"{head} {parts[0].text} {tail}")
        return enclose(head, parts, tail)


def extension_of(options: Mapping[str, str]) -> CodeFragment:
    """How the target's options have paths between modules end."""
    return CodeFragment(IMPORT_EXTENSIONS[options.get("import_extension", "js")])


def path_of(folder: str, name: Name) -> str:
    """A template's module below the output folder, without extension."""
    return f"{folder}/{file_stem(name).text}"
