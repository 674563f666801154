"""The generated files before rendering: the path, the template and the values of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from templates_server.features.codegen.brightscript.events_file import events_values
from templates_server.features.codegen.brightscript.fallbacks import fallback_states
from templates_server.features.codegen.brightscript.layout import list_block, object_block, one_line
from templates_server.features.codegen.brightscript.literals import documentation, scalar, string
from templates_server.features.codegen.brightscript.names import file_path, function, member, prefix_of
from templates_server.features.codegen.event_option import is_modelled_only
from templates_server.features.codegen.naming import ModelNames, name_scope
from templates_server.features.codegen.safe_fragments import CodeFragment, Identifier, Path, SafeFragment
from templates_server.features.spaces.model import (
    Child,
    ChildKind,
    Collection,
    Experience,
    GenerationInput,
    Property,
    PropertyType,
    SectionDefinition,
    SpaceModel,
)

File = tuple[str, Mapping[str, object]]


def space_files(
    generation_input: GenerationInput, names: ModelNames, options: Mapping[str, str], code_hash: str
) -> tuple[str, dict[str, File]]:
    """Return the prefix, and every file except the runtime by its path. Only the fallbacks depend on `code_hash`."""
    model = generation_input.model
    prefix = prefix_of(options, name_scope([model.key])[model.key])
    parts = _template_files(model, names, prefix)
    has_events = bool(model.events or model.fields)
    files = {
        **parts,
        f"{prefix}_Fallbacks.brs": _fallbacks(generation_input, prefix, code_hash),
        f"{prefix}_Blueprint.brs": _blueprint(model, names, options, prefix),
        **_components(prefix, [Path(path) for path in sorted(parts)], has_events=has_events),
    }
    if has_events:
        files[f"{prefix}_Events.brs"] = ("events.brs", events_values(model, names, prefix))
    return prefix, files


def _template_files(model: SpaceModel, names: ModelNames, prefix: str) -> dict[str, File]:
    files: dict[str, File] = {}
    for experience in model.experiences:
        path = file_path("experience", prefix, names.experiences[experience.key])
        files[path.text] = ("function.brs", _experience(experience, names, prefix))
    for section in model.sections:
        path = file_path("section", prefix, names.sections[section.key])
        files[path.text] = ("function.brs", _section(section, names, prefix))
    for collection in model.collections:
        path = file_path("collection", prefix, names.collections[collection.key])
        files[path.text] = ("function.brs", _collection(collection, names, prefix))
    return files


def _components(prefix: str, parts: Sequence[Path], *, has_events: bool) -> dict[str, File]:
    """Return the node of the Space, the node of an entity, and the Task."""
    common: Mapping[str, object] = {"prefix": Identifier(prefix), "parts": parts, "has_events": has_events}
    return {
        f"{prefix}Mtribes.xml": ("space.xml", common),
        f"{prefix}MtribesEntity.xml": ("entity.xml", common),
        f"{prefix}MtribesTask.xml": ("task.xml", common),
        f"{prefix}_Mtribes.brs": ("space.brs", common),
    }


def _fallbacks(generation_input: GenerationInput, prefix: str, code_hash: str) -> File:
    values: Mapping[str, object] = {
        "prefix": Identifier(prefix),
        "code_hash": string(code_hash),
        "states": fallback_states(generation_input.fallbacks),
    }
    return "fallbacks.brs", values


def _blueprint(model: SpaceModel, names: ModelNames, options: Mapping[str, str], prefix: str) -> File:
    collections = [
        one_line(
            [
                ("member", string(member(names.collections[collection.key]).text)),
                ("children", _call(function(prefix, names.collections[collection.key], "Collection"))),
            ]
        )
        for collection in model.collections
    ]
    values: Mapping[str, object] = {
        "prefix": Identifier(prefix),
        "about": documentation(model.name, model.description, key=model.key),
        "prefix_text": string(prefix),
        "key": string(model.key),
        "host": string(options.get("host", "").rstrip("/")),
        "collections": list_block(collections, margin="        "),
        "events": _modelled_events(model) if is_modelled_only(options) else None,
    }
    return "blueprint.brs", values


def _modelled_events(model: SpaceModel) -> CodeFragment:
    """Return the events that may be tracked: no compiler checks the arguments of `callFunc`."""
    return list_block([string(event.key) for event in model.events], margin="        ")


def _call(of: Identifier) -> CodeFragment:
    return CodeFragment(f"{of.text}()")


def _experience(experience: Experience, names: ModelNames, prefix: str) -> Mapping[str, object]:
    rules = [
        piece
        for of in experience.properties
        for piece in (
            documentation(of.name, of.description),
            _rule(of, member(names.properties[experience.key][of.key])),
        )
        if piece is not None
    ]
    body = object_block(
        [("kind", string(experience.key)), ("rules", list_block(rules, margin="        "))], margin="    "
    )
    return _function(
        function(prefix, names.experiences[experience.key], "Experience"),
        body,
        documentation(experience.name, experience.description, key=experience.key),
    )


def _rule(of: Property, known_as: Identifier) -> CodeFragment:
    """Return the rule that reads a property."""
    parts: list[tuple[str, SafeFragment]] = [
        ("member", string(known_as.text)),
        ("key", string(of.key)),
        ("type", string(of.type.value)),
    ]
    if of.type is PropertyType.SELECT:
        parts.append(("options", scalar(of.options)))
    return one_line([*parts, ("default", scalar(of.initial))])


def _section(section: SectionDefinition, names: ModelNames, prefix: str) -> Mapping[str, object]:
    types = [_call(function(prefix, names.experiences[key], "Experience")) for key in section.supports]
    return _function(
        function(prefix, names.sections[section.key], "Section"),
        list_block(types, margin="    "),
        documentation(section.name, section.description, key=section.key),
    )


def _collection(collection: Collection, names: ModelNames, prefix: str) -> Mapping[str, object]:
    children = [
        piece
        for child in collection.children
        for piece in (documentation(child.name, child.description), _child(collection, child, names, prefix))
        if piece is not None
    ]
    return _function(
        function(prefix, names.collections[collection.key], "Collection"),
        list_block(children, margin="    "),
        documentation(collection.name, collection.description, key=collection.key),
    )


def _child(collection: Collection, child: Child, names: ModelNames, prefix: str) -> CodeFragment:
    if child.kind is ChildKind.EXPERIENCE:
        types = CodeFragment(f"[{function(prefix, names.experiences[child.type], 'Experience').text}()]")
    else:
        types = _call(function(prefix, names.sections[child.type], "Section"))
    return one_line(
        [
            ("member", string(member(names.children[collection.key][child.key]).text)),
            ("entity", string(f"{collection.key}.{child.key}")),
            ("kind", string(child.kind.value)),
            ("types", types),
        ]
    )


def _function(name: Identifier, body: CodeFragment, about: SafeFragment | None) -> Mapping[str, object]:
    return {"name": name, "body": body, "about": about}
