"""Users in the store: many hands at once lose nothing and wait for nobody in a circle; a plain model says the same."""

from __future__ import annotations

import contextlib
import functools
import itertools
import random
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from templates_server.errors import NotFound
from templates_server.features.event_names.shapes import shape_of
from templates_server.features.events.parser import ParsedEvent
from templates_server.features.events.store import EventBatch, add_events
from templates_server.features.people.apply_changes import ChangeOutcome
from templates_server.features.people.erasure_store import ErasureSummary, erase_person, list_erasures
from templates_server.features.people.identity import PersonKind, claim_identity, make_person_ref
from templates_server.features.people.profile import NOTHING_KNOWN, Profile, apply_change, to_columns
from templates_server.features.people.store import UserQuery, change_person, list_people, upsert_users
from templates_server.primitives.ids import new_id
from templates_server.storage.database import Database
from templates_server.storage.tables import events, persons, user_tags
from tests.server.features.people.changes import change
from tests.server.features.people.strategies import FEW_TAGS, good_users
from tests.servers import RunningServer

THREADS = 16
ROUNDS = 12


@pytest.fixture
def database(server: RunningServer) -> Database:
    """A database of each kind."""
    return server.database


@dataclass
class Hands:
    """What many hands do to one environment; every run of a unit of work is counted."""

    database: Database
    environment_id: str = field(default_factory=lambda: new_id("env"))
    asked: int = 0
    run: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, work: Callable[[Connection], Any]) -> Any:
        """What the work returns."""

        def counted(connection: Connection) -> Any:
            with self._lock:
                self.run += 1
            return work(connection)

        with self._lock:
            self.asked += 1
        return self.database.write_sync(counted)

    def upsert(self, *users: Mapping[str, Any], now: int = 1) -> Sequence[ChangeOutcome]:
        """Insert or update these users."""
        changes = [change(one) for one in users]
        outcomes: Sequence[ChangeOutcome] = self.write(
            lambda connection: upsert_users(connection, self.environment_id, changes, now=now)
        )
        return outcomes

    def happen(self, *came: ParsedEvent, now: int) -> None:
        """Store these events."""
        self.write(lambda connection: add_events(connection, [EventBatch(self.environment_id, now, came)]))

    def erase(self, user_id: str, *, now: int = 1) -> ErasureSummary:
        """Remove this user."""
        person_id = make_person_ref(PersonKind.USER, user_id).person_id
        erased: ErasureSummary = self.write(
            lambda connection: erase_person(connection, self.environment_id, person_id, now=now)
        )
        return erased


def chosen(things: Sequence[str], count: int, *seed: int) -> list[str]:
    """So many of these, in some order that the seed alone decides."""
    return random.Random(str(seed)).sample(things, count)  # noqa: S311 - it is for spreading


def profiles(database: Database, environment_id: str) -> Mapping[str, Profile]:
    """What is kept of each user."""
    wanted = UserQuery(PersonKind.USER, 100_000)
    found = database.read_sync(lambda connection: list_people(connection, environment_id, wanted))
    return {person.called: person.profile for person in found.people}


def tag_counts(database: Database, environment_id: str) -> dict[str, int]:
    """How many users have each tag, as it is kept."""
    query = select(user_tags.c.tag, user_tags.c.users).where(user_tags.c.environment_id == environment_id)
    return {row.tag: row.users for row in database.read_sync(lambda connection: connection.execute(query).all())}


def recounted(found: Mapping[str, Profile]) -> dict[str, int]:
    """How many users have each tag, counted now."""
    return dict(Counter(tag for profile in found.values() for tag in profile.tags))


def at_once(*works: Callable[[], None]) -> None:
    """Run all of them at the same time; the first failure is raised."""
    ready = threading.Barrier(len(works))

    def started(work: Callable[[], None]) -> None:
        ready.wait()
        work()

    with ThreadPoolExecutor(len(works)) as pool:
        for outcome in [pool.submit(started, work) for work in works]:
            outcome.result()


def test_many_hands_on_the_same_users_lose_nothing(database: Database) -> None:
    hands = Hands(database)
    user_ids = [f"u{number}" for number in range(40)]

    def work(hand: int) -> None:
        for number in range(ROUNDS):
            sent = [
                {
                    "user_id": user_id,
                    "attributes": {f"h{hand}": number},
                    "add_tags": [f"hand/{hand}", f"round/{number}"],
                    "remove_tags": [f"round/{number - 1}"],
                }
                for user_id in chosen(user_ids, 12, hand, number)
            ]
            hands.upsert(*sent, now=number)

    at_once(*(functools.partial(work, hand) for hand in range(THREADS)))
    found = profiles(database, hands.environment_id)
    expected: dict[str, dict[str, int]] = defaultdict(dict)
    for hand, number in itertools.product(range(THREADS), range(ROUNDS)):
        for user_id in chosen(user_ids, 12, hand, number):
            expected[user_id][f"h{hand}"] = number
    assert {user_id: dict(profile.attributes) for user_id, profile in found.items()} == expected
    assert tag_counts(database, hands.environment_id) == recounted(found)
    assert hands.run == hands.asked  # a deadlock would have been tried again


def test_new_users_of_many_hands_are_created_once(database: Database) -> None:
    hands = Hands(database)
    outcomes: list[str] = []

    def work(hand: int) -> None:
        user_ids = chosen([f"u{number}" for number in range(60)], 60, hand)
        outcomes.extend(hands.upsert(*({"user_id": user_id, "add_tags": ["all"]} for user_id in user_ids)))

    at_once(*(functools.partial(work, hand) for hand in range(THREADS)))
    assert Counter(outcomes) == {"created": 60, "unchanged": 60 * (THREADS - 1)}
    assert tag_counts(database, hands.environment_id) == {"all": 60}
    assert hands.run == hands.asked


def test_counts_of_tags_that_many_hands_bring_in_any_order_are_waited_for_in_one(database: Database) -> None:
    hands, tags = Hands(database), [f"t{number}" for number in range(12)]

    def work(hand: int) -> None:
        for number in range(ROUNDS):
            mine = chosen(tags, len(tags), hand, number)
            hands.upsert(*({"user_id": f"{hand}-{place}", "tags": [tag]} for place, tag in enumerate(mine)), now=number)

    at_once(*(functools.partial(work, hand) for hand in range(THREADS)))
    assert tag_counts(database, hands.environment_id) == dict.fromkeys(tags, THREADS)
    assert hands.run == hands.asked


def test_users_are_removed_while_others_change_them_and_events_come(database: Database) -> None:
    hands = Hands(database)
    user_ids = [f"u{number}" for number in range(20)]
    removed: Counter[str] = Counter()

    def upserting(hand: int) -> None:
        for number in range(ROUNDS):
            tags = [f"t/{(hand + number) % 4}"]
            hands.upsert(*({"user_id": one, "tags": tags} for one in chosen(user_ids, 8, hand, number)), now=number)

    def happening(hand: int) -> None:
        for number in range(ROUNDS):
            came = [_event(user_id, f"{hand}-{number}-{user_id}") for user_id in chosen(user_ids, 5, hand, number)]
            hands.happen(*came, now=number)

    def erasing(hand: int) -> None:
        for number in range(ROUNDS):
            with contextlib.suppress(NotFound):
                removed.update(hands.erase(*chosen(user_ids, 1, hand, number), now=number).removed)

    at_once(
        *(functools.partial(upserting, hand) for hand in range(8)),
        *(functools.partial(happening, hand) for hand in range(4)),
        *(functools.partial(erasing, hand) for hand in range(4)),
    )
    found = profiles(database, hands.environment_id)
    assert tag_counts(database, hands.environment_id) == recounted(found)
    assert removed["profile"] > 0
    left = _owners_of_events(database, hands.environment_id)
    assert left.total() + removed["events"] == 4 * ROUNDS * 5
    assert set(left) <= {make_person_ref(PersonKind.USER, user_id).person_id for user_id in found}
    assert hands.run == hands.asked


def _event(user_id: str, event_id: str) -> ParsedEvent:
    who = claim_identity(None, user_id)
    assert who is not None
    return ParsedEvent(who, event_id, "a/b", None, None, None, None, 1, shape_of(("a/b",)))


def _owners_of_events(database: Database, environment_id: str) -> Counter[str]:
    query = select(events.c.person_id).where(events.c.environment_id == environment_id)
    return Counter(database.read_sync(lambda connection: connection.execute(query).scalars().all()))


def test_an_update_says_when_and_an_equal_one_does_not(database: Database) -> None:
    hands = Hands(database)
    query = select(persons.c.created, persons.c.updated).where(persons.c.environment_id == hands.environment_id)
    times = []
    for now, value in ((5, 1), (6, 1.0), (7, 2)):
        hands.upsert({"user_id": "ada", "attributes": {"a": value}}, now=now)
        times.append(tuple(database.read_sync(lambda connection: connection.execute(query).one())))
    assert times == [(5, 5), (5, 5), (5, 7)]


# Against a plain model

USER_IDS = st.sampled_from(["ada", "bob", "日本", "a/b"])
STEPS = st.one_of(
    st.tuples(st.just("upsert"), st.lists(good_users(USER_IDS), min_size=1, max_size=4)),
    st.tuples(st.just("change"), good_users(USER_IDS)),
    st.tuples(st.just("tag"), st.tuples(USER_IDS, FEW_TAGS)),
    st.tuples(st.just("erase"), USER_IDS),
)


class Model:
    """What the store must hold, as dictionaries."""

    def __init__(self) -> None:
        self.profiles: dict[str, Profile] = {}

    def upsert(self, users: Sequence[dict[str, Any]]) -> list[str]:
        """What became of them."""
        return [self._merge(one) for one in users]

    def _merge(self, sent: dict[str, Any]) -> str:
        user_id, before = sent["user_id"], self.profiles.get(sent["user_id"])
        self.profiles[user_id] = apply_change(before or NOTHING_KNOWN, change(sent).change)
        if before is None:
            return "created"
        return "unchanged" if to_columns(before) == to_columns(self.profiles[user_id]) else "updated"


def perform(step: tuple[str, Any], model: Model, environment_id: str, connection: Connection) -> None:
    """Do a step in both; they must come to the same."""
    match step:
        case ("upsert", users):
            outcomes = upsert_users(connection, environment_id, [change(one) for one in users], now=1)
            assert list(outcomes) == model.upsert(users)
        case ("change", sent):
            _change(connection, environment_id, model, sent)
        case ("tag", (user_id, tag)):
            _change(connection, environment_id, model, {"user_id": user_id, "add_tags": [tag]})
        case ("erase", user_id):
            person_id = make_person_ref(PersonKind.USER, user_id).person_id
            if model.profiles.pop(user_id, None) is None:
                with pytest.raises(NotFound):
                    erase_person(connection, environment_id, person_id, now=1)
            else:
                erase_person(connection, environment_id, person_id, now=1)
                assert (environment_id, person_id) in {one[:2] for one in list_erasures(connection)}


def _change(connection: Connection, environment_id: str, model: Model, sent: dict[str, Any]) -> None:
    person_id = make_person_ref(PersonKind.USER, sent["user_id"]).person_id
    if sent["user_id"] in model.profiles:
        outcome = change_person(connection, environment_id, person_id, change(sent).change, now=1)
        assert [outcome] == model.upsert([sent])
    else:
        with pytest.raises(NotFound):
            change_person(connection, environment_id, person_id, change(sent).change, now=1)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=8))
def test_any_sequence_comes_to_what_a_plain_model_says(database: Database, steps: list[tuple[str, Any]]) -> None:
    environment_id, model = new_id("env"), Model()
    for step in steps:
        database.write_sync(functools.partial(perform, step, model, environment_id))
        found = profiles(database, environment_id)
        assert {name: to_columns(one) for name, one in found.items()} == {
            name: to_columns(one) for name, one in model.profiles.items()
        }
        assert tag_counts(database, environment_id) == recounted(model.profiles)
