"""The package that an app imports: create_space, the default Space, and the types of everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from templates_server.features.codegen.naming import ModelNames, Name
from templates_server.features.codegen.python.events_module import STEM, has_events_module
from templates_server.features.codegen.python.layout import enclose, enclose_on_lines, value
from templates_server.features.codegen.python.literals import docstring, string
from templates_server.features.codegen.python.modules import PythonModule, import_statement, module_of
from templates_server.features.codegen.python.names import class_name, member, type_name, variable
from templates_server.features.codegen.safe_fragments import CodeFragment, Identifier
from templates_server.features.spaces.model import Child, ChildKind, GenerationInput, SpaceModel

EXPORTED = (
    "Client", "Color", "Event", "Experience", "ExperienceState", "FileStorage", "HttpRequest", "HttpResponse", "Item",
    "Listener", "Logger", "Pair", "Section", "SectionState", "SessionFailure", "SessionState", "SessionStatus",
    "Snapshot", "Stop", "Storage", "Transport",
)  # fmt: skip
_USED = ("Blueprint", "Options", "SessionOf", "SpaceOf")
_OF_EXPERIENCE = ("Entry", "Experience", "ExperienceState", "Properties", "Values")
_OF_SECTION = ("Entries", "Item", "Section", "SectionState")
_OWN = ("Collections", "Fields", "Session", "Space", "States", "client", "collections", "create_space", "session")


def index_module(generation_input: GenerationInput, names: ModelNames, options: Mapping[str, str]) -> PythonModule:
    """Return the index module; the option `host` is the server's URL."""
    model = generation_input.model
    scoped = [(collection, names.collections[collection.key]) for collection in model.collections]
    exports = {*EXPORTED, *_OWN, *(name.text for _, of in _exports(model, names) for name in of)}
    exports -= {variable(name, "collection").text for _, name in scoped}
    values = {
        "about": docstring(model.name, model.description, key=model.key),
        "collections_about": docstring(model.name, model.description, key=model.key, indent=4),
        "imports": list(_imports(model, names)),
        "key": value("key=", model.key, ",", indent=4),
        "host": value("host=", options.get("host", "").rstrip("/"), ",", indent=4),
        "entities": enclose_on_lines("entities=frozenset(", [_entities(model)], "),", indent=4)
        if list(_children(model))
        else CodeFragment("entities=frozenset(),"),
        "collections": [
            {
                "about": docstring(collection.name, collection.description, indent=4),
                "declaration": CodeFragment(f"{member(name).text}: {type_name(name, 'Collection').text}"),
            }
            for collection, name in scoped
        ],
        "collect": enclose_on_lines("return Collections(", [_entry(name) for _, name in scoped], ")", indent=4),
        "states": _states(model, names),
        "has_fields": bool(model.fields),
        "exports": enclose_on_lines("__all__ = [", [string(one) for one in sorted(exports)], "]"),
    }
    return PythonModule("__init__", "index", values)


def _imports(model: SpaceModel, names: ModelNames) -> Iterator[CodeFragment]:
    for module, used in _exports(model, names):
        yield import_statement(module, used)
    yield CodeFragment("from .fallbacks import code, fallbacks")
    runtime = [*EXPORTED, *_USED, "EntitySource", *([] if model.fields else ["AnyFields"])]
    yield import_statement(".runtime", [Identifier(one) for one in runtime])


def _exports(model: SpaceModel, names: ModelNames) -> Iterator[tuple[str, Sequence[Identifier]]]:
    """Return the exports of each module, including those that create collections."""
    for name in names.collections.values():
        yield (
            module_of("collection", name, level=1),
            [type_name(name, "Collection"), variable(name, "collection")],
        )
    if has_events_module(model):
        said = [*(["Events"] if model.events else []), *(["Fields"] if model.fields else [])]
        yield f".{STEM}", [Identifier(one) for one in said]
    for name in names.experiences.values():
        types = [class_name(name), *(type_name(name, ending) for ending in _OF_EXPERIENCE)]
        yield module_of("experience", name, level=1), types
    for name in names.sections.values():
        yield module_of("section", name, level=1), [type_name(name, ending) for ending in _OF_SECTION]


def _entry(name: Name) -> CodeFragment:
    return enclose(f"{member(name).text}={variable(name, 'collection').text}(", [CodeFragment("source")], ")", indent=8)


def _children(model: SpaceModel) -> Iterator[tuple[str, Child]]:
    """Return every entity, in order of its key."""
    return (
        (f"{collection.key}.{child.key}", child) for collection in model.collections for child in collection.children
    )


def _entities(model: SpaceModel) -> CodeFragment:
    return enclose_on_lines("(", [string(entity) for entity, _ in _children(model)], ")", indent=8)


def _states(model: SpaceModel, names: ModelNames) -> CodeFragment:
    entries = [
        CodeFragment(f"{string(entity).text}: {_state_type(child, names).text}") for entity, child in _children(model)
    ]
    parts = [string("States"), enclose_on_lines("{", entries, "}", indent=4), CodeFragment("total=False")]
    return enclose_on_lines("States = TypedDict(", parts, ")")


def _state_type(child: Child, names: ModelNames) -> Identifier:
    if child.kind is ChildKind.EXPERIENCE:
        return type_name(names.experiences[child.type], "ExperienceState")
    return type_name(names.sections[child.type], "SectionState")
