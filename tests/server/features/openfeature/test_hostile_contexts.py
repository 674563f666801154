"""Contexts that no honest SDK sends: answered or refused in the protocol's form, soon, and never a failure of ours."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.server.features.openfeature.ofrep_app import ALL_FLAGS, App, make_app
from tests.servers import RunningServer

SECONDS = 2.0
MANY = {f"key-{number}": number for number in range(10_000)}
CODES = {"PARSE_ERROR", "TARGETING_KEY_MISSING", "INVALID_CONTEXT"}
REFUSED: dict[str, bytes] = {
    "10,000 fields": json.dumps({"context": {"targetingKey": "ada", **MANY}}).encode(),
    "fields with long names": json.dumps({"context": {"targetingKey": "ada", "x" * 100_000: 1}}).encode(),
    "a long field": json.dumps({"context": {"targetingKey": "ada", "x": "x" * 900_000}}).encode(),
    "deep": b'{"context": {"targetingKey": "ada", "x": ' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"}}",
    "deep and cut": b'{"context": ' + b'{"a":' * 100_000,
    "1e400": b'{"context": {"targetingKey": "ada", "x": 1e400}}',
    "-1e400": b'{"context": {"targetingKey": "ada", "x": [-1e400]}}',
    "NaN": b'{"context": {"targetingKey": "ada", "x": NaN}}',
    "Infinity": b'{"context": {"targetingKey": "ada", "x": -Infinity}}',
    "a giant integer": b'{"context": {"targetingKey": "ada", "x": ' + b"9" * 100_000 + b"}}",
    "a lone surrogate": b'{"context": {"targetingKey": "ada", "x": "\\udc00"}}',
    "a lone surrogate as a name": b'{"context": {"targetingKey": "ada", "\\ud800": 1}}',
    "NUL": b'{"context": {"targetingKey": "ada\\u0000", "x": 1}}',
    "NUL in a field": b'{"context": {"targetingKey": "ada", "x": "\\u0000"}}',
    "a right-to-left override": '{"context": {"targetingKey": "\u202eada"}}'.encode(),
    "UTF-16": '{"context": {"targetingKey": "ada"}}'.encode("utf-16"),
    "two documents": b'{"context": {"targetingKey": "ada"}} {}',
}
ANSWERED: dict[str, bytes] = {
    "names of prototypes": b'{"context": {"targetingKey": "ada", "__proto__": 1, "constructor": 2, "__class__": "x"}}',
    "objects of prototypes": b'{"context": {"targetingKey": "ada", "__proto__": {"targetingKey": "bob"}}}',
    "10,000 in a list": json.dumps({"context": {"targetingKey": "ada", "x": list(MANY)}}).encode(),
    "10,000 in an object": json.dumps({"context": {"targetingKey": "ada", "x": MANY}}).encode(),
    "what looks like SQL": b'{"context": {"targetingKey": "\'; DROP TABLE persons; --", "x": "\' OR 1=1"}}',
    "a name with dots": b'{"context": {"targetingKey": "ada", "fields.campaign": "spring", "a.b.c": 1}}',
    "other members": b'{"context": {"targetingKey": "ada"}, "flags": ["home.top"], "x": [[[1]]]}',
    "the person of a prototype": b'{"context": {"targetingKey": "__proto__"}}',
    "any script": '{"context": {"targetingKey": "Дмитрий 👩\u200d🚀", "имя": "\u2028"}}'.encode(),
    "smallest and largest": b'{"context": {"targetingKey": "ada", "a": 5e-324, "b": -0.0, "c": 9223372036854775807}}',
}


def send(app: App, body: bytes) -> list[Any]:
    """The answers to all flags and to one, each within its time."""
    began = time.monotonic()
    answers = [
        app.client.post(path, content=body, headers={"Content-Type": "application/json"})
        for path in (ALL_FLAGS, f"{ALL_FLAGS}/home.top.label")
    ]
    assert time.monotonic() - began < SECONDS
    return answers


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_session_could_say_is_refused_in_few_words(server: RunningServer, name: str) -> None:
    with make_app(server) as app:
        for answer in send(app, REFUSED[name]):
            assert (answer.status_code, answer.json()["errorCode"] in CODES) == (400, True), answer.text
            assert len(answer.content) < 2_000


@pytest.mark.parametrize("name", ANSWERED)
def test_what_is_only_strange_is_answered_like_anything_else(server: RunningServer, name: str) -> None:
    with make_app(server) as app:
        every, one = send(app, ANSWERED[name])
        assert (every.status_code, one.status_code) == (200, 200), every.text[:200]
        assert {flag["key"]: flag for flag in every.json()["flags"]}["home.top.label"] == one.json()
        assert one.json()["variant"] == "default"


NAMES = st.sampled_from(["targetingKey", "user_signature", "campaign", "__proto__", "", "x" * 65]) | st.text(max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(context=st.dictionaries(NAMES, VALUES, max_size=6) | VALUES, tag=st.text(alphabet='W/"*,. a', max_size=20))
def test_whatever_a_context_is_the_answer_is_one_of_the_protocol(shared_app: App, context: Any, tag: str) -> None:
    body = json.dumps({"context": context}).encode("utf-8", "surrogatepass")
    headers = {"Content-Type": "application/json", "If-None-Match": tag.strip()}
    answer = shared_app.client.post(ALL_FLAGS, content=body, headers=headers)
    assert answer.status_code in {200, 400}
    assert answer.status_code == 200 or answer.json()["errorCode"] in CODES


@pytest.fixture(scope="module")
def shared_app(server: RunningServer) -> Any:
    with make_app(server) as app:
        yield app
