"""The routes of the demo app: each path, its access rule, its input and its response."""

from __future__ import annotations

from templates_server.errors import NotFound
from templates_server.features.demo.app import api as demo_app
from templates_server.features.demo.schemas import Configuration
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import HTML, JAVASCRIPT, BodyDocs

ROUTES = (
    Route(
        "GET",
        "/demo",
        demo_app.show_app,
        Surface.PAGE,
        "Show the demo app. Available on demo servers only.",
        refuses=(NotFound,),
    ),
    Route(
        "GET",
        "/demo/configuration.json",
        demo_app.show_configuration,
        Surface.PAGE,
        "Get the keys that the app uses.",
        gives=Configuration,
        refuses=(NotFound,),
    ),
    Route(
        "GET",
        "/demo/code",
        demo_app.show_code,
        Surface.PAGE,
        "Show the generated code of the app in the first language.",
        gives=BodyDocs(bytes, (HTML,)),
        refuses=(NotFound,),
    ),
    Route(
        "GET",
        "/demo/code/{language}",
        demo_app.show_code,
        Surface.PAGE,
        "Show the generated code of the app in a language.",
        gives=BodyDocs(bytes, (HTML,)),
    ),
    Route(
        "GET",
        "/demo/code/{language}/{file*}",
        demo_app.show_code,
        Surface.PAGE,
        "Show a generated file of the app.",
        gives=BodyDocs(bytes, (HTML,)),
    ),
    Route(
        "GET",
        "/demo/{name}",
        demo_app.show_file,
        Surface.PAGE,
        "Get a file of the app.",
        gives=BodyDocs(bytes, (HTML, "text/css", JAVASCRIPT)),
    ),
    Route(
        "GET",
        "/demo/mtspace/vod/{file*}",
        demo_app.show_generated_file,
        Surface.PAGE,
        "Get the generated JavaScript of the app.",
        gives=BodyDocs(bytes, (JAVASCRIPT,)),
    ),
)
