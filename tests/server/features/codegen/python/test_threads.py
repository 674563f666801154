"""One process, many threads and people: each sees their own, each event is theirs, and nothing is left in the end."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from templates_server.features.codegen.renderer import render
from tests.conformance.published import PublishedSpace
from tests.server.features.codegen.python.tools import oldest_python, run, threads_left, write_package
from tests.server.features.codegen.reference_space import tracked_vod
from tests.servers import running_server

pytestmark = pytest.mark.slow

THREADS, PEOPLE = 64, 200
PROGRAM = """
import json, random, sys, threading
from concurrent.futures import ThreadPoolExecutor
import space

host, key, threads, people = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
lines, changes = [], []
vod = space.create_space(api_key=key, host=host, wait_time_msec=60_000, logger=lines.append)

def visit(number):
    person = f"person-{number}"
    session = vod.start(user_id=person, fields={"campaign": "spring" if number % 2 else "winter"})
    stop = session.on_change(lambda: changes.append(person))
    seen = []
    for turn in range(3):
        header = session.collections.homepage.header
        seen.append([header.properties.background.value, session.collections.onboarding.welcome.properties.label])
        header.track(space.Events.search_done(results=number))
        session.track(f"turn/of-{number}-{turn}")
        if turn == 1:
            session.start(user_id=person, fields={"campaign": "spring" if number % 2 else "winter"})
    stop()
    session.flush()  # a space keeps 1,000 events that wait
    snapshot = session.snapshot()
    return number, session.status, seen, snapshot and snapshot["person"]["userId"]

with ThreadPoolExecutor(threads) as pool:
    seen = list(pool.map(visit, range(people)))
vod.close()
for thread in threading.enumerate():
    if thread.name == "mtribes":
        thread.join(5)  # what waited for timers is about to end
left = [thread.name for thread in threading.enumerate() if thread.name == "mtribes"]
sys.stdout.write(json.dumps({"seen": seen, "left": left, "lines": lines}))
"""


def test_64_threads_serve_200_people_each_their_own(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "app", render(tracked_vod(), "python", {}))
    (folder / "program.py").write_text(PROGRAM, "utf-8")
    with running_server(tmp_path) as server:
        published = PublishedSpace(server)
        gold = [f"person-{number}" for number in range(0, PEOPLE, 4)]
        for person in gold:
            published.add_user(person, {"plan": "gold"})
        command = [oldest_python(), "-X", "dev", "program.py", server.url, published.key, str(THREADS), str(PEOPLE)]
        done = run(command, folder)
        assert done.returncode == 0, done.stderr
        events = published.stored_events()
    told: dict[str, Any] = json.loads(done.stdout)
    assert (told["left"], told["lines"]) == ([], [])
    for number, status, seen, person in told["seen"]:
        header = "#ffd700" if f"person-{number}" in gold else "#c9a227"
        label = "Spring offer" if number % 2 else "Come in"
        assert (status, person) == ("served", f"person-{number}")
        assert seen == [[header, label]] * 3, number
    assert len(events) == 6 * PEOPLE
    for event in events:
        whose = event["user"].removeprefix("person-")
        said = event["metadata"]["results"] if event["name"] == "search/done" else event["name"].split("-")[1]
        assert said == whose, event


def test_one_session_is_used_by_64_threads_at_once(package: Any, peer: Any) -> None:
    """Starts, reads, events, listeners and settings of all kinds at once: nothing raises, nothing waits for ever."""
    lines: list[str] = []
    space = package.create_space(api_key="pk_1", host=peer.url, logger=lines.append)
    session = space.new_session()
    session.on_change(lambda: session.collections.homepage.header.properties)
    deadline = time.monotonic() + 3

    def use(number: int) -> int:
        turns = 0
        while time.monotonic() < deadline:
            turns += 1
            match (number + turns) % 8:
                case 0:
                    session.start("u1")
                case 1:
                    session.track("item/clicked")
                case 2:
                    space.client.session_lock = number % 2 == 0
                case 3:
                    session.collections.homepage.header.on_change(lambda: session.status)()
                case 4:
                    session.snapshot()
                case 5 if turns % 20 == 0:
                    session.end()
                case 6:
                    space.start(f"u{number}")
                case _:
                    assert session.collections.homepage.body.items
        return turns

    with ThreadPoolExecutor(64) as pool:
        assert min(pool.map(use, range(64), timeout=60)) > 0
    space.close()
    assert threads_left() == []
    assert lines == []
