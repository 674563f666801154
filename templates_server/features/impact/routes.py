"""Impact: every path, who may use it, what it reads and gives."""

from __future__ import annotations

from templates_server.errors import Conflict, TooManyRequests
from templates_server.features.impact import api as impact
from templates_server.features.impact.schemas import Impact, SentDeliveryImpact, SentTribesImpact
from templates_server.http.paths import ENVIRONMENT, SPACE
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import document
from templates_server.security.authorization import Scope
from templates_server.settings import DOCUMENT_MAX_BYTES

MAX_BODY_BYTES = 2 * DOCUMENT_MAX_BYTES  # a document as a text has its line feeds and quotes escaped

ROUTES = (
    Route(
        "POST",
        f"{ENVIRONMENT}/delivery/impact",
        impact.of_delivery,
        Surface.PLATFORM,
        "Compute which people would get other scenarios if a delivery was pushed, among those seen in 30 days. Nothing "
        "is stored. Also requires `users:read`. One computation at a time per environment, of at most 5 seconds: "
        "beyond that, a random sample of people is evaluated.",
        scope=Scope.SPACES_WRITE,
        reads=document(SentDeliveryImpact),
        gives=Impact,
        refuses=(TooManyRequests,),
        example={"document": {"published": ["homepage"]}},
        max_body_bytes=MAX_BODY_BYTES,
    ),
    Route(
        "POST",
        f"{SPACE}/tribes/impact",
        impact.of_tribes,
        Surface.PLATFORM,
        "Compute which people would get other scenarios if the tribes of a Space were replaced, in each environment, "
        "among those seen in 30 days. Nothing is stored. Also requires `users:read`.",
        scope=Scope.TRIBES_WRITE,
        reads=document(SentTribesImpact),
        gives=Impact,
        refuses=(Conflict, TooManyRequests),
        example={"document": {"tribes": {}}},
        path_examples={"space": "radio"},
        max_body_bytes=MAX_BODY_BYTES,
    ),
)
