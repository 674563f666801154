"""A cache of environments whose states failed to build, which takes as long as success and can be requested often."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from templates_server.errors import ErrorDetail, ValidationFailed

MOST_REMEMBERED = 1000


class FailedEnvironments:
    """The reasons why revisions of environments were rejected; the next revision is tried again."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[str, Sequence[ErrorDetail]]] = OrderedDict()

    def check(self, environment_id: str, revision: str) -> None:
        """Raise ValidationFailed if that revision was rejected before."""
        refused, problems = self._known.get(environment_id, ("", ()))
        if problems and refused == revision:
            raise ValidationFailed(problems)

    def remember(self, environment_id: str, revision: str, problems: Sequence[ErrorDetail]) -> None:
        """Reject that revision from now on."""
        self._known[environment_id] = revision, problems
        self._known.move_to_end(environment_id)
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
