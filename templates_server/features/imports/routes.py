"""The routes of imports: each path, its access rule, its input and its response."""

from __future__ import annotations

from templates_server.errors import Conflict, UnsupportedMediaType, ValidationFailed
from templates_server.features.imports import api as imports
from templates_server.features.imports.content_digest import CONTENT_DIGEST
from templates_server.features.imports.parser import MAX_PART_BYTES
from templates_server.features.imports.part_sequencer import PREFER
from templates_server.features.imports.schemas import Completion, ImportView, PartView
from templates_server.features.people.schemas import UserUpsert
from templates_server.http.paths import ENVIRONMENT
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import CONTENT_ENCODING, NDJSON, BodyDocs
from templates_server.security.authorization import Scope

IMPORT = f"{ENVIRONMENT}/imports/{{import}}"
IMPORT_EXAMPLE = {"import": "crm-2026-11-21"}
PART_EXAMPLE = '{"user_id": "ada", "tags": ["sports/football"]}\n{"user_id": "casey", "email": "casey@example.com"}\n'


ROUTES = (
    Route(
        "PUT",
        f"{IMPORT}/parts/{{part}}",
        imports.put_part,
        Surface.PLATFORM,
        "Insert or update users in bulk, in numbered parts starting at 1. Each part is applied atomically and "
        "exactly once.",
        scope=Scope.USERS_WRITE,
        reads=BodyDocs(UserUpsert, (NDJSON,)),
        gives=PartView,
        example=PART_EXAMPLE,
        refuses=(Conflict, UnsupportedMediaType, ValidationFailed),
        takes=(CONTENT_ENCODING, CONTENT_DIGEST, PREFER),
        data_type="import_part",
        max_body_bytes=MAX_PART_BYTES,
        path_examples={**IMPORT_EXAMPLE, "part": "1"},
    ),
    Route(
        "POST",
        f"{IMPORT}/complete",
        imports.complete,
        Surface.PLATFORM,
        "Complete an import and get its totals.",
        scope=Scope.USERS_WRITE,
        reads=Completion,
        gives=ImportView,
        refuses=(Conflict,),
        data_type="import",
        example={"parts": 1},
        path_examples=IMPORT_EXAMPLE,
    ),
    Route(
        "GET",
        IMPORT,
        imports.show,
        Surface.PLATFORM,
        "Get the progress of an import and the number of its next part.",
        scope=Scope.USERS_READ,
        gives=ImportView,
        data_type="import",
        path_examples=IMPORT_EXAMPLE,
    ),
)
