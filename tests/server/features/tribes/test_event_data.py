"""Conditions on the data of events at a real server: documents, problems, people, words, and what is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_args

import httpx
import pytest
from sqlalchemy import select

from templates_server.features.tribes.data_parser import OPERATORS
from templates_server.features.tribes.model import questions_of
from templates_server.features.tribes.parser import read_tribe
from templates_server.features.tribes.schemas import DataOperatorWord
from templates_server.features.tribes.serializer import to_tribe_document
from templates_server.storage import tables
from tests.environments import AppEnvironment, add_environment
from tests.people import OF_A_SIGN_IN, add_organization, add_person, add_space
from tests.servers import RunningServer

AMOUNT = {"path": ["price", "amount"], "operator": "greater_or_equal", "value": 10}
SHOES = {"path": ["category"], "operator": "in", "value": ["shoes", "boots"]}
NO_COUPON = {"path": ["coupon"], "operator": "not_exists"}
BOUGHT = {"event": "Product Purchased", "condition": "have_done", "frequency": "any", "timeframe": "any_time"}


@pytest.fixture(scope="module")
def client(server: RunningServer) -> Iterator[httpx.Client]:
    person = add_person(server.database, add_organization(server.database), grant=OF_A_SIGN_IN)
    with person.client(server) as client:
        client.base_url = httpx.URL(f"{server.url}/v2/spaces/{add_space(server, person)}")
        yield client


def push(client: httpx.Client, *conditions: Any) -> httpx.Response:
    document = {"filters": [{**BOUGHT, "data": list(conditions)}]}
    return client.put("/tribes/buyers", json=document)


def tell(server: RunningServer, environment: AppEnvironment, body: bytes) -> httpx.Response:
    with environment.app(server) as app:
        return app.post("/api/client/events", content=body, headers={"Content-Type": "application/json"})


def test_conditions_come_back_as_they_were_sent(client: httpx.Client) -> None:
    odd = {"path": ['quo"te', "a.b", "日本", "0"], "operator": "between", "value": [0.5, 2]}
    sent = [{**AMOUNT, "value": 10.0}, NO_COUPON, odd]
    assert push(client, *sent).is_success
    found = client.get("/tribes/buyers").json()["data"][0]["filters"]
    assert found == [{**BOUGHT, "data": [AMOUNT, NO_COUPON, odd]}]
    text = client.get("/tribes", headers={"Accept": "application/yaml"}).text
    answer = client.put("/tribes", content=text, headers={"Content-Type": "application/yaml"})
    assert answer.json()["data"][0]["changed"] is False


def test_operators_of_data_are_those_of_the_description() -> None:
    assert get_args(DataOperatorWord) == tuple(operator.value for operator in OPERATORS)


LONG = "k" * 65
PROBLEMS: dict[str, tuple[Any, dict[str, str]]] = {
    "no list": ("x", {"": "must be a list"}),
    "four conditions": ([NO_COUPON] * 4, {"": "at most 3"}),
    "no mapping": ([7], {"[0]": "must be a mapping with path, operator, value, not a number"}),
    "nothing": ([{}], {"[0].path": "is missing", "[0].operator": "is missing"}),
    "unknown keys": ([{**AMOUNT, "key": 1}], {"[0].key": "is not known here"}),
    "path as text": ([{**AMOUNT, "path": "price.amount"}], {"[0].path": "such as [price, amount], not text"}),
    "empty path": ([{**AMOUNT, "path": []}], {"[0].path": "it has none"}),
    "long path": ([{**AMOUNT, "path": ["a"] * 9}], {"[0].path": "at most 8"}),
    "steps": (
        [{**AMOUNT, "path": ["", LONG, "a\nb", 0, None]}],
        {
            "[0].path[0]": "must have 1 to 64 characters",
            "[0].path[1]": "must have 1 to 64 characters",
            "[0].path[2]": "must not contain control characters",
            "[0].path[3]": "lists cannot be looked into",
            "[0].path[4]": "must be the key of an object, as text, not nothing",
        },
    ),
    "operators": (
        [{**AMOUNT, "operator": "equls"}, {**AMOUNT, "operator": "before", "value": "2026-11-21"}],
        {"[0].operator": 'did you mean "equals"?', "[1].operator": "before cannot be asked of data"},
    ),
    "operator of another type": ([{**AMOUNT, "operator": ["equals"]}], {"[0].operator": "must be an operator"}),
    "dates": (
        [{"path": ["at"], "operator": "between", "value": ["2026-11-21", "2026-11-22"]}],
        {"[0].value": "must be two numbers: data has no dates"},
    ),
    "values": (
        [{**AMOUNT, "value": "10"}, {**SHOES, "value": ["a", ["b"]]}, {**NO_COUPON, "value": 1}],
        {
            "[0].value": "must be a number",
            "[1].value[1]": "must be text, a number, true or false",
            "[2].value": "must not be given",
        },
    ),
    "no value": ([{"path": ["a"], "operator": "equals"}], {"[0].value": "is missing"}),
    "too many values": ([{**SHOES, "value": ["x"] * 101}], {"[0].value": "at most 100"}),
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_every_problem_of_a_condition_is_told_by_its_path(client: httpx.Client, case: str) -> None:
    conditions, expected = PROBLEMS[case]
    answer = client.put("/tribes/buyers", json={"filters": [{**BOUGHT, "data": conditions}]})
    found = {error["path"]: error["message"] for error in answer.json()["errors"]}
    assert answer.status_code == 422
    assert found.keys() == {f"filters[0].data{place}" for place in expected}
    for place, words in expected.items():
        assert words in found[f"filters[0].data{place}"]


@pytest.mark.parametrize("kind", [{"tag": "a"}, {"attribute": "email", "operator": "exists"}])
def test_only_events_have_data(client: httpx.Client, kind: dict[str, str]) -> None:
    answer = client.put("/tribes/buyers", json={"filters": [{**kind, "data": [NO_COUPON]}]})
    assert [error["path"] for error in answer.json()["errors"]] == ["filters[0].data"]


@pytest.fixture
def shop(server: RunningServer) -> Iterator[httpx.Client]:
    """A client of a Space in whose production ada and bob have bought something."""
    person = add_person(server.database, add_organization(server.database), grant=OF_A_SIGN_IN)
    with person.client(server) as client:
        space = add_space(server, person)
        here = f"/v2/spaces/{space}/environments/production"
        key = client.post(f"{here}/keys", json={"name": "web"}).json()["data"][0]["key"]
        events = [
            {"category": "shoes", "price": {"amount": 25, "currency": "EUR"}},
            {"category": "hats", "price": {"amount": 5.5}, "coupon": "X"},
            {"category": "boots", "price": {"amount": 9}, "coupon": None},
        ]
        sent = [
            {"name": "Product Purchased", "external_id": who, "data": each}
            for who, bought in (("ada", events), ("bob", events[1:]))
            for each in bought
        ]
        with server.client(Authorization=f"Bearer {key}") as app:
            assert app.post("/api/client/events", json=sent).status_code == 204
        client.base_url = httpx.URL(f"{server.url}/v2/spaces/{space}")
        yield client


def test_people_are_listed_counted_and_explained_by_one_event_that_meets_all(shop: httpx.Client) -> None:
    here = "/environments/production/tribes/buyers"
    assert push(shop, AMOUNT, SHOES, NO_COUPON).is_success
    assert [user["user_id"] for user in shop.get(f"{here}/users").json()["data"]] == ["ada"]
    assert shop.get(f"{here}/count").json()["data"][0]["count"] == 1
    (found,) = shop.get(f"{here}/explanation?user=ada").json()["data"][0]["filters"]
    assert found["filter"] == {**BOUGHT, "data": [AMOUNT, SHOES, NO_COUPON]}
    assert found["why"] == (
        "has done Product Purchased at least once, where data.price.amount is 10 or greater and "
        'data.category is one of "shoes", "boots" and data.coupon is not there: found once; matches'
    )
    (found,) = shop.get(f"{here}/explanation?user=bob").json()["data"][0]["filters"]
    assert (found["outcome"], found["found"], found["why"][-29:]) == ("not_matched", 0, ": never found; does not match")


def test_odd_keys_are_in_quotes_where_it_is_explained(shop: httpx.Client) -> None:
    odd = {"path": ["a.b", 'quo"te', "日本"], "operator": "not_equals", "value": "x"}
    document = {"filters": [{**BOUGHT, "metadata": {"shop": "a"}, "data": [odd]}]}
    assert shop.put("/tribes/buyers", json=document).is_success
    found = shop.get("/environments/production/tribes/buyers/explanation?user=ada").json()["data"][0]["filters"][0]
    assert found["asked"].endswith(', with shop "a", where data."a.b"."quo\\"te".日本 does not equal "x"')


def test_true_and_one_are_two_questions_and_an_equal_one_is_the_same() -> None:
    values = (True, 1, 1.0, "1", False, 0, -0.0)
    filters = [{**BOUGHT, "data": [{"path": ["a"], "operator": "equals", "value": value}]} for value in values]
    tribe = read_tribe({"filters": filters}, key="x")
    assert len(questions_of([tribe]).events) == 5
    assert read_tribe(json.loads(json.dumps(to_tribe_document(tribe))), key="x") == tribe


def test_questions_with_other_data_are_other_questions(client: httpx.Client) -> None:
    def asking(numbers: range) -> dict[str, Any]:
        conditions = [{"path": ["amount"], "operator": "less_than", "value": number} for number in numbers]
        return {"category": f"c{numbers.start}", "filters": [{**BOUGHT, "data": [each]} for each in conditions]}

    most = {f"t{number}": asking(range(number * 10, number * 10 + 10)) for number in range(50)}
    any_revision = {"If-Match": "*"}
    answer = client.put("/tribes", json={"tribes": {**most, "more": asking(range(500, 501))}}, headers=any_revision)
    assert [error["message"][:15] for error in answer.json()["errors"]] == ["ask 501 differe"]
    assert client.put("/tribes", json={"tribes": most}, headers=any_revision).is_success
    answer = client.put("/tribes/more", json=asking(range(500, 501)))
    assert [error["message"][:15] for error in answer.json()["errors"]] == ["ask 501 differe"]
    assert client.put("/tribes/more", json=asking(range(490, 500))).is_success
    assert client.put("/tribes", json={"tribes": {}}, headers=any_revision).is_success


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ('{"a": 1, "a": 2}', '{"a":2}'),
        ('{"a": {"b": 1}, "a": {"c": {"d": 1, "d": 2}}}', '{"a":{"c":{"d":2}}}'),
        ('{"a": -0, "b": -0.0, "c": 1e-400, "d": 1E2}', '{"a":0,"b":-0.0,"c":0.0,"d":100.0}'),
        ('{"\\u0061": "\\u0062\\/"}', '{"a":"b/"}'),
        ('{"a": 1e400}', None),
        ('{"a": 9223372036854775808}', None),
        ('{"a": "\\u0000"}', None),
        ('{"\\ud800": 1}', None),
    ],
)
def test_stored_data_has_each_key_once_and_numbers_that_doubles_hold(
    server: RunningServer, sent: str, stored: str | None
) -> None:
    """The two databases take another one of two equal keys, and fail at what is no text or number of theirs."""
    environment = add_environment(server.database)
    answer = tell(server, environment, f'[{{"name": "a/b", "external_id": "ada", "data": {sent}}}]'.encode())
    events = tables.events.c
    query = select(events.data).where(events.environment_id == environment.id)
    found = list(server.database.read_now(lambda connection: connection.execute(query)).scalars())
    assert (answer.is_success, found) == (stored is not None, [] if stored is None else [stored])
