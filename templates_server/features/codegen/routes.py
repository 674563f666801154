"""The model of a Space and its generated code: every path with its permission, input and output."""

from __future__ import annotations

from templates_server.features.codegen import api as codegen
from templates_server.features.codegen import model_api as models
from templates_server.features.codegen.schemas import Code, CodeRequest
from templates_server.features.spaces.history import api as histories
from templates_server.features.spaces.history.schemas import Revision
from templates_server.features.spaces.schemas import Model, ModelDiff, ModelPut, SentModel
from templates_server.http.paths import SPACE
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import IF_MATCH, IF_NONE_MATCH, NOTE, PAGE, REVISION, document
from templates_server.security.authorization import Role, Scope
from templates_server.settings import DOCUMENT_MAX_BYTES

MODEL_EXAMPLE = {
    "experiences": {"hero": {"properties": {"title": {"type": "text"}}}},
    "collections": {"home": {"children": {"hero": {"experience": "hero"}}}},
    "events": {"video/completed": {"metadata": {"title": {"type": "text", "required": True}}}},
    "fields": {"campaign": {"type": "text"}},
}


ROUTES = (
    Route(
        "GET",
        f"{SPACE}/model",
        models.read,
        Surface.PLATFORM,
        "Get the model as JSON or YAML, current or at `?revision=`.",
        scope=Scope.SPACES_READ,
        gives=document(Model),
        takes=(REVISION, IF_NONE_MATCH),
    ),
    Route(
        "PUT",
        f"{SPACE}/model",
        models.replace,
        Surface.PLATFORM,
        "Replace the model with a JSON or YAML document based on the revision in `If-Match` or in the document.",
        scope=Scope.SPACES_WRITE,
        reads=document(SentModel),
        gives=ModelPut,
        takes=(NOTE, IF_MATCH),
        example=MODEL_EXAMPLE,
        path_examples={"space": "radio"},
        max_body_bytes=DOCUMENT_MAX_BYTES,
    ),
    Route(
        "GET",
        f"{SPACE}/model/revisions",
        histories.list_model_revisions,
        Surface.PLATFORM,
        "List the revisions of the model, newest first.",
        scope=Scope.SPACES_READ,
        role=Role.DEVELOPER,
        gives=Revision,
        takes=PAGE,
    ),
    Route(
        "POST",
        f"{SPACE}/model/diff",
        models.compare,
        Surface.PLATFORM,
        "Compare a document with the model and list the changes for generated code.",
        scope=Scope.SPACES_READ,
        reads=document(SentModel),
        gives=ModelDiff,
        data_type="diff",
        example=MODEL_EXAMPLE,
        path_examples={"space": "radio"},
        max_body_bytes=DOCUMENT_MAX_BYTES,
    ),
    Route(
        "POST",
        f"{SPACE}/code",
        codegen.generate,
        Surface.PLATFORM,
        "Generate code for one or more targets.",
        scope=Scope.CODE_READ,
        reads=CodeRequest,
        gives=Code,
        example={"targets": [{"language": "typescript"}]},
    ),
)
