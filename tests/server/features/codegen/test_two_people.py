"""Two people on one device, one after the other, with the runtime that apps have: each to their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from templates_server.features import demo
from tests.server.features.codegen.toolchain import run_node, write_tree
from tests.servers import RunningServer

SCRIPT = """
import { client, collections, session } from "./index.js";
const [key] = process.argv.slice(2);
globalThis.document = {}; // one device, on which one person follows the other
const kept = new Map();
client.storage = { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => void kept.set(name, value) };
client.apiKey = key;
client.waitTimeMsec = 20000;
const device = () => JSON.parse([...kept.values()][0]).id;
const football = () => session.track("video/completed", { pair1: { key: "genre", value: "Football" } });
const seen = [];
async function person(options, videos) {
  await session.start(options);
  const { header, body } = collections.homepage;
  seen.push({
    status: session.status,
    header: header.properties.background.value,
    first: body.items[0].id,
    welcome: collections.onboarding.welcome.properties.label,
    device: device(),
  });
  for (let video = 0; video < videos; video += 1) football();
  session.track(`seen/by-${options.userId ?? "a-visitor"}`);
  await session.flush();
}
await person({ fields: { campaign: "spring" } }, 2);
await person({ userId: "bjork" }, 1);
await person({ userId: "bjork" }, 0);
await person({}, 2);
await person({ userId: "casey" }, 0);
await person({}, 0);
process.stdout.write(JSON.stringify(seen));
"""
PURPLE, GOLD = "#6f58c4", "#c9a227"


def names_of(everything: dict[str, Any]) -> list[str]:
    return sorted(event["name"] for event in everything["events"])


def test_each_sees_and_leaves_only_their_own(demo_server: tuple[RunningServer, demo.DemoFacts], tmp_path: Path) -> None:
    server, facts = demo_server
    with server.client(Authorization=f"Bearer {facts.token}") as client:
        wanted = {"targets": [{"language": "javascript", "options": {"host": server.url}}]}
        answer = client.post("/v2/spaces/vod/code", json=wanted).raise_for_status().json()
        files = {file["path"]: file["content"] for file in answer["data"][0]["targets"][0]["files"]}
        seen = run_node(SCRIPT, write_tree(tmp_path, files), facts.spaces["vod"]["production"])
        people = {
            user: client.get(f"/v2/spaces/vod/environments/production/users/{user}/everything").json()["data"][0]
            for user in ("bjork", "casey")
        }
    assert {each["status"] for each in seen} == {"served"}
    shown = [(each["header"], each["first"], each["welcome"]) for each in seen]
    assert shown == [
        (PURPLE, "tonight", "Spring offer"),  # a visitor, by the campaign
        (GOLD, "tonight", "Welcome"),  # Björk: a gold member; two of her videos she watched as that visitor
        (GOLD, "derby", "Welcome"),  # and a third one
        (PURPLE, "tonight", "Welcome"),  # signed out: nobody known, and no football fan
        (PURPLE, "tonight", "Welcome"),  # Casey, with the two videos from just before
        (PURPLE, "tonight", "Welcome"),  # signed out
    ]
    devices = [each["device"] for each in seen]
    assert devices[0] == devices[1] == devices[2]
    assert devices[3] == devices[4]
    assert len({devices[0], devices[3], devices[5]}) == 3
    assert names_of(people["bjork"]) == sorted(["seen/by-a-visitor", *["seen/by-bjork"] * 2, *["video/completed"] * 3])
    assert names_of(people["casey"]) == sorted(["seen/by-a-visitor", "seen/by-casey", *["video/completed"] * 2])
    assert [len(people[user]["sessions"]) for user in ("bjork", "casey")] == [3, 2]
