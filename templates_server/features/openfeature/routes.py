"""The routes of OpenFeature's remote evaluation protocol: each path, its access rule, its input and its response."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from templates_server.errors import Unauthenticated
from templates_server.features.openfeature import api as ofrep
from templates_server.features.openfeature.schemas import BulkEvaluation, Evaluation, SentEvaluation
from templates_server.features.openfeature.streams import api as flag_streams
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import (
    EVENT_STREAM,
    IF_NONE_MATCH,
    LAST_EVENT_ID,
    X_ACCEL_BUFFERING,
    BodyDocs,
    HeaderDocs,
    ParameterDocs,
)

FLAG_CONFIG_ETAG = ParameterDocs(
    "flagConfigEtag", str, "The `etag` of the event that triggered the request. The response is at least as recent."
)
FLAG_CONFIG_LAST_MODIFIED = ParameterDocs(
    "flagConfigLastModified",
    Annotated[int, Meta(ge=0)] | Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")],
    "The `lastModified` of that event, in Unix seconds or as an RFC 3339 time.",
)
STREAM_TOKEN = ParameterDocs(
    "token", str, "Token for the stream, valid for a few minutes.", required=True, example="$STREAM_TOKEN"
)
STREAM_WAIT = ParameterDocs(
    "wait",
    Annotated[int, Meta(ge=0, le=flag_streams.MAX_WAIT_SECONDS)],
    "Seconds after which the stream ends (default: unlimited).",
    example=0,
    in_samples=True,
)
QUESTION = {"context": {"targetingKey": "ada", "campaign": "spring"}}


ROUTES = (
    Route(
        "POST",
        "/ofrep/v1/evaluate/flags",
        ofrep.evaluate_all,
        Surface.OFREP,
        "Evaluate all flags for one person. The response has the URL of the change stream. Nothing is stored.",
        reads=BodyDocs(SentEvaluation),
        gives=BulkEvaluation,
        takes=(IF_NONE_MATCH, FLAG_CONFIG_ETAG, FLAG_CONFIG_LAST_MODIFIED),
        sends=(HeaderDocs("ETag", "Entity tag of these flags for this person."),),
        example=QUESTION,
        find_asker=ofrep.app_of,
    ),
    Route(
        "POST",
        "/ofrep/v1/evaluate/flags/{flag*}",
        ofrep.evaluate_one,
        Surface.OFREP,
        "Evaluate one flag for one person. Nothing is stored.",
        reads=BodyDocs(SentEvaluation),
        gives=Evaluation,
        example=QUESTION,
        find_asker=ofrep.app_of,
    ),
    Route(
        "GET",
        ofrep.STREAM_PATH,
        flag_streams.follow_flags,
        Surface.OFREP,
        "Stream flag changes as server-sent events (`event: message`); clients evaluate the flags again after each "
        "one. The URL is in the response with all flags.",
        gives=BodyDocs(bytes, (EVENT_STREAM,)),
        refuses=(Unauthenticated,),
        takes=(STREAM_TOKEN, STREAM_WAIT, LAST_EVENT_ID),
        sends=(X_ACCEL_BUFFERING,),
        is_open=True,
        find_asker=flag_streams.app_of,
    ),
)
