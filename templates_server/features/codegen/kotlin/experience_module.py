"""The file of an experience type: its properties, its items, and their values in a test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from templates_server.features.codegen.kotlin.layout import define, enclose, enclose_on_lines
from templates_server.features.codegen.kotlin.literals import documentation, string
from templates_server.features.codegen.kotlin.modules import KotlinModule, imports
from templates_server.features.codegen.kotlin.names import class_name, file_path, member
from templates_server.features.codegen.kotlin.property_types import given_type, options_enum, reader_call, type_of
from templates_server.features.codegen.naming import ModelNames, Name
from templates_server.features.codegen.safe_fragments import CodeFragment, SafeFragment
from templates_server.features.spaces.model import Experience, Property, PropertyType


def experience_module(
    experience: Experience, sections: Sequence[str], names: ModelNames, package: CodeFragment
) -> KotlinModule:
    """Return the file of one experience type; `sections` are the classes of those that support it."""
    name = names.experiences[experience.key]
    kind = class_name(name)
    scope = names.properties[experience.key]
    values = {
        "package": package,
        "imports": imports(package, list(_imports(experience))),
        "about": documentation(experience.name, experience.description, key=experience.key),
        "class": kind,
        "key": string(experience.key),
        "supertypes": _supertypes(f"Item<{kind.text}.Properties>(source)", sections, "Entry", indent=""),
        "test_supertypes": _supertypes(
            f"ItemValues({string(experience.key).text}, properties, id, enabled)", sections, "TestEntry", indent="    "
        ),
        "properties": [_property(of, scope[of.key]) for of in experience.properties],
        "enums": [
            options_enum(scope[of.key], of.options, indent=8, has_unset=True)
            for of in experience.properties
            if of.type is PropertyType.SELECT
        ],
        "values": _values(experience, scope),
        "wire": _wire(experience, scope),
    }
    return KotlinModule(file_path(kind.text, folder="experience"), "Experience.kt.jinja", values)


def _imports(experience: Experience) -> Iterator[str]:
    types = {of.type for of in experience.properties}
    yield from ("ExperienceType", "ItemSource", "ItemValues", "PropertyReader", "wireOf")
    if experience.properties:
        yield "pair"
    if PropertyType.DATE in types:
        yield "java.util.Date"


def _supertypes(first: str, sections: Sequence[str], nested: str, *, indent: str) -> CodeFragment:
    return CodeFragment(f",\n{indent}    ".join([first, *(f"{section}.{nested}" for section in sections)]))


def _property(of: Property, name: Name) -> Mapping[str, SafeFragment | None]:
    head = f"public val {member(name).text}: {type_of(of, name)}"
    return {
        "about": documentation(of.name, of.description, indent=8),
        "declaration": reader_call(of, name, head=head, indent=8),
    }


def _values(experience: Experience, scope: Mapping[str, Name]) -> CodeFragment:
    parts = [
        CodeFragment(
            f"public val {member(scope[of.key]).text}: {given_type(of, scope[of.key], within='Properties')}? = null"
        )
        for of in experience.properties
    ]
    return (
        enclose_on_lines("public class Values(", parts, ")", indent=4) if parts else CodeFragment("public class Values")
    )


def _wire(experience: Experience, scope: Mapping[str, Name]) -> CodeFragment:
    pairs = [CodeFragment(f"pair({string(of.key).text}, {member(scope[of.key]).text})") for of in experience.properties]
    call = enclose("wireOf(", pairs, ")", indent=12)
    return define("override fun wire(): Map<String, Any?>", call, indent=8)
