"""The generated modules before rendering: the path, the template and the values of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from templates_server.features.codegen.naming import Name
from templates_server.features.codegen.safe_fragments import CodeFragment, Identifier, SafeFragment
from templates_server.features.codegen.typescript.layout import enclose
from templates_server.features.codegen.typescript.names import file_stem

IMPORT_EXTENSIONS: Mapping[str, str] = {"js": ".js", "ts": ".ts", "none": ""}
"""The endings of paths between modules, by the option `import_extension`."""


@dataclass(frozen=True, slots=True)
class TypeScriptModule:
    """A generated module: its path without extension, its template and the template's values.

    A module with `is_types` contains no code: JavaScript has only its declarations.
    """

    stem: str
    template: str
    values: Mapping[str, object]
    is_types: bool = False


@dataclass(frozen=True, slots=True)
class Import:
    """An import from another module, in each form of an import statement; `path` has no extension."""

    path: str
    values: Sequence[Identifier]
    types: Sequence[Identifier]

    def typescript(self, extension: SafeFragment) -> CodeFragment:
        """Return one import of values and types."""
        if not self.values:
            return self.declarations(extension)
        parts = [*self.values, *(CodeFragment(f"type {name.text}") for name in self.types)]
        return self._written("import {", parts, extension)

    def javascript(self, extension: SafeFragment) -> CodeFragment:
        """Return the import of the values."""
        return self._written("import {", self.values, extension)

    def declarations(self, extension: SafeFragment) -> CodeFragment:
        """Return the import of the types."""
        return self._written("import type {", self.types, extension)

    def exported(self, extension: SafeFragment) -> CodeFragment:
        """Return the re-export of the types."""
        return self._written("export type {", self.types, extension)

    def _written(self, head: str, parts: Sequence[SafeFragment], extension: SafeFragment) -> CodeFragment:
        tail = f'}} from "{self.path}{extension.text}";'
        if len(parts) == 1:
            return CodeFragment(f"{head} {parts[0].text} {tail}")
        return enclose(head, parts, tail)


def extension_of(options: Mapping[str, str]) -> CodeFragment:
    """Return the ending of paths between modules, from the target's options."""
    return CodeFragment(IMPORT_EXTENSIONS[options.get("import_extension", "js")])


def path_of(folder: str, name: Name) -> str:
    """Return the path of a template's module below the output folder, without extension."""
    return f"{folder}/{file_stem(name).text}"
