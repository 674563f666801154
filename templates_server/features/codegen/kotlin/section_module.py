"""The file of a section type: the kinds of its items."""

from __future__ import annotations

from templates_server.features.codegen.kotlin.layout import enclose
from templates_server.features.codegen.kotlin.literals import documentation
from templates_server.features.codegen.kotlin.modules import KotlinModule, imports
from templates_server.features.codegen.kotlin.names import class_name, file_path, type_name
from templates_server.features.codegen.naming import ModelNames
from templates_server.features.codegen.safe_fragments import CodeFragment
from templates_server.features.spaces.model import SectionDefinition


def section_module(section: SectionDefinition, names: ModelNames, package: CodeFragment) -> KotlinModule:
    """Return the file of one section type."""
    kind = type_name(names.sections[section.key], "Section")
    supported = [class_name(names.experiences[key]) for key in section.supports]
    head = f") : Section<{kind.text}.Entry>("
    call = enclose("source.section(", [CodeFragment("entity"), *supported], ")", indent=8)
    values = {
        "package": package,
        "imports": imports(package, ["EntitySource"]),
        "about": documentation(section.name, section.description, key=section.key),
        "class": kind,
        "supertype": enclose(head, [call], ") {"),
    }
    return KotlinModule(file_path(kind.text, folder="section"), "Section.kt.jinja", values)
