"""The module of a section type: what its items may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from templates_server.features.codegen.naming import ModelNames, Name
from templates_server.features.codegen.python.layout import enclosed, fits, spread
from templates_server.features.codegen.python.literals import docstring
from templates_server.features.codegen.python.modules import Module, imported, module_of, path_of
from templates_server.features.codegen.python.names import class_name, type_name, variable
from templates_server.features.codegen.safe_fragments import Code, Identifier
from templates_server.features.spaces.model import Section


def section_module(section: Section, names: ModelNames) -> Module:
    """One section type."""
    name = names.sections[section.key]
    supported = [names.experiences[key] for key in section.supports]
    item, entries, result = (type_name(name, ending) for ending in ("Item", "Entries", "Section"))
    values = {
        "about": docstring(section.name, section.description, key=section.key),
        "imports": list(_imports(supported)),
        "items": _union(item, [class_name(one) for one in supported]),
        "entries": _union(entries, [type_name(one, "Entry") for one in supported]),
        "section": Code(f"{result.text}: TypeAlias = Section[{item.text}]"),
        "state_type": type_name(name, "SectionState"),
        "entries_type": entries,
        "head": enclosed(
            f"def {variable(name, 'section').text}(",
            [Code("source: EntitySource"), Code("entity: str")],
            f") -> {result.text}:",
        ),
        "body": _body(result, supported),
    }
    return Module(path_of("section", name), "section", values)


def _imports(supported: Sequence[Name]) -> Iterator[Code]:
    yield imported("collections.abc", [Identifier("Sequence")])
    typing = ["TypeAlias", "TypedDict", *(["NoReturn"] if not supported else ["Union"] if len(supported) > 1 else [])]
    yield imported("typing", [Identifier(one) for one in typing])
    yield Code("")
    for one in supported:
        used = [class_name(one), type_name(one, "Entry"), variable(one, "experience")]
        yield imported(module_of("experience", one, level=2), used)
    yield imported("..runtime", [Identifier("EntitySource"), Identifier("Section")])


def _union(name: Identifier, members: Sequence[Identifier]) -> Code:
    head = f"{name.text}: TypeAlias = "
    if len(members) <= 1:
        return Code(head + (members[0].text if members else "NoReturn"))
    return enclosed(f"{head}Union[", members, "]")


def _body(result: Identifier, supported: Sequence[Name]) -> Code:
    constants = [variable(one, "experience") for one in supported]
    comma = "," if len(constants) == 1 else ""
    kinds = Code(f"({', '.join(one.text for one in constants)}{comma})")
    if not fits(f"{kinds.text},", indent=8):
        kinds = spread("(", constants, ")", indent=8)
    return enclosed(f"section: {result.text} = source.section(", [Code("entity"), kinds], ")", indent=4)
