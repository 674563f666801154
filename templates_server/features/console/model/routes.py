"""Pages of the model of a Space: every path with its permission, input and output."""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal

from templates_server.errors import Conflict, Forbidden, ValidationFailed
from templates_server.features.console.model import forms as model_form_pages
from templates_server.features.console.model import overview as model_pages
from templates_server.features.console.page_routes import CONSOLE_SPACE, form_route, page_route
from templates_server.features.pages.schemas import ModelForm, ModelPartForm
from templates_server.http.route_docs import ParameterDocs
from templates_server.settings import DOCUMENT_MAX_BYTES, Limits

CONSOLE_MODEL = f"{CONSOLE_SPACE}/model"
OF_TEMPLATE = {"template": "experience"}


ROUTES = (
    page_route(CONSOLE_MODEL, model_pages.model_page, "Show the model of a Space."),
    page_route(f"{CONSOLE_MODEL}/edit", model_pages.edit_page, "Edit the model as a document."),
    form_route(
        CONSOLE_MODEL,
        model_pages.save_model,
        "Save the model, or review the changes.",
        ModelForm,
        max_body_bytes=Limits.max_document_bytes,
        also=(HTTPStatus.OK,),
    ),
    page_route(
        f"{CONSOLE_MODEL}/parts/{{template}}",
        model_form_pages.part_page,
        "Show the form for an experience, a section, a collection, an event or a field.",
        takes=(
            ParameterDocs("key", str, "Key of the part (default: a new one).", example="hero"),
            ParameterDocs("deed", Literal["remove"], "Review the removal."),
        ),
        refuses=(Forbidden, ValidationFailed, Conflict),
        path_examples=OF_TEMPLATE,
    ),
    form_route(
        f"{CONSOLE_MODEL}/parts/{{template}}",
        model_form_pages.change_part,
        "Review, continue editing or save a part of the model.",
        ModelPartForm,
        also=(HTTPStatus.OK,),
        path_examples=OF_TEMPLATE,
        max_body_bytes=DOCUMENT_MAX_BYTES,
    ),
    page_route(
        f"{CONSOLE_MODEL}/history",
        model_pages.history_page,
        "List the revisions of the model and compare two of them.",
        refuses=(Forbidden, ValidationFailed),
        takes=(
            ParameterDocs("from", int, "Revision."),
            ParameterDocs("to", int, "Revision to compare with."),
            ParameterDocs("cursor", str, "Start of the next page."),
        ),
    ),
    page_route(f"{CONSOLE_MODEL}/code", model_pages.code_page, "Show the code generated from the model."),
    page_route(f"{CONSOLE_MODEL}/code/{{language}}", model_pages.code_page, "Show the generated code for a language."),
    page_route(f"{CONSOLE_MODEL}/code/{{language}}/{{file*}}", model_pages.code_page, "Show a generated file."),
)
