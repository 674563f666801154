"""Every status the server returns, and when it occurs: for `/docs/api`, `/openapi.json` and the manual."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

WHEN: Mapping[HTTPStatus, str] = {
    HTTPStatus.OK: "Success. The response contains the result.",
    HTTPStatus.CREATED: "Created. The response contains the new object.",
    HTTPStatus.ACCEPTED: "Accepted. Fetch the object to follow its state.",
    HTTPStatus.NO_CONTENT: "Success. The response has no body.",
    HTTPStatus.PARTIAL_CONTENT: "The part requested with `Range`.",
    HTTPStatus.SEE_OTHER: "Redirect to `Location`.",
    HTTPStatus.NOT_MODIFIED: "Not modified since the caller's `ETag`.",
    HTTPStatus.BAD_REQUEST: "Malformed request: invalid JSON or YAML, nested too deeply, or an invalid query "
    "parameter.",
    HTTPStatus.UNAUTHORIZED: "Missing or invalid credentials. `WWW-Authenticate` has the required ones.",
    HTTPStatus.FORBIDDEN: "Access denied. The message names the missing scope or role.",
    HTTPStatus.NOT_FOUND: "Not found, *or you don't have access*: the response is the same.",
    HTTPStatus.METHOD_NOT_ALLOWED: "Method not allowed. `Allow` lists the supported methods.",
    HTTPStatus.REQUEST_TIMEOUT: "The body arrived too slowly.",
    HTTPStatus.CONFLICT: "Conflict with stored data, or the same request is still being processed.",
    HTTPStatus.PRECONDITION_FAILED: "The resource has changed. Fetch it again, then repeat your change.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large, compressed or decompressed.",
    HTTPStatus.REQUEST_URI_TOO_LONG: "The URL is too long.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Unsupported content type or encoding.",
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: "The range starts after the end of the file.",
    HTTPStatus.MISDIRECTED_REQUEST: "Unknown `Host`.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Validation failed. The first 100 problems are listed by path.",
    HTTPStatus.UPGRADE_REQUIRED: "The client is too old for this server.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests or wrong secrets. Retry after `Retry-After`.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "The headers are too large.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Internal server error. Quote the ID in the message when you report it.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Unavailable or overloaded. Retry after `Retry-After`.",
}
