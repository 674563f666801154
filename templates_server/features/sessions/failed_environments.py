"""What of environments cannot be made: known, since to try takes as long as to make it, and anybody can ask again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from templates_server.errors import ErrorDetail, ValidationFailed

MOST_REMEMBERED = 1000


class FailedEnvironments:
    """Why a revision of an environment was refused; the next revision is tried again."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[str, Sequence[ErrorDetail]]] = OrderedDict()

    def check(self, environment_id: str, revision: str) -> None:
        """ValidationFailed when that revision was refused before."""
        refused, problems = self._known.get(environment_id, ("", ()))
        if problems and refused == revision:
            raise ValidationFailed(problems)

    def remember(self, environment_id: str, revision: str, problems: Sequence[ErrorDetail]) -> None:
        """Refuse that revision from now on."""
        self._known[environment_id] = revision, problems
        self._known.move_to_end(environment_id)
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
