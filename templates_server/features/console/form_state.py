"""The values of a form that is shown again, and its problems by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from templates_server.errors import ApiError, BadRequest, Conflict, PreconditionFailed, ValidationFailed
from templates_server.http.forms.urlencoded import Parameters

REFUSALS = (ValidationFailed, Conflict, PreconditionFailed, BadRequest)
"""The errors that a form shows beside its fields instead of an error page."""
KEY = "key"
"""The field that identifies a form when it is resent."""
NOT_KEPT = frozenset({"form_token", KEY, "deed"})
DRAFT = msgspec.json.Decoder(dict[str, list[str]])


@dataclass(frozen=True)
class FormState:
    """The values of a form's fields, and its problems by field; those of "" are about the whole form."""

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    problems: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return the first value of a field, "" without one."""
        return next(iter(self.values.get(name, ())), "")

    def all(self, name: str) -> Sequence[str]:
        """Return every value of a field that may be sent more than once."""
        return self.values.get(name, ())

    def refused(self, error: ApiError, fields: Mapping[str, str]) -> FormState:
        """Return the state with the problems of an error: `fields` maps names of the API to fields of the form."""
        found: dict[str, list[str]] = {}
        for problem in error.problems:
            name = (problem.path or "").partition("[")[0].partition(".")[0]
            found.setdefault(fields.get(name, ""), []).append(problem.message)
        return replace(self, problems=found)


def read_form(form: Parameters) -> FormState:
    """Return the input of a submitted form."""
    return FormState(form.values)


def prefill(**values: str) -> FormState:
    """Return a form prefilled with these values."""
    return FormState({name: [value] for name, value in values.items()})


def fields_by_name(*names: str) -> Mapping[str, str]:
    """Return the field names that are the same in the form and the API."""
    return {name: name for name in names}


def encode_draft(form: Parameters) -> str:
    """Return all input of a form as one text, for a person who has to sign in again."""
    return msgspec.json.encode({name: form.values[name] for name in form.values if name not in NOT_KEPT}).decode()


def decode_draft(draft: str) -> FormState:
    """Return the input from before a person had to sign in again; nothing if it is malformed."""
    try:
        return FormState(DRAFT.decode(draft)) if draft else FormState()
    except msgspec.MsgspecError:
        return FormState()
