"""The file of a section type: what its items may be."""

from __future__ import annotations

from templates_server.features.codegen.naming import ModelNames, Name
from templates_server.features.codegen.safe_fragments import Code
from templates_server.features.codegen.swift.layout import enclosed
from templates_server.features.codegen.swift.literals import documentation
from templates_server.features.codegen.swift.modules import Module
from templates_server.features.codegen.swift.names import case, declared, file_path, type_name
from templates_server.features.spaces.model import Section


def section_module(section: Section, names: ModelNames) -> Module:
    """One section type."""
    name = names.sections[section.key]
    element = type_name(name, "Element")
    values = {
        "about": documentation(section.name, section.description, key=section.key, indent=2),
        "alias": enclosed(f"public typealias {type_name(name, 'Section').text} = Section<", [element], ">", indent=2),
        "element": element,
        "cases": [_case(names.experiences[key]) for key in section.supports],
        "constant": Code(f"static let {name.camel}Section: [ElementType<{element.text}>] = {{"),
        "list": Code(f"var all: [ElementType<{element.text}>] = []"),
    }
    return Module(file_path("Section", name, "Section").text, "section", values)


def _case(experience: Name) -> dict[str, Code]:
    known_as = declared(case(experience)).text
    return {
        "declaration": Code(f"case {known_as}({type_name(experience, 'Item').text})"),
        "id": Code(f"case .{known_as}(let item): return item.id"),
        "entry": Code(f"all.append(ElementType({experience.camel}Experience) {{ .{known_as}($0) }})"),
    }
