"""The class of a section: its items, each of one of the kinds that it supports."""

from __future__ import annotations

from collections.abc import Mapping

from templates_server.features.codegen.java.experience_file import experience_class
from templates_server.features.codegen.java.files import EXPERIENCE, SECTION, JavaFile, runtime_imports
from templates_server.features.codegen.java.literals import documentation
from templates_server.features.codegen.java.names import constant, section_class
from templates_server.features.codegen.naming import ModelNames
from templates_server.features.codegen.safe_fragments import CodeFragment, Identifier
from templates_server.features.spaces.model import SectionDefinition

_IMPORTS = ("EntityCore", "ExperienceItem", "ExperienceType", "ItemCore", "ItemMaker", "Section", "SectionItem")


def section_file(section: SectionDefinition, names: ModelNames) -> JavaFile:
    """Return the file of the section."""
    known_as = section_class(names.sections[section.key])
    last = section.supports[-1:]
    kinds = [_kind(key, names, comma="" if key in last else ",") for key in section.supports]
    values: Mapping[str, object] = {
        "about": documentation(section.name, section.description, key=section.key),
        "class": known_as,
        "head": _head(known_as),
        "kinds": kinds,
        "last": kinds[-1] if kinds else None,
    }
    classes = [f".{EXPERIENCE}.{experience_class(key, names).text}" for key in section.supports]
    return JavaFile(f"{SECTION}/{known_as.text}", "section", [*runtime_imports(*_IMPORTS), *classes], values)


def _head(known_as: Identifier) -> CodeFragment:
    flat = f"public final class {known_as.text} extends Section<{known_as.text}.Item> {{"
    if len(flat) <= 100:  # noqa: PLR2004  as the formatter has it
        return CodeFragment(flat)
    return CodeFragment(f"public final class {known_as.text}\n    extends Section<{known_as.text}.Item> {{")


def _kind(key: str, names: ModelNames, *, comma: str) -> Mapping[str, object]:
    name = names.experiences[key]
    known_as = experience_class(key, names)
    return {
        "class": known_as,
        "constant": constant(name),
        "comma": CodeFragment(comma),
        "visit": Identifier(f"visit{name.pascal}"),
        "as": Identifier(f"as{name.pascal}"),
    }
