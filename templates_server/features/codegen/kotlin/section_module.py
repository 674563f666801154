"""The file of a type of section: what its items may be."""

from __future__ import annotations

from templates_server.features.codegen.kotlin.layout import enclosed
from templates_server.features.codegen.kotlin.literals import documentation
from templates_server.features.codegen.kotlin.modules import Module, imports
from templates_server.features.codegen.kotlin.names import class_name, file_path, type_name
from templates_server.features.codegen.naming import ModelNames
from templates_server.features.codegen.safe_fragments import Code
from templates_server.features.spaces.model import Section


def section_module(section: Section, names: ModelNames, package: Code) -> Module:
    """One type of section."""
    kind = type_name(names.sections[section.key], "Section")
    supported = [class_name(names.experiences[key]) for key in section.supports]
    head = f") : Section<{kind.text}.Entry>("
    call = enclosed("source.section(", [Code("entity"), *supported], ")", indent=8)
    values = {
        "package": package,
        "imports": imports(package, ["EntitySource"]),
        "about": documentation(section.name, section.description, key=section.key),
        "class": kind,
        "supertype": enclosed(head, [call], ") {"),
    }
    return Module(file_path(kind.text, folder="section"), "Section.kt.jinja", values)
