"""All files of a Space except the runtime."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from templates_server.features.codegen.kotlin.collection_module import collection_module, collections_module
from templates_server.features.codegen.kotlin.events_module import events_modules
from templates_server.features.codegen.kotlin.experience_module import experience_module
from templates_server.features.codegen.kotlin.fallbacks_module import fallbacks_module
from templates_server.features.codegen.kotlin.literals import string
from templates_server.features.codegen.kotlin.modules import RUNTIME, KotlinModule, imports, package_of
from templates_server.features.codegen.kotlin.names import RUNTIME_TYPES, file_path, type_name
from templates_server.features.codegen.kotlin.section_module import section_module
from templates_server.features.codegen.naming import ModelNames
from templates_server.features.codegen.safe_fragments import CodeFragment
from templates_server.features.spaces.model import GenerationInput, SpaceModel

_PARAMETERS: Mapping[str, str] = {
    "Experience": "P : PropertySet",
    "ExperienceState": "P : PropertySet",
    "ExperienceTestState": "V : PropertyValues",
    "Item": "P : PropertySet",
    "Section": "E : AnyItem",
    "SectionState": "E : AnyItem",
    "SectionTestState": "I : ItemTestState",
}
"""The types of the runtime that have a type parameter."""


def space_modules(
    generation_input: GenerationInput, names: ModelNames, options: Mapping[str, str], code_hash: str
) -> Iterator[KotlinModule]:
    """Return each file once. Only the fallbacks depend on `code_hash`: the others change with their own parts."""
    model = generation_input.model
    package = package_of(model.key, options)
    supporting = _supporting(model, names)
    for experience in model.experiences:
        yield experience_module(experience, supporting.get(experience.key, ()), names, package)
    for section in model.sections:
        yield section_module(section, names, package)
    for collection in model.collections:
        yield collection_module(collection, names, package)
    yield collections_module(model, names, package)
    yield from events_modules(model, names, package, options)
    yield fallbacks_module(generation_input, names, package, code_hash)
    yield _mtribes(model, package, options)
    yield KotlinModule(file_path("Aliases"), "Aliases.kt.jinja", {"package": package, "aliases": _aliases(package)})


def _supporting(model: SpaceModel, names: ModelNames) -> Mapping[str, list[str]]:
    """Return the classes of the sections that support an experience, by its key."""
    found: dict[str, list[str]] = {}
    for section in model.sections:
        for key in section.supports:
            found.setdefault(key, []).append(type_name(names.sections[section.key], "Section").text)
    return found


def _mtribes(model: SpaceModel, package: CodeFragment, options: Mapping[str, str]) -> KotlinModule:
    needed = ["Assembly", "Blueprint", "GeneratedCode", "Json", "Program", "java.util.concurrent.Executor"]
    values = {
        "package": package,
        "imports": imports(package, needed),
        "key": string(model.key),
        "host": string(options.get("host", "").rstrip("/")),
    }
    return KotlinModule(file_path("Mtribes"), "Mtribes.kt.jinja", values)


def _aliases(package: CodeFragment) -> list[CodeFragment]:
    found = []
    for name in RUNTIME_TYPES:
        parameter = _PARAMETERS.get(name, "").split(" ")[0]
        arguments = f"<{parameter}>" if parameter else ""
        found.append(CodeFragment(f"{name}{arguments} = {package.text}.{RUNTIME}.{name}{arguments}"))
    return found
