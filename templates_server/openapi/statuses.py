"""Every status that the server answers with, and when to expect it: for `/docs/api`, `/openapi.json` and the manual."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

WHEN: Mapping[HTTPStatus, str] = {
    HTTPStatus.OK: "It was done, and the answer says what there is.",
    HTTPStatus.CREATED: "Something new is there now; the answer shows it.",
    HTTPStatus.ACCEPTED: "It was begun; ask for its state.",
    HTTPStatus.NO_CONTENT: "It was done, and there is nothing to say.",
    HTTPStatus.PARTIAL_CONTENT: "The part that `Range` asked for.",
    HTTPStatus.SEE_OTHER: "A form was taken, or another page comes first: go to `Location`.",
    HTTPStatus.NOT_MODIFIED: "Nothing has changed since the `ETag` that the caller has.",
    HTTPStatus.BAD_REQUEST: "It cannot be read: no JSON or YAML, nested too deep, a query that is none of ours.",
    HTTPStatus.UNAUTHORIZED: "No credentials, or none that are good; `WWW-Authenticate` says what to bring.",
    HTTPStatus.FORBIDDEN: "Known, but not allowed: the message names the missing scope or role.",
    HTTPStatus.NOT_FOUND: "It is not there *or not yours*: the answer is the same.",
    HTTPStatus.METHOD_NOT_ALLOWED: "It is there, but not with this method; `Allow` names those that are.",
    HTTPStatus.REQUEST_TIMEOUT: "The body came too slowly.",
    HTTPStatus.CONFLICT: "It contradicts what is there, or the same request is still being worked on.",
    HTTPStatus.PRECONDITION_FAILED: "Somebody else was faster: read again, then change.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large, as sent or inflated.",
    HTTPStatus.REQUEST_URI_TOO_LONG: "The address is too long.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is of a type, or in an encoding, that is not read here.",
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: "The range begins behind the end.",
    HTTPStatus.MISDIRECTED_REQUEST: "The `Host` is not a name of this server.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "It breaks rules: the first 100 problems are listed, by path.",
    HTTPStatus.UPGRADE_REQUIRED: "The command line is too old for this server.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests, or too many wrong secrets: wait as `Retry-After` says.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "The headers are too large.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "A bug of ours; the message has an id to quote.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Down or too busy: try again after `Retry-After`.",
}
