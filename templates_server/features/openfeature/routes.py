"""Flags by OpenFeature's remote evaluation protocol: every path, who may use it, what it reads and gives."""

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
    Body,
    Header,
    Parameter,
)

FLAG_CONFIG_ETAG = Parameter(
    "flagConfigEtag", str, "The `etag` of the event that made the client ask: the answer is at least as new."
)
FLAG_CONFIG_LAST_MODIFIED = Parameter(
    "flagConfigLastModified",
    Annotated[int, Meta(ge=0)] | Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")],
    "The `lastModified` of that event: seconds since 1970, or a time as in RFC 3339.",
)
STREAM_TOKEN = Parameter(
    "token", str, "What opens the stream, for some minutes.", required=True, example="$STREAM_TOKEN"
)
STREAM_WAIT = Parameter(
    "wait",
    Annotated[int, Meta(ge=0, le=flag_streams.MAX_WAIT_SECONDS)],
    "After how many seconds the stream ends; unless said it lasts.",
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
        "Every flag, for one person, and where changes are told. Nothing is stored.",
        reads=Body(SentEvaluation),
        gives=BulkEvaluation,
        takes=(IF_NONE_MATCH, FLAG_CONFIG_ETAG, FLAG_CONFIG_LAST_MODIFIED),
        sends=(Header("ETag", "Of these flags for this person, as an entity tag."),),
        example=QUESTION,
        find_asker=ofrep.app_of,
    ),
    Route(
        "POST",
        "/ofrep/v1/evaluate/flags/{flag*}",
        ofrep.evaluate_one,
        Surface.OFREP,
        "One flag, for one person. Nothing is stored.",
        reads=Body(SentEvaluation),
        gives=Evaluation,
        example=QUESTION,
        find_asker=ofrep.app_of,
    ),
    Route(
        "GET",
        ofrep.STREAM_PATH,
        flag_streams.follow_flags,
        Surface.OFREP,
        "That flags may have changed: server-sent events (`event: message`), after each of which a client asks anew. "
        "Clients take the whole URL from the answer with all flags.",
        gives=Body(bytes, (EVENT_STREAM,)),
        refuses=(Unauthenticated,),
        takes=(STREAM_TOKEN, STREAM_WAIT, LAST_EVENT_ID),
        sends=(X_ACCEL_BUFFERING,),
        is_open=True,
        find_asker=flag_streams.app_of,
    ),
)
