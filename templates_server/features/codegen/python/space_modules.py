"""All modules of a Space except the runtime."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from templates_server.features.codegen.event_option import is_modelled_only
from templates_server.features.codegen.naming import ModelNames
from templates_server.features.codegen.python.collection_module import collection_module
from templates_server.features.codegen.python.events_module import events_module, has_events_module
from templates_server.features.codegen.python.experience_module import experience_module
from templates_server.features.codegen.python.fallbacks import fallback_states
from templates_server.features.codegen.python.index_module import index_module
from templates_server.features.codegen.python.literals import string
from templates_server.features.codegen.python.modules import PythonModule
from templates_server.features.codegen.python.section_module import section_module
from templates_server.features.codegen.safe_fragments import SafeFragment
from templates_server.features.spaces.model import GenerationInput


def space_modules(
    generation_input: GenerationInput, names: ModelNames, options: Mapping[str, str], code_hash: str
) -> Iterator[PythonModule]:
    """Return each module once. Only the fallbacks depend on `code_hash`: the others change with their own parts.

    If only the model's events may be tracked, one module replaces the runtime's own.
    """
    model = generation_input.model
    for experience in model.experiences:
        yield experience_module(experience, names)
    for section in model.sections:
        yield section_module(section, names)
    for collection in model.collections:
        yield collection_module(collection, names)
    states: Mapping[str, SafeFragment] = {
        "states": fallback_states(generation_input.fallbacks),
        "code_hash": string(code_hash),
    }
    yield PythonModule("fallbacks", "fallbacks", states)
    if has_events_module(model):
        yield events_module(model, names, options)
    yield index_module(generation_input, names, options)
    if is_modelled_only(options):
        yield PythonModule("runtime/tracking", "tracking", {})
