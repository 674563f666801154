"""Enumerations of the options of a select."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from templates_server.features.codegen.naming import name_scope
from templates_server.features.codegen.safe_fragments import CodeFragment, Identifier
from templates_server.features.codegen.swift.literals import string
from templates_server.features.codegen.swift.names import case, declare


def option_case(options: Sequence[str], option: object) -> Identifier:
    """Return the case of an option, or `unset` for none."""
    names = name_scope(options)
    return case(names[option]) if isinstance(option, str) and option in names else Identifier("unset")


def option_cases(options: Sequence[str]) -> Sequence[Mapping[str, CodeFragment]]:
    """Return the cases of all options, in the model's order."""
    names = name_scope(dict.fromkeys(options))
    return [
        {"declaration": CodeFragment(f"case {declare(case(name)).text} = {string(key).text}")}
        for key, name in names.items()
    ]
