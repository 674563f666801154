"""Pages of environments' deliveries: every path with its permission, input and output."""

from __future__ import annotations

from http import HTTPStatus

from templates_server.errors import Conflict, Forbidden, ValidationFailed
from templates_server.features.console.delivery import comparison as comparison_pages
from templates_server.features.console.delivery import editor as scenario_pages
from templates_server.features.console.delivery import overview as delivery_pages
from templates_server.features.console.delivery import preview as preview_pages
from templates_server.features.console.delivery import review as review_pages
from templates_server.features.console.page_routes import (
    CONSOLE_ENVIRONMENT,
    SCENARIO_FORM_MAX_BYTES,
    form_route,
    page_route,
)
from templates_server.features.pages.schemas import PushForm, ScenarioEditForm

CONSOLE_DELIVERY = f"{CONSOLE_ENVIRONMENT}/delivery"
OF_ENTITY = {"entity": "homepage.header"}


ROUTES = (
    page_route(CONSOLE_DELIVERY, delivery_pages.overview_page, "Show what an environment delivers, by entity."),
    page_route(
        f"{CONSOLE_DELIVERY}/entities/{{entity}}",
        delivery_pages.entity_page,
        "List the scenarios of an entity in order.",
        path_examples=OF_ENTITY,
    ),
    page_route(
        f"{CONSOLE_DELIVERY}/entities/{{entity}}/scenario",
        scenario_pages.editor_page,
        "Show the editor of a scenario.",
        path_examples=OF_ENTITY,
    ),
    form_route(
        f"{CONSOLE_DELIVERY}/entities/{{entity}}/scenario",
        scenario_pages.edit_scenario,
        "Review a scenario, or continue editing it. Nothing is saved.",
        ScenarioEditForm,
        status=HTTPStatus.OK,
        also=(HTTPStatus.SEE_OTHER,),
        path_examples=OF_ENTITY,
        max_body_bytes=SCENARIO_FORM_MAX_BYTES,
    ),
    page_route(
        f"{CONSOLE_DELIVERY}/review",
        review_pages.review_page,
        "Review a change of the delivery.",
        refuses=(Forbidden, ValidationFailed, Conflict),
    ),
    form_route(
        f"{CONSOLE_DELIVERY}/push",
        review_pages.push,
        "Apply a reviewed change of the delivery, or show who it affects. Fails if the delivery has changed since.",
        PushForm,
        also=(HTTPStatus.OK,),
        max_body_bytes=SCENARIO_FORM_MAX_BYTES,
    ),
    page_route(
        f"{CONSOLE_DELIVERY}/compare",
        comparison_pages.comparison_page,
        "Compare two environments or revisions.",
    ),
    page_route(f"{CONSOLE_DELIVERY}/history", comparison_pages.history_page, "List the revisions of the delivery."),
    page_route(
        f"{CONSOLE_DELIVERY}/preview",
        preview_pages.preview_page,
        "Preview what a person sees, and why.",
        refuses=(Forbidden, ValidationFailed),
    ),
)
