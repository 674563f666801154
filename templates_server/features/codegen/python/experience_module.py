"""The module of an experience type: its properties, how they are read, and their defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from templates_server.features.codegen.naming import ModelNames, Name
from templates_server.features.codegen.python.layout import enclose, enclose_on_lines, fits, texts, value
from templates_server.features.codegen.python.literals import docstring, string
from templates_server.features.codegen.python.modules import PythonModule, import_statement, path_of
from templates_server.features.codegen.python.names import class_name, member, type_name, variable
from templates_server.features.codegen.python.property_types import annotate, annotate_wire, has_type
from templates_server.features.codegen.safe_fragments import CodeFragment, Identifier, SafeFragment
from templates_server.features.spaces.model import Experience, Property, PropertyType

_VALUES_ABOUT = "Its properties by raw key, as the server sends them: for `states` of a test."


def experience_module(experience: Experience, names: ModelNames) -> PythonModule:
    """Return the module of one experience type."""
    name = names.experiences[experience.key]
    scoped = [(of, names.properties[experience.key][of.key]) for of in experience.properties]
    properties = type_name(name, "Properties")
    values = {
        "imports": list(_imports(experience)),
        "about": docstring(experience.name, experience.description, key=experience.key, indent=4),
        "kind": string(experience.key),
        "class": class_name(name),
        "properties_type": properties,
        "properties": [_property(of, known_as) for of, known_as in scoped],
        "values_type": type_name(name, "Values"),
        "values": _values(name, experience),
        "state_type": type_name(name, "ExperienceState"),
        "entry_type": type_name(name, "Entry"),
        "experience_type": type_name(name, "Experience"),
        "head": _head(name, properties),
        "defaults": enclose_on_lines(
            f"defaults={properties.text}(", [_default(of, known_as) for of, known_as in scoped], "),", indent=4
        ),
        "rules": enclose_on_lines("rules=(", [_rule(of, known_as) for of, known_as in scoped], "),", indent=4),
    }
    return PythonModule(path_of("experience", name), "experience", values)


def _imports(experience: Experience) -> Iterator[CodeFragment]:
    kinds = {kind for kind in PropertyType if has_type(experience.properties, kind)}
    if PropertyType.LIST in kinds:
        yield import_statement("collections.abc", [Identifier("Sequence")])
    yield import_statement("dataclasses", [Identifier("dataclass")])
    if PropertyType.DATE in kinds:
        yield import_statement("datetime", [Identifier("datetime")])
    yield import_statement(
        "typing", [Identifier(one) for one in ("ClassVar", "Literal", "TypeAlias", "TypedDict", "final")]
    )
    yield CodeFragment("")
    runtime = ["Experience", "ExperienceType", "Item"]
    if experience.properties:
        runtime.append("Rule")
    if PropertyType.COLOR in kinds:
        runtime += ["Color", "ColorValue"]
    if any(of.type is PropertyType.DATE and of.default is not None for of in experience.properties):
        runtime.append("as_date")
    yield import_statement("..runtime", [Identifier(one) for one in runtime])


def _head(name: Name, properties: Identifier) -> CodeFragment:
    constant = variable(name, "experience").text
    flat = f"{constant}: ExperienceType[{properties.text}] = ExperienceType("
    if fits(flat):
        return CodeFragment(flat)
    return CodeFragment(f"{constant}: ExperienceType[\n    {properties.text}\n] = ExperienceType(")


def _property(of: Property, name: Name) -> Mapping[str, SafeFragment | None]:
    return {
        "about": docstring(of.name, of.description, indent=4),
        "declaration": annotate(f"{member(name).text}: ", of, indent=4),
    }


def _values(name: Name, experience: Experience) -> CodeFragment:
    entries = [annotate_wire(f"{string(of.key).text}: ", of, "", indent=8) for of in experience.properties]
    values_type = type_name(name, "Values")
    return enclose_on_lines(
        f"{values_type.text} = TypedDict(",
        [string(values_type.text), enclose_on_lines("{", entries, "}", indent=4), CodeFragment("total=False")],
        ")",
    )


def _rule(of: Property, name: Name) -> CodeFragment:
    parts: list[SafeFragment] = [string(member(name).text), string(of.key), string(of.type.value)]
    if of.type is PropertyType.SELECT:
        parts.append(texts("", of.options, "", indent=12))
    return enclose("Rule(", parts, ")", indent=8)


def _default(of: Property, name: Name) -> CodeFragment:
    head = f"{member(name).text}="
    if of.type is PropertyType.DATE and isinstance(of.initial, str):
        return CodeFragment(f"{head}as_date({string(of.initial).text})")
    return value(head, of.initial, "", indent=8)
