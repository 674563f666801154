"""What a push would change, for whom: held against two full evaluations, on both databases."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from templates_server.features.impact import service, store
from templates_server.features.impact.margins import margin_of
from templates_server.security.authorization import ALL_SCOPES, Role, Scope
from templates_server.storage import tables
from tests.people import Grant, add_person
from tests.server.features.impact.world import (
    ENTITIES,
    SpaceOfImpact,
    add_people,
    insert_people,
    random_delivery,
    random_tribes,
    space_of_impact,
)
from tests.servers import RunningServer

ROUNDS = 8
GOLD = {"filters": [{"attribute": "attributes.plan", "operator": "equals", "value": "gold"}]}
NOTHING: dict[str, Any] = {"published": ["home"], "scenarios": {}}
FOR_GOLD = {
    "published": ["home"],
    "scenarios": {"home.top": {"targeted": [{"name": "Gold", "tribes": ["gold"], "properties": {"title": "Hi"}}]}},
}
Explained = dict[tuple[str, str], dict[str, tuple[bool, str | None]]]


@pytest.fixture(scope="module")
def space(server: RunningServer) -> Iterator[SpaceOfImpact]:
    with space_of_impact(server) as made:
        yield made


@pytest.fixture(scope="module")
def people(space: SpaceOfImpact, server: RunningServer) -> Sequence[tuple[str, str]]:
    return add_people(space, server)


@pytest.fixture(scope="module")
def crowd(server: RunningServer) -> Iterator[SpaceOfImpact]:
    """A Space whose production 3,000 people have been seen in, of whom every tenth is gold."""
    with space_of_impact(server) as made:
        insert_people(server, made.environment_id, 3_000, every=10)
        made.push_tribes({"tribes": {"gold": GOLD}})
        yield made


def explain_all(space: SpaceOfImpact, people: Sequence[tuple[str, str]]) -> Explained:
    return {person: space.explain(*person) for person in people}


def state_of(document: Any, entity: str, scenario: str | None) -> Any:
    """What an entity shows in a scenario of a document, in plain Python."""
    scenarios = document["scenarios"].get(entity, {})
    default = scenarios.get("default", {})
    named = [each for each in scenarios.get("targeted", []) if each["name"] == scenario]
    chosen = named[0] if named else default
    enabled = entity.partition(".")[0] in document["published"] and chosen.get("enabled", True)
    properties = {**default.get("properties", {}), **chosen.get("properties", {})}
    return enabled, chosen.get("items"), properties


def check(found: dict[str, Any], explained: tuple[Explained, Explained], documents: tuple[Any, Any]) -> int:
    """Hold an impact against what each person was shown before the push and after it; how many changes there were."""
    before, after = explained
    assert found["people"] == len(before)
    assert found["sample"] is None
    by_entity = {one["entity"]: one for one in found["entities"]}
    changes = 0
    for entity in ENTITIES:
        gains: dict[str | None, set[tuple[str, str]]] = defaultdict(set)
        losses: dict[str | None, set[tuple[str, str]]] = defaultdict(set)
        counts = Counter({"changed": 0, "edited": 0, "cannot_be_known": 0})
        for person in before:
            (was_known, old), (is_known, new) = before[person][entity], after[person][entity]
            if not (was_known and is_known):
                counts["cannot_be_known"] += 1
            elif old != new:
                counts["changed"] += 1
                gains[new].add(person)
                losses[old].add(person)
            elif state_of(documents[0], entity, old) != state_of(documents[1], entity, new):
                counts["edited"] += 1
        told = by_entity.get(entity)
        if told is None:
            # an entity of which nothing changes is not told of, even where its scenario cannot be known
            assert counts["changed"] == counts["edited"] == 0
            assert documents[0]["scenarios"].get(entity) == documents[1]["scenarios"].get(entity) or (
                counts["cannot_be_known"] == 0
            )
            continue
        assert {name: told[name]["people"] for name in counts} == dict(counts)
        scenarios = {one["scenario"]: one for one in told["scenarios"]}
        assert set(scenarios) == set(gains) | set(losses)
        for name, one in scenarios.items():
            for kind, whole in (("gains", gains[name]), ("losses", losses[name])):
                examples = [
                    (each["kind"], each["id"]) for each in one[f"{kind[:-1] if kind == 'gains' else 'loss'}_examples"]
                ]
                assert one[kind] == {
                    "people": len(whole),
                    "percent": pytest.approx(100 * len(whole) / len(before), abs=1e-4),
                    "margin": 0,
                }
                assert examples == sorted(whole)[:10]
        changes += counts["changed"]
    return changes


def test_the_impact_of_a_delivery_equals_two_full_evaluations(
    space: SpaceOfImpact, people: Sequence[tuple[str, str]]
) -> None:
    changes = 0
    for seed in range(ROUNDS):
        draw = random.Random(seed)  # noqa: S311 - the same each time
        space.push({"published": [], "scenarios": {}})
        tribes = random_tribes(draw)
        space.push_tribes(tribes)
        old, new = (random_delivery(draw, sorted(tribes["tribes"])) for _ in range(2))
        space.push(old)
        before = explain_all(space, people)
        found = space.found(new)
        space.push(new)
        changes += check(found, (before, explain_all(space, people)), (old, new))
    assert changes > ROUNDS * len(people) / 2  # else nothing was proved


def test_the_impact_of_tribes_equals_two_full_evaluations(
    space: SpaceOfImpact, people: Sequence[tuple[str, str]]
) -> None:
    changes = 0
    for seed in range(100, 100 + ROUNDS):
        draw = random.Random(seed)  # noqa: S311 - the same each time
        old, new = random_tribes(draw), random_tribes(draw)
        delivery = random_delivery(draw, sorted(old["tribes"]))
        space.push({"published": [], "scenarios": {}})
        space.push_tribes(old)
        space.push(delivery)
        before = explain_all(space, people)
        found = space.found_of_tribes(new)
        assert set(found) == {"development", "production", "staging"}
        assert found["staging"]["people"] == 0
        space.push_tribes(new)
        after = explain_all(space, people)
        told = found["production"]
        unknown = {one["entity"] for one in told["entities"]}
        silent = {entity for entity in ENTITIES if entity not in unknown}
        for person in people:  # what is not told of stays as it is
            assert all(before[person][entity] == after[person][entity] for entity in silent)
        changes += check_tribes(told, before, after, silent, delivery)
    assert changes > ROUNDS * len(people) / 4


def check_tribes(told: Any, before: Explained, after: Explained, silent: set[str], delivery: Any) -> int:
    spoken = {
        person: {entity: one for entity, one in found.items() if entity not in silent}
        for person, found in after.items()
    }
    same = {person: {**dict.fromkeys(silent, (True, None)), **found} for person, found in spoken.items()}
    start = {person: {**found, **dict.fromkeys(silent, (True, None))} for person, found in before.items()}
    return check(told, (start, same), (delivery, delivery))


def test_nothing_is_stored_and_an_equal_delivery_changes_nobody(
    space: SpaceOfImpact, people: Sequence[tuple[str, str]], server: RunningServer
) -> None:
    def rows(connection: Any) -> dict[str, int]:
        return {
            table.name: len(connection.execute(table.select()).all())
            for table in tables.metadata.sorted_tables
            if table.name not in {"tokens", "failed_attempts"}
        }

    space.push({"published": [], "scenarios": {}})
    space.push_tribes({"tribes": {"gold": GOLD}})
    space.push(NOTHING)
    before = server.database.read_sync(rows)
    assert space.found(NOTHING)["entities"] == []
    (entity,) = space.found(FOR_GOLD)["entities"]
    assert entity["changed"]["people"] > 0
    assert server.database.read_sync(rows) == before
    assert people


def test_a_document_may_be_sent_as_its_text(space: SpaceOfImpact, people: Sequence[tuple[str, str]]) -> None:
    space.push({"published": [], "scenarios": {}})
    space.push_tribes({"tribes": {"gold": GOLD}})
    text = "published: [home]\nscenarios:\n  home.top:\n    targeted:\n    - {name: Gold, tribes: [gold]}\n"
    assert space.found(text)["entities"][-1]["entity"] == "home.top"
    assert people


@pytest.mark.parametrize(
    "document",
    [
        {"published": ["nowhere"], "scenarios": {"home.nothing": {}}},
        {"space": "another"},
        {"published": "home"},
        {"scenarios": {"home.top": {"targeted": [{"name": "A", "tribes": ["nobody"]}]}}},
        [],
        7,
    ],
)
def test_a_document_that_breaks_rules_is_refused_as_its_push_is(space: SpaceOfImpact, document: Any) -> None:
    pushed = space.client.put(f"{space.here}/delivery", json=document, headers={"If-Match": "*"})
    asked = space.impact(document)
    if pushed.is_success:
        assert asked.status_code == 200
    else:
        assert (asked.status_code, asked.json()["errors"]) == (pushed.status_code, pushed.json()["errors"])


@pytest.mark.parametrize(
    "document",
    [
        {"tribes": {"gold": {"filters": [{"attribute": "nothing"}]}}},
        {"tribes": {"a b": {}}},
        {"tribes": {"gold": GOLD, "impact": GOLD, "revisions": GOLD}},
        {"tribes": {}},
        {"space": "another"},
    ],
)
def test_tribes_that_break_rules_or_are_in_use_are_refused_as_their_push_is(
    space: SpaceOfImpact, document: Any
) -> None:
    space.push({"published": [], "scenarios": {}})
    space.push_tribes({"tribes": {"gold": GOLD}})
    space.push(FOR_GOLD)
    asked = space.client.post(f"{space.space}/tribes/impact", json={"document": document})
    pushed = space.client.put(f"{space.space}/tribes", json=document, headers={"If-Match": "*"})
    if pushed.is_success:
        assert asked.status_code == 200
    else:
        assert (asked.status_code, asked.json()["errors"]) == (pushed.status_code, pushed.json()["errors"])


@pytest.mark.parametrize("body", [{}, {"document": {}, "more": 1}, [], "text", {"documents": {}}])
def test_a_body_without_a_document_is_refused(space: SpaceOfImpact, body: Any) -> None:
    answer = space.client.post(f"{space.here}/delivery/impact", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "document"


def test_a_huge_document_is_refused(space: SpaceOfImpact, server: RunningServer) -> None:
    most = server.settings.limits.max_document_bytes
    assert space.impact("#" * (most + 1)).status_code == 413
    assert space.impact({"published": ["x" * 1000] * (2 * most // 1000)}).status_code == 413
    assert space.impact("[" * 1000).status_code == 400


# How much it may take


@pytest.mark.parametrize("path", ["environments/production/delivery/impact", "tribes/impact"])
def test_a_second_computation_is_told_to_wait(crowd: SpaceOfImpact, server: RunningServer, path: str) -> None:
    slots = server.app.features.impact_slots
    body = {"document": {"tribes": {"gold": GOLD}} if path.startswith("tribes") else NOTHING}
    url = f"{crowd.space}/{path}"
    with slots.acquire([crowd.environment_id], "production"):
        answer = crowd.client.post(url, json=body)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")
        assert "already being computed" in answer.json()["errors"][0]["message"]
    assert crowd.client.post(url, json=body).status_code == 200


def test_another_process_that_computes_is_waited_for(crowd: SpaceOfImpact, server: RunningServer) -> None:
    is_shared = server.database.dialect == "postgresql"  # SQLite has one process
    with server.database.engine.connect() as connection, connection.begin():
        assert store.try_lock(connection, crowd.environment_id)
        assert crowd.impact(FOR_GOLD).status_code == (429 if is_shared else 200)
    assert crowd.impact(FOR_GOLD).status_code == 200


def test_no_more_than_a_few_are_computed_at_once(crowd: SpaceOfImpact, server: RunningServer) -> None:
    slots = server.app.features.impact_slots
    with slots.acquire(["another"], "one"), slots.acquire(["yet another"], "two"):
        answer = crowd.impact(FOR_GOLD)
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)


def test_time_runs_out_and_others_are_served_meanwhile(
    crowd: SpaceOfImpact, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = store.load_seen

    def slow(*asked: Any, **named: Any) -> Any:
        time.sleep(0.3)
        return load(*asked, **named)

    monkeypatch.setattr(store, "load_seen", slow)
    monkeypatch.setattr(service, "SECONDS", 1.5)
    begins = time.monotonic()
    with ThreadPoolExecutor(1) as threads, server.client() as other:
        asked = threads.submit(crowd.found, FOR_GOLD)
        slowest = 0.0
        while not asked.done():
            before = time.monotonic()
            assert other.get("/healthz").status_code == 200
            slowest = max(slowest, time.monotonic() - before)
            time.sleep(0.02)
    found = asked.result()
    assert time.monotonic() - begins < 3
    assert slowest < 0.29
    assert 0 < found["people"] < 3_000
    assert found["sample"]["people"] == found["people"]
    assert 0 < found["sample"]["margin"] < 40


def test_the_margin_of_a_sample_holds_in_95_of_100_seeds(crowd: SpaceOfImpact, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "SECONDS", 0.0)  # what is looked at first is all
    monkeypatch.setattr(service, "FEWEST_AT_ONCE", 100)
    held = 0
    for seed in range(100):
        draw = random.Random(seed)  # noqa: S311 - the same each time
        start = "per_" + "".join(draw.choices("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", k=22))
        monkeypatch.setattr(service, "new_id", lambda _, start=start: start)
        found = crowd.found(FOR_GOLD)
        nobody = {"percent": 0, "margin": margin_of(0, found["people"])}
        changed = found["entities"][-1]["changed"] if found["entities"] else nobody
        assert found["sample"]["people"] <= 100
        assert changed["margin"] <= found["sample"]["margin"]
        held += abs(changed["percent"] - 10) <= changed["margin"]
    assert held >= 95


# Who may


def test_a_push_scope_alone_reads_nobody(space: SpaceOfImpact, server: RunningServer) -> None:
    for missing in (Scope.USERS_READ, Scope.SPACES_WRITE):
        who = add_person(server.database, space.organization, grant=Grant(ALL_SCOPES - {missing}))
        with who.client(server) as client:
            answer = client.post(f"{space.here}/delivery/impact", json={"document": NOTHING})
            assert answer.status_code == 403
            assert missing in answer.json()["errors"][0]["message"]
    for missing in (Scope.USERS_READ, Scope.TRIBES_WRITE):
        who = add_person(server.database, space.organization, grant=Grant(ALL_SCOPES - {missing}))
        with who.client(server) as client:
            assert client.post(f"{space.space}/tribes/impact", json={"document": {}}).status_code == 403


def test_a_viewer_and_an_app_read_nothing(space: SpaceOfImpact, server: RunningServer) -> None:
    viewer = add_person(server.database, space.organization, role=Role.VIEWER)
    with viewer.client(server) as client:
        assert client.post(f"{space.here}/delivery/impact", json={"document": NOTHING}).status_code == 403
    assert space.app.post(f"{space.here}/delivery/impact", json={"document": NOTHING}).status_code == 403
