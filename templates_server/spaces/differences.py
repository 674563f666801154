"""What changes for generated code between two models. Pure.

Something that is gone breaks apps that use it, and so does something whose type or identifier is another; what is new
does not, and what is only called, described or preset differently is no change. A preset that is taken away is one:
the property may now be unset.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from templates_server.checks import join
from templates_server.codegen.model import UNSET, Experience, Property, SpaceModel
from templates_server.codegen.naming import identifiers, name_model
from templates_server.codegen.render import LANGUAGES
from templates_server.spaces.models import Change, ModelDiff, Renamed


@dataclass(frozen=True, slots=True)
class Signature:
    """What the type of something in generated code depends on."""

    type: str = ""
    may_be_unset: bool = False


def diff(before: SpaceModel, after: SpaceModel, *, revision: int) -> ModelDiff:
    """Every change from one model, stored at a revision, to another, in order of path."""
    was, will_be = name_model(before), name_model(after)
    names = [(language, identifiers(was, language), identifiers(will_be, language)) for language in LANGUAGES]
    old, new = dict(_signatures(before)), dict(_signatures(after))
    changes: list[Change] = []
    told: set[str] = set()
    for path in sorted(old.keys() | new.keys()):
        kind = _kind(old.get(path), new.get(path))
        if kind is not None and not _is_below(path, told):
            changes.append(_change(path, kind, names))
            told.add(path)
        elif kind is None and any(b.get(path) != a.get(path) for _, b, a in names):
            changes.append(_change(path, "retyped", names))
    return ModelDiff(revision, any(change.breaking for change in changes), tuple(changes))


def _change(path: str, kind: str, names: Sequence[tuple[str, Mapping[str, str], Mapping[str, str]]]) -> Change:
    renamed = (Renamed(language, before.get(path), after.get(path)) for language, before, after in names)
    named = tuple(each for each in renamed if each.before is not None or each.after is not None)
    return Change(path, kind, kind != "added", named)


def _kind(before: Signature | None, after: Signature | None) -> str | None:
    if before is None:
        return "added"
    if after is None:
        return "removed"
    if before.type != after.type or (after.may_be_unset and not before.may_be_unset):
        return "retyped"
    return None


def _is_below(path: str, told: Collection[str]) -> bool:
    """Whether something around it was told as a whole, which says enough."""
    return any(path[:end] in told for end, character in enumerate(path) if character == ".")


def _signatures(model: SpaceModel) -> Iterator[tuple[str, Signature]]:
    """The path of everything that an app can name, with what its type depends on."""
    for experience in model.experiences:
        yield f"experiences.{experience.key}", Signature()
        yield from _property_signatures(experience)
    for section in model.sections:
        yield f"sections.{section.key}", Signature()
        yield from ((f"sections.{section.key}.supports.{key}", Signature()) for key in section.supports)
    for collection in model.collections:
        yield f"collections.{collection.key}", Signature()
        for child in collection.children:
            yield f"collections.{collection.key}.children.{child.key}", Signature(f"{child.kind} {child.type}")


def _property_signatures(experience: Experience) -> Iterator[tuple[str, Signature]]:
    for definition in experience.properties:
        path = f"experiences.{experience.key}.properties.{definition.key}"
        yield path, Signature(definition.type, _may_be_unset(definition))
        yield from ((join(f"{path}.options", option), Signature()) for option in definition.options)


def _may_be_unset(definition: Property) -> bool:
    return UNSET[definition.type] is None and definition.default is None
