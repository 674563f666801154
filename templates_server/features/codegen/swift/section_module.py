"""The file of a section type: the kinds of its items."""

from __future__ import annotations

from templates_server.features.codegen.naming import ModelNames, Name
from templates_server.features.codegen.safe_fragments import CodeFragment
from templates_server.features.codegen.swift.layout import enclose
from templates_server.features.codegen.swift.literals import documentation
from templates_server.features.codegen.swift.modules import SwiftModule
from templates_server.features.codegen.swift.names import case, declare, file_path, type_name
from templates_server.features.spaces.model import SectionDefinition


def section_module(section: SectionDefinition, names: ModelNames) -> SwiftModule:
    """Return the file of one section type."""
    name = names.sections[section.key]
    element = type_name(name, "Element")
    values = {
        "about": documentation(section.name, section.description, key=section.key, indent=2),
        "alias": enclose(f"public typealias {type_name(name, 'Section').text} = Section<", [element], ">", indent=2),
        "element": element,
        "cases": [_case(names.experiences[key]) for key in section.supports],
        "constant": CodeFragment(f"static let {name.camel}Section: [ElementType<{element.text}>] = {{"),
        "list": CodeFragment(f"var all: [ElementType<{element.text}>] = []"),
    }
    return SwiftModule(file_path("Section", name, "Section").text, "section", values)


def _case(experience: Name) -> dict[str, CodeFragment]:
    known_as = declare(case(experience)).text
    return {
        "declaration": CodeFragment(f"case {known_as}({type_name(experience, 'Item').text})"),
        "id": CodeFragment(f"case .{known_as}(let item): return item.id"),
        "entry": CodeFragment(f"all.append(ElementType({experience.camel}Experience) {{ .{known_as}($0) }})"),
    }
