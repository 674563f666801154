"""What Python's runtime has of its own: calls that wait, threads, executors, files, and the end of a program."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from templates_server.features.codegen.python.runtime.reading import number_text
from templates_server.features.codegen.renderer import render
from tests.server.features.codegen.client_api_peer import STARTED, ApiResult, ClientApiPeer, session_answer
from tests.server.features.codegen.python.tools import run_python, threads_left, write_package
from tests.server.features.codegen.reference_space import vod

pytestmark = pytest.mark.slow

FAILING = ApiResult(status=503, body={})


def test_start_waits_for_the_answer_and_no_longer_than_it_should(package: Any, peer: ClientApiPeer) -> None:
    with package.create_space(api_key="pk_1", host=peer.url) as space:
        assert space.start("u1").status == "served"
        peer.answers["/sessions"] = [ApiResult(body=session_answer(), wait_seconds=0.6)]
        space.client.wait_time_msec = 100
        began = time.monotonic()
        session = space.start("u2")
        assert time.monotonic() - began < 0.5
        assert (session.status, session.failure) == ("fallback", "timeout")
        late = threading.Event()
        session.on_change(late.set)
        assert late.wait(5)
        assert session.status == "served"


def test_start_does_not_block_an_event_loop(package: Any, peer: ClientApiPeer) -> None:
    peer.answers["/sessions"] = [ApiResult(body=session_answer(), wait_seconds=0.3)]

    async def serve() -> list[str]:
        async with package.create_space(api_key="pk_1", host=peer.url) as space:
            began = time.monotonic()
            sessions = await asyncio.gather(*(space.start_async(f"u{number}") for number in range(20)))
            assert time.monotonic() - began < 3
            sessions[0].track("item/clicked")
            await sessions[0].flush_async()
            return [session.status for session in sessions]

    assert asyncio.run(serve()) == ["served"] * 20
    assert len(peer.bodies("/events")) == 1


def test_a_start_that_nobody_awaits_any_more_leaves_others_alone(package: Any, peer: ClientApiPeer) -> None:
    peer.answers["/sessions"] = [ApiResult(body=session_answer(), wait_seconds=0.2), STARTED]

    async def cancel() -> str:
        space = package.create_space(api_key="pk_1", host=peer.url)
        session = space.new_session()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(session.start_async("u1"), 0.05)
        await asyncio.sleep(0.5)
        await space.close_async()
        return str(session.status)

    assert asyncio.run(cancel()) == "served"


def test_a_listener_may_start_and_wait_and_others_are_told_once(package: Any, peer: ClientApiPeer) -> None:
    with package.create_space(api_key="pk_1", host=peer.url) as space:
        session, told = space.new_session(), []
        header = session.collections.homepage.header

        def again() -> None:
            stop()
            session.start("u2")

        stop = header.on_change(again)
        header.on_change(lambda: told.append(header.properties.sticky))
        session.start("u1")
        deadline = time.monotonic() + 5
        while not told and time.monotonic() < deadline:
            time.sleep(0.01)
        assert (told, session.status) == ([False], "served")


def test_listeners_are_called_where_the_app_says(package: Any, peer: ClientApiPeer) -> None:
    with ThreadPoolExecutor(1, "of-the-app") as pool:
        space = package.create_space(api_key="pk_1", host=peer.url, executor=pool)
        session, names = space.new_session(), []
        session.on_change(lambda: names.append(threading.current_thread().name))
        session.start("u1")
        space.close()
    assert names
    assert all(name.startswith("of-the-app") for name in names)


def test_an_executor_that_was_shut_down_loses_no_listener(package: Any, peer: ClientApiPeer) -> None:
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    with package.create_space(api_key="pk_1", host=peer.url, executor=pool) as space:
        session, told = space.new_session(), []
        session.on_change(lambda: told.append(session.status))
        session.start("u1")
    assert told[-1:] == ["served"]


def test_close_cuts_what_is_under_way_and_leaves_no_thread(package: Any, peer: ClientApiPeer) -> None:
    peer.answers["/sessions"] = [ApiResult(body=session_answer(), wait_seconds=3)]
    space = package.create_space(api_key="pk_1", host=peer.url, wait_time_msec=50)
    session = space.start("u1")
    session.track("item/clicked")
    began = time.monotonic()
    space.close()
    assert time.monotonic() - began < 2
    assert threads_left() == []
    assert len(peer.bodies("/events")) == 1


def test_close_finishes_without_a_network(package: Any) -> None:
    lines: list[str] = []
    space = package.create_space(api_key="pk_1", host="http://127.0.0.1:9", logger=lines.append)
    space.start("u1").track("item/clicked")
    space.close()
    assert lines == ["events not sent: 1"]
    assert threads_left() == []


def test_a_session_that_the_app_let_go_of_is_not_tried_again(package: Any, peer: ClientApiPeer) -> None:
    peer.answers["/sessions"] = [FAILING]
    with package.create_space(api_key="pk_1", host=peer.url) as space:
        assert space.start("u1").failure == "server"
        kept = space.start("u2")
        gc.collect()
        time.sleep(1.5)
        people = [body["external_id"] for body in peer.bodies("/sessions")]
        assert people[:2] == ["u1", "u2"]
        assert set(people[2:]) == {"u2"}, kept


def test_people_of_one_space_share_nothing(package: Any, peer: ClientApiPeer) -> None:
    with package.create_space(api_key="pk_1", host=peer.url) as space:
        one, two = space.start(), space.start()
        one.end()
        assert (one.status, two.status) == ("idle", "served")
    first, second = (body["anonymous_id"] for body in peer.bodies("/sessions"))
    assert first != second


def test_a_storage_of_their_own_keeps_who_a_visitor_is(package: Any, peer: ClientApiPeer, tmp_path: Path) -> None:
    with package.create_space(api_key="pk_1", host=peer.url) as space:
        for folder in ("ann", "ann", "bob"):
            space.start(storage=package.FileStorage(tmp_path / folder))
    ids = [body["anonymous_id"] for body in peer.bodies("/sessions")]
    assert ids[0] == ids[1] != ids[2]


def test_files_are_replaced_as_a_whole_and_may_be_missing(package: Any, tmp_path: Path) -> None:
    storage = package.FileStorage(tmp_path / "a" / "b")
    assert storage.get("key") is None
    storage.remove("key")
    storage.set("key", "one")
    storage.set("key", "two é")
    assert (storage.get("key"), [each.name for each in (tmp_path / "a" / "b").iterdir()]) == ("two é", ["key"])
    storage.remove("key")
    assert storage.get("key") is None


def test_a_program_that_ends_sends_its_events(peer: ClientApiPeer, tmp_path: Path) -> None:
    write_package(tmp_path, render(vod(), "python", {"host": peer.url}))
    run_python("import space; space.client.api_key = 'pk_1'; space.session.track('program/ended')", tmp_path)
    assert [event["name"] for batch in peer.bodies("/events") for event in batch] == ["program/ended"]


def test_a_program_that_ends_waits_for_no_timer(peer: ClientApiPeer, tmp_path: Path) -> None:
    peer.answers["/sessions"] = [FAILING]
    write_package(tmp_path, render(vod(), "python", {"host": peer.url}))
    began = time.monotonic()
    run_python("import space; kept = space.create_space(api_key='pk_1').start('u1'); print(kept.failure)", tmp_path)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "answer",
    [
        ApiResult(status=422, raw=b'{"errors": [{"path": "' + b"9" * 5000 + b'"}]}'),
        ApiResult(status=200, raw=b'{"session": "s", "revision": ' + b"9" * 5000 + b', "states": {}}'),
        ApiResult(status=200, raw=b'{"session": "s", "revision": NaN, "states": {}}'),
        ApiResult(status=200, raw=b"\xff\xfe"),
    ],
    ids=["many digits in a path", "many digits in a revision", "no number", "no text"],
)
def test_answers_that_python_reads_in_its_own_way_do_no_harm(
    answer: ApiResult, package: Any, peer: ClientApiPeer
) -> None:
    peer.answers |= {"/sessions": [answer], "/events": [answer, ApiResult(status=204)]}
    with package.create_space(api_key="pk_1", host=peer.url, logger=lambda _: None) as space:
        session = space.start("u1")
        assert session.status == "fallback"
        session.track("item/clicked")
        session.flush()


def test_a_redirect_takes_the_key_nowhere(package: Any, peer: ClientApiPeer) -> None:
    peer.answers["/sessions"] = [ApiResult(status=307, body={}, headers={"Location": f"{peer.url}/elsewhere"})]
    with package.create_space(api_key="pk_1", host=peer.url, logger=lambda _: None) as space:
        assert space.start("u1").status == "fallback"
    assert [asked.path for asked in peer.asked] == ["/api/client/sessions"]


def test_a_transport_of_the_app_sends(package: Any) -> None:
    seen: list[Any] = []

    def send(request: Any) -> Any:
        seen.append((request.method, request.url, request.headers["Authorization"]))
        raise OSError("no network here")

    with package.create_space(api_key="pk_1", host="https://a.example/", transport=send) as space:
        assert space.start("u1").failure == "network"
    assert seen == [("POST", "https://a.example/api/client/sessions", "Bearer pk_1")]


def test_states_of_a_test_that_cannot_be_used_are_told(package: Any) -> None:
    lines: list[str] = []
    space = package.create_space(states={"homepage.footer": {}, "homepage.header": {}}, logger=lines.append)
    assert (space.start().status, lines) == ("served", ['no entity "homepage.footer"'])
    space = package.create_space(states={"homepage.header": 5}, logger=lines.append)
    assert space.start().collections.homepage.header.properties.sticky is True
    assert "the states cannot be used" in lines[-1]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        *((0.0, "0"), (-0.0, "0"), (1.0, "1"), (-1.5, "-1.5"), (123.456, "123.456"), (1e20, "100000000000000000000")),
        *((1e21, "1e+21"), (1.5e22, "1.5e+22"), (1e-6, "0.000001"), (1.25e-7, "1.25e-7"), (5e-324, "5e-324")),
        *(
            (0.1, "0.1"),
            (100.0, "100"),
            (1e16, "10000000000000000"),
            (1.7976931348623157e308, "1.7976931348623157e+308"),
        ),
    ],
)
def test_numbers_are_written_as_in_every_language(number: float, text: str) -> None:
    assert number_text(number) == text
