"""Code that the version before generated works against this server, whose Space has what that version did not know.

The trees in tests/golden/before are what it generated; they stay as they are until the next version is the one before.
"""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from templates_server.features import demo
from templates_server.storage.tables import sessions
from tests.server.features.codegen.toolchain import compile_to_javascript, run_node, write_tree
from tests.servers import RunningServer

BEFORE = Path(__file__).parents[3] / "golden" / "before"
SPACE = "/v2/spaces/vod"
PRODUCTION = f"{SPACE}/environments/production"
SCRIPT = """
import { client, collections, session } from "./index.js";
const errors = [];
console.error = (...values) => errors.push(values.map(String).join(" "));
const [apiKey, host] = process.argv.slice(2);
Object.assign(client, { apiKey, host, waitTimeMsec: 20000, sessionLock: false });
const { header, body } = collections.homepage;
const seen = () => ({
  status: session.status,
  failure: session.failure,
  background: header.properties.background.value,
  items: body.items.map((item) => [item.kind, item.id, item.kind === "hero" ? item.properties.layout : null]),
  unknown: session.unknown,
  label: collections.onboarding.welcome.properties.label,
});
const all = [];
await session.start();
all.push(seen());
await session.end();
await session.start({ userId: "u1", fields: { campaign: "spring" } });
all.push(seen());
session.track("video/completed", { pair1: { key: "title", value: "Parasite" } });
header.track("not/modelled");
await session.flush();
await session.end();
process.stdout.write(JSON.stringify({ all, errors }));
"""
MODELLED = {
    "events": {
        "video/completed": {
            "metadata": {
                "genre": {"type": "select", "options": ["Drama"], "required": True},
                "title": {"type": "text"},
            }
        }
    },
    "fields": {"campaign": {"type": "text"}, "cart-total": {"type": "number"}},
}
TRIBES = {
    "everybody-by-share": {"filters": [{"share": {"salt": "spring", "from": 0, "to": 100}}]},
    "new-apps": {"filters": [{"attribute": "app.version", "operator": "version_at_least", "value": "2.3"}]},
    "watchers-of-long-films": {
        "filters": [
            {
                "event": "video/completed",
                "data": [{"path": ["film", "minutes"], "operator": "greater_than", "value": 90}],
            }
        ]
    },
}


@pytest.fixture(params=["typescript", "javascript"])
def code_of_before(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The tree of the version before, as Node runs it."""
    tree = write_tree(Path(shutil.copytree(BEFORE / request.param / "vod", tmp_path / "tree")), {})
    if request.param == "javascript":
        return tree
    return compile_to_javascript(tree, write_tree(tmp_path / "compiled", {}))


def document_of(client: httpx.Client, path: str) -> dict[str, Any]:
    """A document as it is stored."""
    [document] = client.get(path).raise_for_status().json()["data"]
    return dict(document)


def put(client: httpx.Client, path: str, document: dict[str, Any]) -> None:
    """Store it instead of the present one."""
    answer = client.put(path, json=document)
    assert answer.is_success, answer.text


def add_what_is_new(client: httpx.Client) -> None:
    """An option, a property, an experience and its item, events and fields, and tribes of every new kind, all shown."""
    model = document_of(client, f"{SPACE}/model")
    model["experiences"]["hero"]["properties"]["layout"]["options"].append("tall")
    model["experiences"]["hero"]["properties"]["badge"] = {"type": "text", "default": "New"}
    model["experiences"]["poll"] = {"properties": {"question": {"type": "text"}}}
    model["sections"]["homepage-body"]["supports"].append("poll")
    put(client, f"{SPACE}/model", model | MODELLED)
    tribes = document_of(client, f"{SPACE}/tribes")
    put(client, f"{SPACE}/tribes", tribes | {"tribes": tribes["tribes"] | TRIBES})
    delivery = document_of(client, f"{PRODUCTION}/delivery")
    body = delivery["scenarios"]["homepage.body"]["default"]
    hero = copy.deepcopy(body["items"][0])
    hero |= {"id": "tall", "properties": hero["properties"] | {"layout": "tall"}}
    body["items"] += [hero, {"id": "asked", "experience": "poll", "properties": {"question": "Which film?"}}]
    header = delivery["scenarios"]["homepage.header"]
    of_share = {"name": "All of a share", "tribes": ["everybody-by-share"]}
    header["targeted"].append(of_share | {"properties": {"background": {"value": "#123456", "opacity": 1}}})
    of_new_apps = {"name": "New apps", "tribes": ["new-apps", "watchers-of-long-films"]}
    delivery["scenarios"]["onboarding.welcome"]["targeted"].append(of_new_apps | {"properties": {"label": "New"}})
    put(client, f"{PRODUCTION}/delivery", delivery)


@pytest.mark.slow
def test_a_space_with_all_that_is_new_is_served_to_code_of_before(
    demo_server: tuple[RunningServer, demo.DemoFacts], code_of_before: Path
) -> None:
    server, facts = demo_server
    with server.client(Authorization=f"Bearer {facts.token}") as client:
        if "poll" not in document_of(client, f"{SPACE}/model")["experiences"]:
            add_what_is_new(client)
        seen = run_node(SCRIPT, code_of_before, facts.spaces["vod"]["production"], server.url)
        names = [event["name"] for event in client.get(f"{PRODUCTION}/events?user=u1").json()["data"]]
    unknown = ['homepage.body[3].layout: "tall"', 'homepage.body[4].experience: "poll"']
    items = [["hero", "tonight", "full-width"], ["carousel", "new-this-week", None], ["banner", "join", None]]
    for told, label in zip(seen["all"], ("Welcome", "Spring offer"), strict=True):
        assert (told["status"], told["failure"], told["background"]) == ("served", None, "#123456")
        assert told["items"] == [*items, ["hero", "tall", "full-width"]]
        assert (told["unknown"], told["label"]) == (unknown, label)
    assert len(seen["errors"]) == 1  # what could not be used, said once
    assert {*names} >= {"video/completed", "not/modelled"}
    query = select(sessions.c.unknown).where(sessions.c.unknown.is_not(None))
    stored = server.database.read_sync(lambda connection: connection.execute(query).scalars().all())
    assert stored  # the second start told what the first could not use
