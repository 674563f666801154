"""What arrives beside the model of its Space: counted by the model of that moment, never refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.people import add_organization, add_person, add_space
from tests.servers import RunningServer

COMPLETED = {"metadata": {"genre": {"type": "select", "options": ["Drama"]}, "title": {"type": "text"}}}


class Place:
    """The production of a Space, and its app."""

    def __init__(self, server: RunningServer) -> None:
        person = add_person(server.database, add_organization(server.database))
        self.space = f"/v2/spaces/{add_space(server, person)}"
        self.reader: httpx.Client = person.client(server)
        path = f"{self.space}/environments/production"
        key = self.reader.post(f"{path}/keys", json={"name": "tests"}).json()["data"][0]["key"]
        self.app = server.client(Authorization=f"Bearer {key}")

    def model(self, **events: Any) -> None:
        document = {"events": {name.replace("_", "/"): event for name, event in events.items()}}
        answer = self.reader.put(f"{self.space}/model", json=document, headers={"If-Match": "*"})
        assert answer.status_code == 200, answer.text

    def send(self, name: str, **metadata: str) -> None:
        pairs = [{"key": key, "value": value} for key, value in metadata.items()]
        event = {"name": name, "anonymous_id": "v", "metadata": pairs}
        assert self.app.post("/api/client/events", json=[event]).status_code == 204

    def told(self) -> dict[str, tuple[int, bool, int]]:
        answer = self.reader.get(f"{self.space}/environments/production/event-names")
        return {one["name"]: (one["events"], one["modelled"], one["differing"]) for one in answer.json()["data"]}


@pytest.fixture
def place(server: RunningServer) -> Iterator[Place]:
    found = Place(server)
    yield found
    found.reader.close()
    found.app.close()


def test_what_differs_from_the_model_is_stored_and_counted(place: Place) -> None:
    place.model(video_completed=COMPLETED)
    place.send("video/completed", title="Parasite", genre="Drama")
    place.send("video/completed", genre="drama")
    place.send("video/completed", titel="Parasite")
    place.send("video/complete", title="Parasite")
    assert place.told() == {"video/complete": (1, False, 0), "video/completed": (3, True, 2)}


def test_the_model_of_the_moment_counts_and_the_present_one_says_what_is_modelled(place: Place) -> None:
    place.send("video/completed", director="Bong")
    assert place.told() == {"video/completed": (1, False, 0)}
    place.model(video_completed=COMPLETED)
    place.send("video/completed", director="Bong")
    assert place.told() == {"video/completed": (2, True, 1)}
    place.model(video_completed={"metadata": {"director": {"type": "text", "required": True}}})
    place.send("video/completed", director="Bong")
    place.send("video/completed")
    assert place.told() == {"video/completed": (4, True, 2)}
    place.model()
    assert place.told() == {"video/completed": (4, False, 2)}
