"""The enum of the options of a select: of a property, of metadata, or of a field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from templates_server.features.codegen.java.layout import MethodCall, statement
from templates_server.features.codegen.java.literals import plain, string
from templates_server.features.codegen.java.names import constant, type_name
from templates_server.features.codegen.naming import Name, name_scope
from templates_server.features.codegen.safe_fragments import CodeFragment, Comment, Identifier

UNSET = "UNSET"


def constants(options: Sequence[str]) -> Mapping[str, Identifier]:
    """Return the constant of each option."""
    return {option: constant(name, taken=UNSET) for option, name in name_scope(options).items()}


def option_enum(
    name: Name, options: Sequence[str], *, enclosing: Iterable[str], indent: int, with_unset: bool
) -> Mapping[str, object]:
    """Return the values for the template of an enum; `UNSET` exists if the select may have no value."""
    given = [(known_as.text, option) for option, known_as in constants(options).items()]
    if with_unset:
        given.insert(0, (UNSET, ""))
    calls = [MethodCall(known_as, [string(option)]) for known_as, option in given]
    tails = [","] * (len(calls) - 1) + [";"]
    return {
        "about": Comment(f"/** The options of {{@code {plain(name.key)}}}. */"),
        "name": type_name(name, enclosing),
        "constants": [statement("", call, tail, indent=indent + 2) for call, tail in zip(calls, tails, strict=True)],
        "margin": CodeFragment(" " * indent),
    }
