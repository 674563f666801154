"""All files of a Space except the runtime."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from templates_server.features.codegen.event_option import is_modelled_only
from templates_server.features.codegen.naming import ModelNames
from templates_server.features.codegen.safe_fragments import CodeFragment
from templates_server.features.codegen.swift.collection_module import collection_module
from templates_server.features.codegen.swift.events_module import events_module
from templates_server.features.codegen.swift.experience_module import experience_module
from templates_server.features.codegen.swift.fallbacks import fallback_entries
from templates_server.features.codegen.swift.literals import documentation, string
from templates_server.features.codegen.swift.modules import SwiftModule
from templates_server.features.codegen.swift.names import declare, member, type_name
from templates_server.features.codegen.swift.section_module import section_module
from templates_server.features.spaces.model import GenerationInput, SpaceModel


def space_modules(
    generation_input: GenerationInput, names: ModelNames, options: Mapping[str, str], code_hash: str
) -> Iterator[SwiftModule]:
    """Return each file once. Only the fallbacks depend on `code_hash`: the others change with their own parts."""
    model = generation_input.model
    for experience in model.experiences:
        yield experience_module(experience, names)
    for section in model.sections:
        yield section_module(section, names)
    for collection in model.collections:
        yield collection_module(collection, names)
    fallbacks = {"entries": fallback_entries(generation_input.fallbacks), "code_hash": string(code_hash)}
    yield SwiftModule("MtribesFallbacks.swift", "fallbacks", fallbacks)
    if model.events or model.fields or is_modelled_only(options):
        yield events_module(model, names, options)
    yield _entry_module(model, names, options)


def _entry_module(model: SpaceModel, names: ModelNames, options: Mapping[str, str]) -> SwiftModule:
    """Return the file of the Space itself; the option `host` is the server's URL."""
    scoped = [(collection, names.collections[collection.key]) for collection in model.collections]
    values = {
        "about": documentation(model.name, model.description, key=model.key, indent=2),
        "key": string(model.key),
        "host": string(options.get("host", "").rstrip("/")),
        "collections": [
            {
                "about": documentation(collection.name, collection.description, indent=4),
                "declaration": CodeFragment(
                    f"public let {declare(member(name)).text}: {type_name(name, 'Collection').text}"
                ),
                "assignment": CodeFragment(f"self.{member(name).text} = {type_name(name, 'Collection').text}(source)"),
            }
            for collection, name in scoped
        ],
    }
    return SwiftModule("Mtribes.swift", "space", values)
