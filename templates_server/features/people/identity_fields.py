"""The identity stated by an app: the rules of its ids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from templates_server.errors import ErrorDetail
from templates_server.features.people.identity import find_anonymous_id_problem, find_user_id_problem
from templates_server.security.user_signatures import IdCheck


class IdentityFields(Protocol):
    """A request body that states its person."""

    @property
    def anonymous_id(self) -> str | None:
        """The visitor's id."""

    @property
    def external_id(self) -> str | None:
        """The user's id."""

    @property
    def user_signature(self) -> str | None:
        """The signature of the user's id, made by the app's back end."""


def find_id_problems(sent: IdentityFields, check: IdCheck) -> Iterator[ErrorDetail]:
    """Return the problems of the ids, each checked separately."""
    found = (
        ("anonymous_id", None if sent.anonymous_id is None else find_anonymous_id_problem(sent.anonymous_id)),
        ("external_id", None if sent.external_id is None else find_user_id_problem(sent.external_id)),
        ("user_signature", check.find_problem(sent.external_id, sent.user_signature)),
    )
    return (ErrorDetail(path, f"This {problem}.") for path, problem in found if problem is not None)
