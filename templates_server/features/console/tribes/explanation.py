"""The reasons why a person is in a tribe or not, filter by filter."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

from templates_server.errors import NotFound
from templates_server.features.console.form_state import REFUSALS, FormState
from templates_server.features.console.platform_api import RouteRequest, invoke, require
from templates_server.features.console.shell import show
from templates_server.features.console.tribes.filter_rows import scalar_of
from templates_server.features.console.tribes.rule_text import sentences, summary
from templates_server.features.console.tribes.tribe import contextual_fields, crumbs, stored_tribe
from templates_server.features.console.visit import Visit, page
from templates_server.features.pages.renderer import PageContent
from templates_server.features.tribes import api as tribes
from templates_server.features.tribes.model import TribeDefinition

KINDS: Mapping[str, str] = {"user": "user", "visitor": "anonymous_id"}
"""The parameter of the API for each kind of person."""
NOBODY = "No {kind} with that ID in {environment}."


@page
async def explanation_page(visit: Visit) -> Response:
    """Show the form, and the result once a person is given."""
    require(visit, tribes.show_explanation)
    tribe = await stored_tribe(visit)
    typed = FormState({name: [text] for name, text in visit.call.query.items()})
    explanation = None
    if "person" in visit.call.query:
        try:
            explanation = await _explain(visit, tribe, typed)
        except NotFound:
            kind = "visitor" if typed.text("kind") == "visitor" else "user"
            said = NOBODY.format(kind=kind, environment=visit.call.place.environment_name)
            typed = FormState(typed.values, {"person": [said]})
        except REFUSALS as error:
            typed = typed.refused(error, {"user": "person", "anonymous_id": "person"})
    values: dict[str, Any] = {
        "tribe": tribe,
        "summary": summary(tribe),
        "sentences": sentences(tribe),
        "asked_fields": contextual_fields(tribe),
        "typed": typed,
        "explanation": explanation,
    }
    place = crumbs(visit, tribe, "Explain")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if typed.problems else HTTPStatus.OK
    return await show(visit, PageContent("console/tribe_explanation", values, status), here="tribes", crumbs=place)


async def _explain(visit: Visit, tribe: TribeDefinition, typed: FormState) -> Any:
    """Return the API's explanation for the person in the form."""
    texts = {name: typed.text(f"field{number}") for number, name in enumerate(contextual_fields(tribe), 1)}
    said = {name: scalar_of(text) for name, text in texts.items() if text}
    query = {KINDS.get(typed.text("kind"), "user"): typed.text("person").strip()}
    if texts:
        query["fields"] = msgspec.json.encode(said).decode()
    return (await invoke(visit, tribes.show_explanation, RouteRequest(query=query))).one
