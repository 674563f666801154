"""The variables of ours in the environment, as people mean them: blanks around a value are no part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtribes_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "MTRIBES_"
QUOTES = frozenset("\"'")
SHORTEST_QUOTED = 2


def stripped_variables(environment: Mapping[str, str]) -> Mapping[str, str]:
    """The environment, in which no value of ours has blanks or line breaks around it.

    UsageError names a variable whose value is in quotes: no shell took them away.
    """
    ours = {name: value.strip() for name, value in environment.items() if name.startswith(PREFIX)}
    for name, value in ours.items():
        if len(value) >= SHORTEST_QUOTED and value[0] == value[-1] and value[0] in QUOTES:
            raise UsageError(
                f"The value of {name} begins and ends with a quotation mark.",
                "Remove the quotation marks: files of variables and settings of containers keep them in the value.",
            )
    return {**environment, **ours}
