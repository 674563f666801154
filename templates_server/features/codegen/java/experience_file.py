"""The class of an experience: its properties, the options of its selects, and its items in sections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from templates_server.features.codegen.java.files import EXPERIENCE, JavaFile, runtime_imports
from templates_server.features.codegen.java.layout import MethodCall, assignment, method_head
from templates_server.features.codegen.java.literals import documentation, number, string
from templates_server.features.codegen.java.names import method, type_name
from templates_server.features.codegen.java.options import UNSET, constants, option_enum
from templates_server.features.codegen.naming import ModelNames, Name
from templates_server.features.codegen.safe_fragments import CodeFragment, Identifier, SafeFragment
from templates_server.features.spaces.model import Color, Experience, Property, PropertyType

_IMPORTS = (
    "EntityCore", "Experience", "ExperienceItem", "ExperienceProperties", "ExperienceType", "ItemCore", "PropertyRule",
    "PropertyValues",
)  # fmt: skip
_TYPES = {
    PropertyType.TEXT: "String",
    PropertyType.IMAGE: "String",
    PropertyType.COLOR: "Color",
    PropertyType.DATE: "Date",
    PropertyType.LIST: "List<String>",
}
_PRIMITIVES = {PropertyType.NUMBER: ("double", "Double"), PropertyType.TOGGLE: ("boolean", "Boolean")}
_IMPORTS_OF = {
    PropertyType.COLOR: runtime_imports("Color"),
    PropertyType.DATE: ["java.util.Date"],
    PropertyType.LIST: ["java.util.List"],
    PropertyType.SELECT: runtime_imports("Option"),
}
_NULL = CodeFragment("null")


def experience_class(experience_key: str, names: ModelNames) -> Identifier:
    """Return a class name such as `Hero`."""
    return type_name(names.experiences[experience_key])


def experience_file(experience: Experience, names: ModelNames) -> JavaFile:
    """Return the file of the experience."""
    known_as = experience_class(experience.key, names)
    scoped = names.properties[experience.key]
    imports = [
        *runtime_imports(*_IMPORTS),
        *(name for of in experience.properties for name in _IMPORTS_OF.get(of.type, [])),
    ]
    enclosing = (known_as.text,)
    rules = [_rule(of, scoped[of.key], enclosing) for of in experience.properties]
    values: Mapping[str, object] = {
        "about": documentation(experience.name, experience.description, key=experience.key),
        "class": known_as,
        "head": _head(known_as),
        "kind": assignment("public static final String KIND", string(experience.key), indent=2),
        "type": assignment(
            "public static final ExperienceType<Properties> TYPE",
            MethodCall("new ExperienceType<>", [CodeFragment("KIND"), CodeFragment("Properties::new"), *rules]),
            indent=2,
        ),
        "enums": [
            option_enum(scoped[of.key], of.options, enclosing=enclosing, indent=2, with_unset=True)
            for of in experience.properties
            if of.type is PropertyType.SELECT
        ],
        "properties": [_property(of, scoped[of.key], at, enclosing) for at, of in enumerate(experience.properties)],
    }
    return JavaFile(f"{EXPERIENCE}/{known_as.text}", "experience", imports, values)


def _head(known_as: Identifier) -> CodeFragment:
    parts = [f"public final class {known_as.text}", f"extends Experience<{known_as.text}.Properties> {{"]
    flat = " ".join(parts)
    return CodeFragment(flat if len(flat) <= 100 else "\n    ".join(parts))  # noqa: PLR2004  as the formatter has it


def _property(of: Property, name: Name, at: int, enclosing: tuple[str, ...]) -> Mapping[str, SafeFragment | None]:
    declared, boxed = _type(of, name, enclosing)
    if of.type is PropertyType.DATE:
        value = CodeFragment(f"dateAt({at})")
    elif declared == boxed:
        value = CodeFragment(f"valueAt({at})")
    else:
        value = CodeFragment(f"this.<{boxed}>valueAt({at})")
    return {
        "about": documentation(of.name, of.description, indent=4),
        "head": method_head(declared, f"{method(name).text}()", indent=4),
        "value": value,
    }


def _type(of: Property, name: Name, enclosing: tuple[str, ...]) -> tuple[str, str]:
    """Return the property's type and the boxed type of its values: a property with a default is never null."""
    if of.type is PropertyType.SELECT:
        known_as = type_name(name, enclosing).text
        return known_as, known_as
    if of.type in _PRIMITIVES:
        primitive, boxed = _PRIMITIVES[of.type]
        return (boxed if of.default is None else primitive), boxed
    return _TYPES[of.type], _TYPES[of.type]


def _rule(of: Property, name: Name, enclosing: tuple[str, ...]) -> MethodCall:
    """Return the rule that reads a property, with its default."""
    function = "text" if of.type is PropertyType.IMAGE else of.type.value
    return MethodCall(f"PropertyRule.{function}", [string(of.key), *_initial(of, name, enclosing)])


def _initial(of: Property, name: Name, enclosing: tuple[str, ...]) -> Iterator[SafeFragment]:
    initial = of.initial
    match initial:
        case _ if of.type is PropertyType.SELECT:
            known_as = type_name(name, enclosing).text
            chosen = constants(of.options).get(str(initial))
            yield CodeFragment(f"{known_as}.values()")
            yield CodeFragment(f"{known_as}.{chosen.text if chosen else UNSET}")
        case None:
            yield _NULL
        case bool():
            yield CodeFragment("true" if initial else "false")
        case int() | float():
            yield number(initial)
        case str():
            yield string(initial)
        case Color():
            yield _NULL if initial.value is None else string(initial.value)
            yield number(initial.opacity)
        case tuple():
            yield from (string(item) for item in initial)
