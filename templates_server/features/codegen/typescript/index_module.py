"""The module that an app imports: createSpace, the default Space, and the types of everything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from templates_server.features.codegen.naming import ModelNames, Name
from templates_server.features.codegen.safe_fragments import CodeFragment, Identifier
from templates_server.features.codegen.typescript.events_module import (
    STEM,
    exported_types,
    has_events_module,
    narrowed_types,
)
from templates_server.features.codegen.typescript.layout import enclose, union, value
from templates_server.features.codegen.typescript.literals import documentation, property_name
from templates_server.features.codegen.typescript.modules import Import, TypeScriptModule, path_of
from templates_server.features.codegen.typescript.names import member, type_name, variable
from templates_server.features.spaces.model import Child, ChildKind, GenerationInput, SpaceModel

RUNTIME = "./runtime"
EXPORTED_TYPES = (
    "Client", "Color", "EventName", "EventPairs", "Experience", "ExperienceState", "Fetch", "Fields",
    "IdentityStorage", "Item", "Logger", "Pair", "Section", "SectionState", "Session", "SessionFailure",
    "SessionState", "SessionStatus", "Snapshot", "SpaceStorage", "StartOptions", "Stop", "Track",
)  # fmt: skip


def index_module(generation_input: GenerationInput, names: ModelNames, options: Mapping[str, str]) -> TypeScriptModule:
    """Return the index module; the option `host` is the server's URL."""
    model = generation_input.model
    scoped = [(collection, names.collections[collection.key]) for collection in model.collections]
    narrowed = narrowed_types(model) if has_events_module(model, options) else ()
    types = [one for one in _runtime_types(model) if one not in narrowed]
    values = {
        "about": documentation(model.name, model.description, key=model.key),
        "key": value("key:", model.key, ",", indent=2),
        "host": value("host:", options.get("host", "").rstrip("/"), ",", indent=2),
        "imports": [
            *(_import(name) for _, name in scoped),
            *([Import(f"./{STEM}", [], _identifiers(["Session"]))] if narrowed else []),
            *_state_imports(model, names),
        ],
        "space_type": CodeFragment("SpaceOf<Collections, Session>" if narrowed else "SpaceOf<Collections>"),
        "runtime": Import(RUNTIME, _identifiers(("makeSpace", "makeSpaceWith")), _identifiers(["Blueprint", *types])),
        "runtime_types": Import(RUNTIME, [], _identifiers(types)),
        "states": list(_states(model, names)),
        "collections": [
            {
                "about": documentation(collection.name, collection.description, indent=2),
                "declaration": CodeFragment(f"readonly {member(name).text}: {type_name(name, 'Collection').text};"),
                "entry": _entry(name),
            }
            for collection, name in scoped
        ],
        "exports": [*_exports(names), *([exported_types(model, names)] if narrowed else [])],
        "runtime_exports": Import(RUNTIME, [], _identifiers(one for one in EXPORTED_TYPES if one not in narrowed)),
    }
    return TypeScriptModule("index", "index", values)


def _import(name: Name) -> Import:
    types = [type_name(name, "Collection")]
    return Import(f"./{path_of('collection', name)}", [variable(name, "Collection")], types)


def _entry(name: Name) -> CodeFragment:
    return CodeFragment(f"{member(name).text}: {variable(name, 'Collection').text},")


def _children(model: SpaceModel) -> Iterator[tuple[str, Child]]:
    """Return every entity, in order of its key."""
    return (
        (f"{collection.key}.{child.key}", child) for collection in model.collections for child in collection.children
    )


def _runtime_types(model: SpaceModel) -> Iterator[str]:
    kinds = {child.kind for _, child in _children(model)}
    yield "Client"
    if ChildKind.EXPERIENCE in kinds:
        yield "ExperienceTestState"
    yield "OptionsOf"
    if ChildKind.SECTION in kinds:
        yield "SectionTestState"
    yield from ("Session", "SpaceOf")


def _state_imports(model: SpaceModel, names: ModelNames) -> Iterator[Import]:
    """Return the imports of the types of the states that tests serve."""
    for kind, key in sorted({(child.kind, child.type) for _, child in _children(model)}):
        yield Import(f"./{path_of(kind.value, _template(kind, key, names))}", [], [_states_type(kind, key, names)])


def _states(model: SpaceModel, names: ModelNames) -> Iterator[CodeFragment]:
    for entity, child in _children(model):
        state = "ExperienceTestState" if child.kind is ChildKind.EXPERIENCE else "SectionTestState"
        of = enclose(f"{state}<", [_states_type(child.kind, child.type, names)], ">", indent=4, last_comma=False)
        yield union(f"readonly {property_name(entity).text}?:", [of, CodeFragment("undefined")], indent=2)


def _states_type(kind: ChildKind, key: str, names: ModelNames) -> Identifier:
    return type_name(_template(kind, key, names), "Values" if kind is ChildKind.EXPERIENCE else "Entries")


def _template(kind: ChildKind, key: str, names: ModelNames) -> Name:
    return (names.experiences if kind is ChildKind.EXPERIENCE else names.sections)[key]


def _identifiers(texts: Iterable[str]) -> Sequence[Identifier]:
    return [Identifier(text) for text in texts]


def _exports(names: ModelNames) -> Iterator[Import]:
    folders: tuple[tuple[str, Mapping[str, Name], tuple[str, ...]], ...] = (
        ("collection", names.collections, ("Collection",)),
        ("experience", names.experiences, ("Experience", "Item", "Properties", "Values")),
        ("section", names.sections, ("Entries", "Items", "Section")),
    )
    for folder, scoped, endings in folders:
        for name in scoped.values():
            yield Import(f"./{path_of(folder, name)}", [], [type_name(name, ending) for ending in endings])
