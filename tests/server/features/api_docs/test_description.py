"""`/openapi.json` and `/docs/api`: everything of the URL table is in them, and they are what they say they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from templates_server.features.api_docs.document import described
from templates_server.features.api_docs.responses import open_path, path_parameters
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.routes import ROUTES
from templates_server.security.authorization import ROLE_SCOPES, Role, Scope
from tests.servers import RunningServer

DOCUMENT: dict[str, Any] = json.loads(json.dumps(described(ROUTES, public_url="https://example.com/app", version="1")))
HTTP_METHODS = {"get", "post", "put", "patch", "delete"}
each_route = pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")


def operation(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][open_path(route)][route.method.lower()]
    return found


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def validator(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({**schema, "components": DOCUMENT["components"]})


def test_every_route_is_described_once_under_a_name_of_its_own() -> None:
    operations = [
        (method.upper(), path)
        for path, methods in DOCUMENT["paths"].items()
        for method in methods
        if method in HTTP_METHODS
    ]
    assert sorted(operations) == sorted((route.method, open_path(route)) for route in ROUTES)
    assert len({operation(route)["operationId"] for route in ROUTES}) == len(ROUTES)


def test_every_reference_leads_to_something_and_all_that_is_shared_is_used() -> None:
    used = set(references(DOCUMENT))
    for reference in used:
        _, kind, name = reference.removeprefix("#/").split("/")
        assert name in DOCUMENT["components"][kind], reference
    shared = {
        f"#/components/{kind}/{name}" for kind in ("schemas", "responses") for name in DOCUMENT["components"][kind]
    }
    assert shared == used


def test_every_schema_is_one() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


@each_route
def test_every_operation_has_what_a_reader_needs(route: Route) -> None:
    found = operation(route)
    assert found["summary"].endswith(".")
    in_path = [parameter["name"] for parameter in found["parameters"] if parameter["in"] == "path"]
    assert in_path == path_parameters(route)
    assert len({(parameter["in"], parameter["name"]) for parameter in found["parameters"]}) == len(found["parameters"])
    assert str(int(route.status)) in found["responses"]
    assert ("requestBody" in found) == (route.reads is not None)


@each_route
def test_bodies_of_samples_are_as_the_schema_says(route: Route) -> None:
    if route.example is None:
        assert route.reads is None or route.surface is Surface.PAGE, "give it an example"
        return
    media_type, content = next(iter(operation(route)["requestBody"]["content"].items()))
    lines = [json.loads(line) for line in route.example.splitlines()] if isinstance(route.example, str) else []
    schema = content["schema"].get("contentSchema", content["schema"])
    for body in lines or [route.example]:
        problems = [error.message for error in validator(schema).iter_errors(body)]
        assert problems == [], media_type


def test_a_route_of_the_platform_names_the_scope_and_the_roles_that_it_needs() -> None:
    assert DOCUMENT["paths"]["/v2/spaces/{space}"]["delete"]["security"] == [
        {"token": [Scope.SPACES_WRITE]},
        {"oauth": [Scope.SPACES_WRITE]},
    ]
    for route in ROUTES:
        if route.surface is Surface.PLATFORM and not route.is_open:
            needed = {str(route.scope)} if route.scope else set()
            assert all(set(scopes) == needed for way in operation(route)["security"] for scopes in way.values())
        if route.scope and route.role is None:
            assert operation(route)["x-roles"] == [role for role in Role if route.scope in ROLE_SCOPES[role]]
    assert DOCUMENT["paths"]["/api/client/sessions"]["post"]["security"] == [{"key": []}]


def test_addresses_begin_with_the_public_url() -> None:
    assert DOCUMENT["servers"] == [{"url": "https://example.com/app"}]
    flows = DOCUMENT["components"]["securitySchemes"]["oauth"]["flows"]
    assert flows["clientCredentials"]["tokenUrl"] == "https://example.com/app/oauth/token"


# Over HTTP


@pytest.mark.parametrize("path", ["/openapi.json", "/docs/api", "/docs/api/users"])
def test_nobody_needs_to_sign_in_and_who_has_it_is_told_so(server: RunningServer, path: str) -> None:
    with server.client() as client:
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
        other = client.get(path, headers={"If-None-Match": '"another"'})
    assert first.status_code == 200
    assert (again.status_code, again.content) == (304, b"")
    assert other.content == first.content
    assert "set-cookie" not in first.headers


def test_the_document_that_is_served_is_that_of_the_url_table(server: RunningServer) -> None:
    with server.client() as client:
        served = client.get("/openapi.json").json()
    assert served["paths"] == DOCUMENT["paths"]
    assert served["servers"] == [{"url": server.settings.public_url}]


REFERENCE = "/docs/api"


def pages_of_the_reference(server: RunningServer) -> dict[str, str]:
    """Every page of the reference by its address."""
    with server.client() as client:
        first = client.get(REFERENCE).text
        groups = sorted(set(re.findall(rf' href="({REFERENCE}/[a-z0-9.-]+)"', first)))
        return {REFERENCE: first, **{path: client.get(path).text for path in groups}}


def test_the_reference_has_every_route_and_every_type_once_and_its_links_lead_somewhere(server: RunningServer) -> None:
    pages = pages_of_the_reference(server)
    anchors = {path: re.findall(r' id="([^"]+)"', page) for path, page in pages.items()}
    for path, page in pages.items():
        assert len(anchors[path]) == len(set(anchors[path])), path
        links = re.findall(rf' href="((?:{REFERENCE}[^"#]*)?)#([^"]+)"', page)
        assert [link for link in links if link[1] not in anchors[link[0] or path]] == []
    everywhere = [anchor for each in anchors.values() for anchor in each]
    called = {operation(route)["operationId"] for route in ROUTES if route.surface is not Surface.PAGE}
    assert {name: everywhere.count(name) for name in called} == dict.fromkeys(called, 1)
    assert {f"type-{name}" for name in DOCUMENT["components"]["schemas"] if "Form" not in name} - set(everywhere) <= {
        "type-Configuration"
    }


def test_the_reference_needs_no_script_and_nothing_from_elsewhere(server: RunningServer) -> None:
    with server.client() as client:
        answers = [client.get(path) for path in (REFERENCE, f"{REFERENCE}/users", f"{REFERENCE}/types")]
    for answer in answers:
        assert not re.search(r"<script|\son\w+=|javascript:|<iframe|<style|\sstyle=", answer.text)
        sources = re.findall(r'(?:src|href)="([^"#][^"]*)"', answer.text)
        assert all(source.startswith("/") and not source.startswith("//") for source in sources)
        assert "script-src" not in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]


def test_the_types_and_every_group_are_on_pages_of_their_own(server: RunningServer) -> None:
    pages = pages_of_the_reference(server)
    assert len(pages) > 15
    assert max(len(page) for page in pages.values()) < 150_000
    with server.client() as client:
        assert client.get(f"{REFERENCE}/nothing").status_code == 404


CLOSED = ("SentModel", "SentDelivery", "SentTribes", "TribeDocument", "TribeExport", "EventExport", "AskedExplanation")


@pytest.mark.parametrize("name", CLOSED)
def test_what_is_refused_for_an_unknown_key_is_described_as_closed(name: str) -> None:
    schemas = DOCUMENT["components"]["schemas"]
    waiting, seen = [name], set[str]()
    while waiting:
        seen.add(each := waiting.pop())
        assert schemas[each].get("additionalProperties") is False, each
        found = {reference.rpartition("/")[2] for reference in references(schemas[each])}
        waiting += [other for other in found - seen if "properties" in schemas[other]]
    assert name != "SentDelivery" or "ItemDocument" in seen
