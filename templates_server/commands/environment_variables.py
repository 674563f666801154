"""The variables of ours in the environment, as people mean them: blanks around a value are no part of it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from templates_server.commands.errors import WrongUsage

PREFIX = "MTRIBES_"
QUOTES = frozenset("\"'")
SHORTEST_QUOTED = 2


@contextlib.contextmanager
def stripped_variables() -> Iterator[None]:
    """Take blanks and line breaks around the values of ours away until the block ends.

    WrongUsage names a variable whose value is in quotes: no shell took them away.
    """
    before = {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
    values = {name: value.strip() for name, value in before.items()}
    for name, value in values.items():
        if len(value) >= SHORTEST_QUOTED and value[0] == value[-1] and value[0] in QUOTES:
            raise WrongUsage(
                f"The value of {name} is enclosed in quotation marks.",
                "Remove the quotation marks: .env files and container settings pass them on as part of the value.",
            )
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.update(before)
