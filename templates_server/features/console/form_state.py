"""What stands in a form that comes back, and what is wrong with it, by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from templates_server.errors import ApiError, BadRequest, Conflict, PreconditionFailed, ValidationFailed
from templates_server.http.forms.urlencoded import Parameters

REFUSALS = (ValidationFailed, Conflict, PreconditionFailed, BadRequest)
"""What a form says beside its fields instead of an error page."""
KEY = "key"
"""The field by which a form is known when it is sent again."""
NOT_KEPT = frozenset({"form_token", KEY, "deed"})
DRAFT = msgspec.json.Decoder(dict[str, list[str]])


@dataclass(frozen=True)
class FormState:
    """The values of a form's fields, and its problems by field; those of "" are about the whole."""

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    problems: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The first value of a field, "" without one."""
        return next(iter(self.values.get(name, ())), "")

    def all(self, name: str) -> Sequence[str]:
        """Every value of a field that may be sent more than once."""
        return self.values.get(name, ())

    def refused(self, error: ApiError, fields: Mapping[str, str]) -> FormState:
        """The same with what a refusal says: `fields` are the form's, by the names that the API has for them."""
        found: dict[str, list[str]] = {}
        for problem in error.problems:
            name = (problem.path or "").partition("[")[0].partition(".")[0]
            found.setdefault(fields.get(name, ""), []).append(problem.message)
        return replace(self, problems=found)


def read_form(form: Parameters) -> FormState:
    """What was typed into a form that was sent."""
    return FormState(form.values)


def prefill(**values: str) -> FormState:
    """A form with these values in it."""
    return FormState({name: [value] for name, value in values.items()})


def fields_by_name(*names: str) -> Mapping[str, str]:
    """Fields that are called as the API calls them."""
    return {name: name for name in names}


def encode_draft(form: Parameters) -> str:
    """All that was typed into a form, as one text, for who has to sign in again."""
    return msgspec.json.encode({name: form.values[name] for name in form.values if name not in NOT_KEPT}).decode()


def decode_draft(draft: str) -> FormState:
    """What was typed before somebody had to sign in again; nothing where it cannot be read."""
    try:
        return FormState(DRAFT.decode(draft)) if draft else FormState()
    except msgspec.MsgspecError:
        return FormState()
