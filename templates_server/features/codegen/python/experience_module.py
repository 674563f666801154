"""The module of an experience type: its properties, how they are read, and their defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from templates_server.features.codegen.naming import ModelNames, Name
from templates_server.features.codegen.python.layout import enclosed, fits, spread, texts, value
from templates_server.features.codegen.python.literals import docstring, string
from templates_server.features.codegen.python.modules import Module, imported, path_of
from templates_server.features.codegen.python.names import class_name, member, type_name, variable
from templates_server.features.codegen.python.property_types import annotated, has_type, wire_annotated
from templates_server.features.codegen.safe_fragments import Code, Identifier, Piece
from templates_server.features.spaces.model import Experience, Property, PropertyType

_VALUES_ABOUT = "Its properties by raw key, as the server sends them: for `states` of a test."


def experience_module(experience: Experience, names: ModelNames) -> Module:
    """One experience type."""
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
        "defaults": spread(
            f"defaults={properties.text}(", [_default(of, known_as) for of, known_as in scoped], "),", indent=4
        ),
        "rules": spread("rules=(", [_rule(of, known_as) for of, known_as in scoped], "),", indent=4),
    }
    return Module(path_of("experience", name), "experience", values)


def _imports(experience: Experience) -> Iterator[Code]:
    kinds = {kind for kind in PropertyType if has_type(experience.properties, kind)}
    if PropertyType.LIST in kinds:
        yield imported("collections.abc", [Identifier("Sequence")])
    yield imported("dataclasses", [Identifier("dataclass")])
    if PropertyType.DATE in kinds:
        yield imported("datetime", [Identifier("datetime")])
    yield imported("typing", [Identifier(one) for one in ("ClassVar", "Literal", "TypeAlias", "TypedDict", "final")])
    yield Code("")
    runtime = ["Experience", "ExperienceType", "Item"]
    if experience.properties:
        runtime.append("Rule")
    if PropertyType.COLOR in kinds:
        runtime += ["Color", "ColorValue"]
    if any(of.type is PropertyType.DATE and of.default is not None for of in experience.properties):
        runtime.append("as_date")
    yield imported("..runtime", [Identifier(one) for one in runtime])


def _head(name: Name, properties: Identifier) -> Code:
    constant = variable(name, "experience").text
    flat = f"{constant}: ExperienceType[{properties.text}] = ExperienceType("
    if fits(flat):
        return Code(flat)
    return Code(f"{constant}: ExperienceType[\n    {properties.text}\n] = ExperienceType(")


def _property(of: Property, name: Name) -> Mapping[str, Piece | None]:
    return {
        "about": docstring(of.name, of.description, indent=4),
        "declaration": annotated(f"{member(name).text}: ", of, indent=4),
    }


def _values(name: Name, experience: Experience) -> Code:
    entries = [wire_annotated(f"{string(of.key).text}: ", of, "", indent=8) for of in experience.properties]
    values_type = type_name(name, "Values")
    return spread(
        f"{values_type.text} = TypedDict(",
        [string(values_type.text), spread("{", entries, "}", indent=4), Code("total=False")],
        ")",
    )


def _rule(of: Property, name: Name) -> Code:
    parts: list[Piece] = [string(member(name).text), string(of.key), string(of.type.value)]
    if of.type is PropertyType.SELECT:
        parts.append(texts("", of.options, "", indent=12))
    return enclosed("Rule(", parts, ")", indent=8)


def _default(of: Property, name: Name) -> Code:
    head = f"{member(name).text}="
    if of.type is PropertyType.DATE and isinstance(of.initial, str):
        return Code(f"{head}as_date({string(of.initial).text})")
    return value(head, of.initial, "", indent=8)
