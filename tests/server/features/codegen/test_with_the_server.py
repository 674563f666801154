"""Generated code, as the server hands it out, in conversation with that server."""

from __future__ import annotations

from pathlib import Path

from templates_server.features import demo
from tests.server.features.codegen.toolchain import run_node, write_tree
from tests.servers import RunningServer

SCRIPT = """
import { client, collections, session } from "./index.js";
const errors = [];
console.error = (...values) => errors.push(values.map(String).join(" "));
const statuses = [];
client.fetch = async (url, options) => {
  const answer = await fetch(url, options);
  statuses.push([new URL(url).pathname, answer.status]);
  return answer;
};
[client.apiKey] = process.argv.slice(2);
client.waitTimeMsec = 20000;
const before = [collections.homepage.header.properties, collections.homepage.body.items.map(({ id }) => id)];
await session.start({ userId: "u1", fields: { campaign: "spring" } });
const after = [collections.homepage.header.properties, collections.homepage.body.items.map(({ id }) => id)];
session.track("app/opened", { pair1: { key: "from", value: "test" } });
collections.homepage.body.items[0].track("hero/seen");
await session.flush();
const { status, failure } = session;
process.stdout.write(JSON.stringify({ before, after, status, failure, statuses, errors }));
"""


def test_a_session_is_served_and_events_are_stored(
    demo_server: tuple[RunningServer, demo.DemoFacts], tmp_path: Path
) -> None:
    server, facts = demo_server
    with server.client(Authorization=f"Bearer {facts.token}") as client:
        wanted = {"targets": [{"language": "javascript", "options": {"host": server.url}}]}
        answer = client.post("/v2/spaces/vod/code", json=wanted).raise_for_status().json()
    files = {file["path"]: file["content"] for file in answer["data"][0]["targets"][0]["files"]}
    seen = run_node(SCRIPT, write_tree(tmp_path, files), facts.spaces["vod"]["production"])
    assert (seen["status"], seen["failure"], seen["errors"]) == ("served", None, [])
    assert seen["statuses"] == [["/api/client/sessions", 200], ["/api/client/events", 204]]
    assert seen["after"] == seen["before"]  # for no tribe of this user: the defaults of production
    assert seen["after"][1] == ["tonight", "new-this-week", "join"]
