"""The module of a section type: the kinds of its items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from templates_server.features.codegen.naming import ModelNames, Name
from templates_server.features.codegen.python.layout import enclose, enclose_on_lines, fits
from templates_server.features.codegen.python.literals import docstring
from templates_server.features.codegen.python.modules import PythonModule, import_statement, module_of, path_of
from templates_server.features.codegen.python.names import class_name, type_name, variable
from templates_server.features.codegen.safe_fragments import CodeFragment, Identifier
from templates_server.features.spaces.model import SectionDefinition


def section_module(section: SectionDefinition, names: ModelNames) -> PythonModule:
    """Return the module of one section type."""
    name = names.sections[section.key]
    supported = [names.experiences[key] for key in section.supports]
    item, entries, result = (type_name(name, ending) for ending in ("Item", "Entries", "Section"))
    values = {
        "about": docstring(section.name, section.description, key=section.key),
        "imports": list(_imports(supported)),
        "items": _union(item, [class_name(one) for one in supported]),
        "entries": _union(entries, [type_name(one, "Entry") for one in supported]),
        "section": CodeFragment(f"{result.text}: TypeAlias = Section[{item.text}]"),
        "state_type": type_name(name, "SectionState"),
        "entries_type": entries,
        "head": enclose(
            f"def {variable(name, 'section').text}(",
            [CodeFragment("source: EntitySource"), CodeFragment("entity: str")],
            f") -> {result.text}:",
        ),
        "body": _body(result, supported),
    }
    return PythonModule(path_of("section", name), "section", values)


def _imports(supported: Sequence[Name]) -> Iterator[CodeFragment]:
    yield import_statement("collections.abc", [Identifier("Sequence")])
    typing = ["TypeAlias", "TypedDict", *(["NoReturn"] if not supported else ["Union"] if len(supported) > 1 else [])]
    yield import_statement("typing", [Identifier(one) for one in typing])
    yield CodeFragment("")
    for one in supported:
        used = [class_name(one), type_name(one, "Entry"), variable(one, "experience")]
        yield import_statement(module_of("experience", one, level=2), used)
    yield import_statement("..runtime", [Identifier("EntitySource"), Identifier("Section")])


def _union(name: Identifier, members: Sequence[Identifier]) -> CodeFragment:
    head = f"{name.text}: TypeAlias = "
    if len(members) <= 1:
        return CodeFragment(head + (members[0].text if members else "NoReturn"))
    return enclose(f"{head}Union[", members, "]")


def _body(result: Identifier, supported: Sequence[Name]) -> CodeFragment:
    constants = [variable(one, "experience") for one in supported]
    comma = "," if len(constants) == 1 else ""
    kinds = CodeFragment(f"({', '.join(one.text for one in constants)}{comma})")
    if not fits(f"{kinds.text},", indent=8):
        kinds = enclose_on_lines("(", constants, ")", indent=8)
    return enclose(f"section: {result.text} = source.section(", [CodeFragment("entity"), kinds], ")", indent=4)
