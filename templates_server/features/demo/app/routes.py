"""The demo app: every path, who may use it, what it reads and gives."""

from __future__ import annotations

from templates_server.errors import NotFound
from templates_server.features.demo.app import api as demo_app
from templates_server.features.demo.schemas import Configuration
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import HTML, JAVASCRIPT, Body

ROUTES = (
    Route(
        "GET",
        "/demo",
        demo_app.show_app,
        Surface.PAGE,
        "An app on generated code; on a demo server alone.",
        refuses=(NotFound,),
    ),
    Route(
        "GET",
        "/demo/configuration.json",
        demo_app.show_configuration,
        Surface.PAGE,
        "The keys that the app uses.",
        gives=Configuration,
        refuses=(NotFound,),
    ),
    Route(
        "GET",
        "/demo/code",
        demo_app.show_code,
        Surface.PAGE,
        "The code that is generated for the app, in the first of the languages.",
        gives=Body(bytes, (HTML,)),
        refuses=(NotFound,),
    ),
    Route(
        "GET",
        "/demo/code/{language}",
        demo_app.show_code,
        Surface.PAGE,
        "The same in that language.",
        gives=Body(bytes, (HTML,)),
    ),
    Route(
        "GET",
        "/demo/code/{language}/{file*}",
        demo_app.show_code,
        Surface.PAGE,
        "A file of it.",
        gives=Body(bytes, (HTML,)),
    ),
    Route(
        "GET",
        "/demo/{name}",
        demo_app.show_file,
        Surface.PAGE,
        "A file of the app.",
        gives=Body(bytes, (HTML, "text/css", JAVASCRIPT)),
    ),
    Route(
        "GET",
        "/demo/mtspace/vod/{file*}",
        demo_app.show_generated_file,
        Surface.PAGE,
        "The JavaScript that is generated for the app.",
        gives=Body(bytes, (JAVASCRIPT,)),
    ),
)
