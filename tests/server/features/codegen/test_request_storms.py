"""Whatever a server answers, and whatever becomes of the page, nobody is asked more often than is good."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from tests.server.features.codegen.virtual_time import in_virtual_time

MINUTES = 20
MOST_SESSIONS_A_MINUTE = 20
CHANCE = """
import { createSpace } from "./index.js";

let seed = Number(process.argv[2]);
const chance = () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
};
const one = (list) => list[Math.floor(chance() * list.length)];
clock.random = chance;
let revision = 1;
const states = { "homepage.header": { enabled: true, properties: { sticky: false } } };
const served = (more) => JSON.stringify({ session: "ses_1", revision: String(revision), states, ...more });
const news = () => ({ status: 200, text: served({ revision: String(++revision) }) });
const NO_STATES = ["null", "[]", "{", '{"revision":null,"states":[]}', '{"states":{}}', served({ session: null })];
const TEXTS = ["", "<html>sign in</html>", ...NO_STATES];
const NO_TIMES = ["0", "-5", "soon", "NaN", "Wed, 21 Oct 2015 07:28:00 GMT"];
const RETRY_AFTER = [null, null, null, "1", "20", ...NO_TIMES];
const REFUSALS = [400, 401, 403, 404, 404, 404, 408, 409, 410, 422, 429];
const failing = (status) => ({ status, text: one(TEXTS), retryAfter: one(RETRY_AFTER) });
const ANSWERS = [
  () => ({ status: 0 }),
  () => ({ status: 204 }),
  () => ({ status: 200, text: one(TEXTS) }),
  () => ({ status: 200, text: served() }),
  () => ({ status: 200, text: served({ revision: String(revision - 1) }) }),
  news,
  () => failing(one([301, 302, 304, 307, 100, 600, NaN])),
  () => failing(one(REFUSALS)),
  () => failing(one([500, 501, 502, 503, 503, 504])),
];
const look = (kind) => ({ asked: asked(kind), answered: answered(kind) });
const report = () => {
  const { status, failure } = vod.session;
  print({ changes: look("changes"), sessions: look("sessions"), status, failure });
  process.exit(0);
};
"""
FOLLOW = """
const vod = createSpace({ apiKey: "pk_test", host: "http://server.test", sessionLock: false });
vod.client.fetch = answering((request) => answer(request));
void vod.session.start({ userId: "u1" });
"""


def most_a_minute(times: list[float]) -> int:
    """How many there are in the minute that has most."""
    return max((sum(at <= other < at + 60 for other in times) for at in times), default=0)


def shortest_gap(times: list[float]) -> float:
    return round(min((later - sooner for sooner, later in itertools.pairwise(times)), default=60), 3)


def expect_no_storm(seen: Any, sessions: int = MOST_SESSIONS_A_MINUTE) -> None:
    assert most_a_minute(seen["changes"]["asked"]) <= 60
    assert most_a_minute(seen["sessions"]["asked"]) <= sessions
    assert shortest_gap(seen["changes"]["asked"]) >= 1
    assert shortest_gap(seen["changes"]["answered"]) >= 1
    # Only a session that was lost right after its start begins anew within the second.
    assert shortest_gap(seen["sessions"]["asked"][1:]) >= 1


@pytest.mark.parametrize("seed", range(3))
def test_no_answers_at_random_make_a_storm(javascript: Path, seed: int) -> None:
    script = f"""
    let answer = () => one(ANSWERS)();
    {FOLLOW}
    await pass({MINUTES * 60});
    answer = ({{ kind }}) => ({{ status: 200, text: served(), after: kind === "changes" ? 20 : 0 }});
    await pass(600);
    report();
    """
    seen = in_virtual_time(CHANCE + script, javascript, str(seed))
    expect_no_storm(seen)
    assert len(seen["changes"]["asked"]) > MINUTES
    assert (seen["status"], seen["failure"]) == ("served", None)


def test_no_page_that_comes_and_goes_and_no_network_either_makes_a_storm(javascript: Path) -> None:
    script = f"""
    const answer = () => ({{ ...one(ANSWERS)(), after: one([0, 0, 5]) }});
    {FOLLOW}
    for (let at = 0; at < {MINUTES} * 300; at += 1) {{
      await pass(0.2);
      if (chance() < 0.5) become(one(["hidden", "visible"]));
      else tell(one(["online", "pagehide", "pageshow", "freeze", "resume"]));
    }}
    report();
    """
    seen = in_virtual_time(CHANCE + script, javascript, "7")
    expect_no_storm(seen, sessions=60)  # the network is back all the time
    assert len(seen["changes"]["asked"]) > MINUTES


STUBBORN = {
    "nothing-new": "{ status: 204 }",
    "the-same-again": "{ status: 200, text: served() }",
    "not-found": "{ status: 404 }",
    "not-found-by-turns": 'asked("changes").length % 2 ? { status: 404 } : news()',
    "come-back-at-once": '{ status: 503, retryAfter: "0" }',
    "come-back-before": '{ status: 429, retryAfter: "-60" }',
    "web-page": '{ status: 200, text: "<html>" }',
}
MOST_IN_HALF_AN_HOUR = {"not-found-by-turns": 700, "nothing-new": 120, "the-same-again": 120}


@pytest.mark.parametrize("answer", STUBBORN)
def test_a_server_that_tells_every_follower_the_same_at_once_is_asked_ever_more_rarely(
    javascript: Path, answer: str
) -> None:
    script = f"""
    const answer = ({{ kind }}) => (kind === "changes" ? {STUBBORN[answer]} : {{ status: 200, text: served() }});
    {FOLLOW}
    await pass(1800);
    report();
    """
    seen = in_virtual_time(CHANCE + script, javascript, "1")
    expect_no_storm(seen)
    assert 5 <= len(seen["changes"]["asked"] + seen["sessions"]["asked"]) <= MOST_IN_HALF_AN_HOUR.get(answer, 25)


@pytest.mark.parametrize(
    "answer", ["{ status: 204 }", "{ status: 200, text: served({ session: null }) }", "{ status: 404 }"]
)
def test_a_server_that_begins_no_session_is_asked_ever_more_rarely(javascript: Path, answer: str) -> None:
    seen = in_virtual_time(
        CHANCE + f"const answer = () => ({answer}); {FOLLOW} await pass(1800); report();", javascript, "1"
    )
    expect_no_storm(seen)
    assert 5 <= len(seen["sessions"]["asked"]) <= 20


@pytest.mark.parametrize("retry_after", ["1e99", "Infinity", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_nobody_stays_away_longer_than_an_hour(javascript: Path, retry_after: str) -> None:
    script = f"""
    const answer = () => ({{ status: 503, retryAfter: {retry_after!r} }});
    {FOLLOW}
    await pass(4000);
    report();
    """
    assert in_virtual_time(CHANCE + script, javascript, "1")["sessions"]["asked"] == [0, 3600]


def test_one_that_always_has_something_new_is_asked_once_a_second(javascript: Path) -> None:
    script = f"""
    const answer = news;
    {FOLLOW}
    await pass(60);
    report();
    """
    seen = in_virtual_time(CHANCE + script, javascript, "1")
    expect_no_storm(seen)
    assert len(seen["changes"]["asked"]) in {60, 61}


@pytest.mark.parametrize("most", [1, 2, 30])
def test_events_in_batches_that_are_too_large_are_sent_in_little_more_requests_than_it_takes(
    javascript: Path, most: int
) -> None:
    script = f"""
    const vod = createSpace({{ apiKey: "pk_test", host: "http://server.test" }});
    const taken = new Set();
    vod.client.fetch = answering(({{ kind, body }}) => {{
      if (kind !== "events") return {{ status: 200, text: served() }};
      if (body.length > {most}) return {{ status: 413, text: "<html>" }};
      body.forEach(({{ id }}) => taken.add(id));
      return {{ status: 204 }};
    }});
    void vod.session.start();
    for (let at = 0; at < 300; at += 1) vod.session.track("a/b");
    await pass(60);
    print({{ taken: taken.size, requests: of("events").length }});
    """
    seen = in_virtual_time(CHANCE + script, javascript, "1")
    assert seen["taken"] == 300
    assert seen["requests"] <= 2 * 300 / most + 20
