"""The model of a Space over HTTP: reading, replacing, comparing, on both databases."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.people import Person, add_organization, add_person, add_space
from tests.servers import RunningServer

VOD = {
    "name": "VOD store",
    "experiences": {
        "hero": {"properties": {"title": {"type": "text", "default": "Hi"}, "source": {"type": "image"}}},
        "banner": {"name": "Banner", "properties": {"label": {"type": "text"}}},
    },
    "sections": {"body": {"supports": ["hero", "banner"]}},
    "collections": {"homepage": {"children": {"body": {"section": "body"}, "top": {"experience": "banner"}}}},
}


@pytest.fixture(scope="module")
def person(server: RunningServer) -> Person:
    return add_person(server.database, add_organization(server.database))


@pytest.fixture
def space(server: RunningServer, person: Person) -> str:
    return add_space(server, person)


def put(client: httpx.Client, space: str, document: Any, **headers: str) -> httpx.Response:
    return client.put(f"/v2/spaces/{space}/model", json=document, headers=headers)


def test_a_new_space_has_an_empty_model_at_revision_0(server: RunningServer, person: Person, space: str) -> None:
    with person.client(server) as client:
        answer = client.get(f"/v2/spaces/{space}/model")
    assert (answer.status_code, answer.headers["etag"]) == (200, '"0"')
    empty = {"space": space, "name": space, "revision": 0, "experiences": {}, "sections": {}, "collections": {}}
    assert answer.json() == {"data": [empty], "dataType": "model", "errors": None}


def test_what_was_put_is_read_back_with_its_revision(server: RunningServer, person: Person, space: str) -> None:
    with person.client(server) as client:
        stored = put(client, space, VOD)
        read = client.get(f"/v2/spaces/{space}/model")
    assert stored.json()["data"][0]["revision"] == 1
    assert stored.json()["data"][0]["changed"] is True
    model = read.json()["data"][0]
    assert (model["space"], model["name"], model["revision"]) == (space, "VOD store", 1)
    assert model["experiences"]["hero"]["properties"]["title"] == {"type": "text", "default": "Hi"}
    assert model["sections"] == {"body": {"supports": ["banner", "hero"]}}
