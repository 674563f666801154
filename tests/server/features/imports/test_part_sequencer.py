"""A part that comes before its turn: refused, unless it says that it waits for the one before it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from templates_server.features.imports.part_sequencer import LONGEST_SECONDS, read_wait_preference
from tests.server.features.imports.importer import Importer, make_importer, read_stored_people
from tests.servers import RunningServer


@pytest.fixture
def sender(server: RunningServer) -> Iterator[Importer]:
    with make_importer(server) as made:
        yield made


def in_a_thread(ask: Callable[[], httpx.Response]) -> Callable[[], httpx.Response]:
    answers: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: answers.append(ask()))
    thread.start()

    def answer() -> httpx.Response:
        thread.join()
        return answers[0]

    return answer


def rows_of(part: int) -> list[dict[str, str]]:
    return [{"user_id": f"{part}-{number}", "email": f"{part}@example.com"} for number in range(3)]


def test_parts_that_wait_are_applied_in_order_however_they_come(sender: Importer, server: RunningServer) -> None:
    third = in_a_thread(lambda: sender.put(3, [{"user_id": "ada", "phone": "3"}], Prefer="return=minimal, wait=20"))
    time.sleep(0.1)
    second = in_a_thread(lambda: sender.put(2, [{"user_id": "ada", "phone": "2"}], Prefer="wait=20"))
    time.sleep(0.1)
    assert sender.show().status_code == 404
    assert sender.put(1, [{"user_id": "ada", "phone": "1"}]).status_code == 200
    assert [second().status_code, third().status_code] == [200, 200]
    assert [answer().json()["data"][0]["updated"] for answer in (second, third)] == [1, 1]
    assert read_stored_people(server.database, sender.environment_id)["ada"].phone == "3"


def test_only_the_two_parts_after_the_next_one_wait(sender: Importer) -> None:
    began = time.monotonic()
    assert "Part 1 comes next" in sender.put(4, rows_of(4), Prefer="wait=20").text
    assert "Part 1 comes next" in sender.put(2, rows_of(2)).text
    assert time.monotonic() - began < 10


def test_a_turn_that_does_not_come_in_time_is_a_conflict(sender: Importer) -> None:
    answer = sender.put(2, rows_of(2), Prefer="wait=1")
    assert answer.status_code == 409
    assert "Part 1 comes next" in answer.text
    assert sender.show().status_code == 404


def test_a_part_that_waits_is_told_what_else_is_wrong(sender: Importer) -> None:
    second = in_a_thread(lambda: sender.put(2, rows_of(2), Prefer="wait=20"))
    time.sleep(0.1)
    sender.applied(1, rows_of(1))
    assert second().status_code == 200
    assert sender.put(2, rows_of(9), Prefer="wait=20").status_code == 409
    assert sender.complete(2).status_code == 200
    assert "complete" in sender.put(3, rows_of(3), Prefer="wait=20").text


@pytest.mark.parametrize(
    ("field", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("wait=5", 5),
        ("respond-async, WAIT = 7; x=1", 7),
        ("wait=100000000", LONGEST_SECONDS),
        ("wait=-1", 0),
        ("wait=1.5", 0),
        ("await=5", 0),
        ("wait", 0),
    ],
)
def test_the_preference_is_read_as_it_is_defined(field: str | None, seconds: int) -> None:
    assert read_wait_preference(field) == seconds
