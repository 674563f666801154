"""The file of production's fallbacks, in the format in which the server sends states.

Each state and each item has its own function, as the JVM limits the size of a function.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from templates_server.features.codegen.kotlin.layout import enclose, enclose_on_lines
from templates_server.features.codegen.kotlin.literals import boolean, string
from templates_server.features.codegen.kotlin.modules import KotlinModule, imports
from templates_server.features.codegen.kotlin.names import file_path
from templates_server.features.codegen.kotlin.property_types import scalar
from templates_server.features.codegen.naming import ModelNames, Name
from templates_server.features.codegen.safe_fragments import CodeFragment, Identifier, SafeFragment
from templates_server.features.spaces.model import Collection, Color, GenerationInput, Item, ModelEntityState, Value


def fallbacks_module(
    generation_input: GenerationInput, names: ModelNames, package: CodeFragment, code_hash: str
) -> KotlinModule:
    """Return the fallbacks of every entity, and the hash of the code's inputs."""
    model, states = generation_input.model, generation_input.fallbacks
    collections = [_collection(of, states, names) for of in model.collections]
    collections = [each for each in collections if each["states"]]
    values = {
        "package": package,
        "imports": imports(package, ["Json", *_functions(states)]),
        "code_hash": string(code_hash),
        "collections": collections,
    }
    return KotlinModule(file_path("Fallbacks"), "Fallbacks.kt.jinja", values)


def _functions(states: Mapping[str, ModelEntityState]) -> Iterator[str]:
    items = [item for state in states.values() for item in state.items or ()]
    properties = [*(state.properties or {} for state in states.values()), *(item.properties for item in items)]
    if any(isinstance(value, Color) for each in properties for value in each.values()):
        yield "colorOf"
    if items:
        yield "itemOf"
    if any(state.items is not None for state in states.values()):
        yield "sectionOf"
    if any(value is not None for each in properties for value in each.values()):
        yield "pair"
    if any(state.items is None for state in states.values()):
        yield "stateOf"


def _collection(of: Collection, states: Mapping[str, ModelEntityState], names: ModelNames) -> Mapping[str, object]:
    scope = names.children[of.key]
    entities = {f"{of.key}.{child.key}": scope[child.key] for child in of.children}
    return {
        "key": string(of.key),
        "name": Identifier(f"Of{names.collections[of.key].pascal}"),
        "states": [_state(entity, states[entity], name) for entity, name in entities.items() if entity in states],
    }


def _state(entity: str, state: ModelEntityState, name: Name) -> Mapping[str, object]:
    function = Identifier(f"stateOf{name.pascal}")
    items = [Identifier(f"item{at}Of{name.pascal}") for at in range(len(state.items or ()))]
    enabled = boolean(state.enabled)
    if state.items is None:
        call = enclose_on_lines("stateOf(", [enabled, *_properties(state.properties or {})], ")", indent=12)
    else:
        call = enclose_on_lines(
            "sectionOf(", [enabled, *(CodeFragment(f"{item.text}()") for item in items)], ")", indent=12
        )
    return {
        "key": string(entity),
        "function": function,
        "call": call,
        "parts": [{"function": item, "call": _item(of)} for item, of in zip(items, state.items or (), strict=True)],
    }


def _item(of: Item) -> CodeFragment:
    head = [string(of.id), string(of.experience), boolean(of.enabled)]
    return enclose_on_lines("itemOf(", [*head, *_properties(of.properties)], ")", indent=12)


def _properties(properties: Mapping[str, Value]) -> Iterator[SafeFragment]:
    """Return the values that are set: the defaults of the model apply to the rest."""
    for key, value in sorted(properties.items()):
        if isinstance(value, tuple):
            texts = [string(item) for item in value]
            listed = enclose("listOf<String>(", texts, ")", indent=20)
            yield enclose("pair(", [string(key), listed], ")", indent=16)
        elif value is not None:
            yield CodeFragment(f"pair({string(key).text}, {scalar(value, color='colorOf').text})")
