"""Pages of the model of a Space: every path, who may use it, what it reads and gives."""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal

from templates_server.errors import Conflict, Forbidden, ValidationFailed
from templates_server.features.console.model import forms as model_form_pages
from templates_server.features.console.model import overview as model_pages
from templates_server.features.console.page_routes import CONSOLE_SPACE, form_route, page_route
from templates_server.features.pages.schemas import ModelForm, ModelPartForm
from templates_server.http.route_docs import Parameter
from templates_server.settings import DOCUMENT_MAX_BYTES, Limits

CONSOLE_MODEL = f"{CONSOLE_SPACE}/model"
OF_TEMPLATE = {"template": "experience"}


ROUTES = (
    page_route(CONSOLE_MODEL, model_pages.model_page, "Everything that the model of a Space has."),
    page_route(f"{CONSOLE_MODEL}/edit", model_pages.edit_page, "The model as a document to edit."),
    form_route(
        CONSOLE_MODEL,
        model_pages.save_model,
        "Store a model, or say what it would change.",
        ModelForm,
        max_body_bytes=Limits.max_document_bytes,
        also=(HTTPStatus.OK,),
    ),
    page_route(
        f"{CONSOLE_MODEL}/parts/{{template}}",
        model_form_pages.part_page,
        "The form of a part of the model: an experience, a section, a collection, an event or a field.",
        takes=(
            Parameter("key", str, "Which one; unless specified it is a new one.", example="hero"),
            Parameter("deed", Literal["remove"], "Review what its removal changes."),
        ),
        refuses=(Forbidden, ValidationFailed, Conflict),
        path_examples=OF_TEMPLATE,
    ),
    form_route(
        f"{CONSOLE_MODEL}/parts/{{template}}",
        model_form_pages.change_part,
        "Review a part of the model that was edited, go on editing it, or store what was reviewed.",
        ModelPartForm,
        also=(HTTPStatus.OK,),
        path_examples=OF_TEMPLATE,
        max_body_bytes=DOCUMENT_MAX_BYTES,
    ),
    page_route(
        f"{CONSOLE_MODEL}/history",
        model_pages.history_page,
        "The revisions of the model, and what changed between two.",
        refuses=(Forbidden, ValidationFailed),
        takes=(
            Parameter("from", int, "A revision."),
            Parameter("to", int, "A revision to compare it with."),
            Parameter("cursor", str, "Where the list goes on."),
        ),
    ),
    page_route(f"{CONSOLE_MODEL}/code", model_pages.code_page, "The code that is generated from the model."),
    page_route(f"{CONSOLE_MODEL}/code/{{language}}", model_pages.code_page, "The code in a language."),
    page_route(
        f"{CONSOLE_MODEL}/code/{{language}}/{{file*}}", model_pages.code_page, "A file of the code in a language."
    ),
)
