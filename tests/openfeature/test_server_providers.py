"""OpenFeature on servers, in Node and in Python, with the providers as they are published, against the demo."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.browser.watched_page import Demo, demo_server
from tests.openfeature.expectations import (
    DEFAULTS,
    PEOPLE,
    PROGRAMS,
    Expected,
    Flag,
    Somebody,
    expect_for,
    flags_of,
    key_of,
    limited_demo,
    require_openfeature,
    run_node,
    value_of,
)
from tests.requirements import require

pytestmark = pytest.mark.slow
LEFT_OUT_IN_NODE = "GENERAL"
"""What the server provider 0.1.3 makes of an answer without a value, which is none to it: it gives the default."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo_server(tmp_path_factory.mktemp("demo") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def expected(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Mapping[Somebody, Mapping[str, Expected]]:
    folder = tmp_path_factory.mktemp("home")
    found = {somebody: expect_for(demo, somebody, folder) for somebody in PEOPLE}
    variants = {(flag.variant, flag.reason) for flags in found.values() for flag in flags.values()}
    assert {variant for variant, reason in variants if reason == "TARGETING_MATCH"} == {
        "Gold header", "Football evening", "Spring offer", "Save the trial"
    }  # fmt: skip
    return found


# Node


def read_in_node(url: str, key: str, asked: Sequence[tuple[Mapping[str, Any], Sequence[Flag]]]) -> list[dict[str, Any]]:
    """What each flag is, for each context."""
    require_openfeature()
    told = {"baseUrl": url, "key": key, "asked": [{"context": context, "flags": flags} for context, flags in asked]}
    return [json.loads(line) for line in run_node(PROGRAMS / "server.mjs", json.dumps(told)).splitlines()]


def test_node_reads_what_an_explanation_says_for_somebody_of_each_tribe(
    demo: Demo, expected: Mapping[Somebody, Mapping[str, Expected]]
) -> None:
    asked = [(somebody.context, flags_of(flags)) for somebody, flags in expected.items()]
    answers = read_in_node(demo.url, key_of(demo), asked)
    for flags, told in zip(expected.values(), answers, strict=True):
        for key, one in flags.items():
            assert told[key]["value"] == value_of(one), key
            if one.value is None:
                assert told[key]["errorCode"] == LEFT_OUT_IN_NODE, told[key]
            else:
                assert (told[key]["reason"], told[key]["variant"]) == (one.reason, one.variant), key


def test_node_is_told_what_is_wrong(demo: Demo) -> None:
    missing: Flag = ("homepage.nothing", "string", "x")
    header: Flag = ("homepage.header.sticky", "boolean", False)
    other_type: Flag = ("homepage.header.sticky", "string", "x")
    contexts = [{"targetingKey": "ada"}, {}, {"targetingKey": "x" * 300}]
    known, nobody, invalid = read_in_node(
        demo.url, key_of(demo), [(context, [missing, header, other_type]) for context in contexts]
    )
    assert {key: told["errorCode"] for key, told in known.items() if "errorCode" in told} == {
        "homepage.nothing": "FLAG_NOT_FOUND", "homepage.header.sticky": "TYPE_MISMATCH"
    }  # fmt: skip
    assert nobody["homepage.header.sticky"]["errorCode"] == "TARGETING_KEY_MISSING"
    assert invalid["homepage.header.sticky"]["errorCode"] == "INVALID_CONTEXT"
    assert "256" in invalid["homepage.header.sticky"]["errorMessage"]


def test_node_gives_the_default_where_the_key_is_none_and_waits_where_it_asks_too_often(
    demo: Demo, tmp_path: Path
) -> None:
    header: Flag = ("homepage.header.sticky", "boolean", False)
    (refused,) = read_in_node(demo.url, "pk_" + "0" * 22, [({"targetingKey": "ada"}, [header])])
    assert (refused["homepage.header.sticky"]["value"], refused["homepage.header.sticky"]["errorCode"]) == (
        False,
        "GENERAL",
    )
    with limited_demo(tmp_path) as limited:
        asked = [({"targetingKey": "ada"}, [header])] * 5
        told = [one["homepage.header.sticky"] for one in read_in_node(limited.url, key_of(limited), asked)]
    assert [one.get("errorCode") for one in told] == [None] * 3 + ["GENERAL"] * 2
    assert "try again after" in told[3]["errorMessage"]
    assert "paused due to TooManyRequests" in told[4]["errorMessage"]  # it does not even ask


# Python


@contextlib.contextmanager
def python_client(url: str, key: str) -> Iterator[Any]:
    """A client of the SDK, with the provider."""
    require(importlib.util.find_spec("openfeature") is not None, "OpenFeature's SDK", "pip install '.[test]'")
    from openfeature import api  # noqa: PLC0415 - not everybody has it
    from openfeature.contrib.provider.ofrep import OFREPProvider  # noqa: PLC0415 - as above

    logging.getLogger("openfeature").setLevel(logging.CRITICAL)  # it logs each flag that it has no value of
    provider = OFREPProvider(url, headers_factory=lambda: {"Authorization": f"Bearer {key}"})
    provider.session.trust_env = False
    api.set_provider(provider)
    try:
        yield api.get_client()
    finally:
        provider.session.close()
        api.shutdown()


def details(client: Any, key: str, kind: str, context: Mapping[str, str], default: Any) -> Any:
    """What came of a flag."""
    from openfeature.evaluation_context import EvaluationContext  # noqa: PLC0415 - not everybody has it

    attributes = {name: value for name, value in context.items() if name != "targetingKey"}
    read = {
        "boolean": client.get_boolean_details,
        "string": client.get_string_details,
        "number": client.get_integer_details if isinstance(default, int) else client.get_float_details,
        "object": client.get_object_details,
    }
    return read[kind](key, default, EvaluationContext(context.get("targetingKey"), attributes))


def test_python_reads_what_an_explanation_says_for_somebody_of_each_tribe(
    demo: Demo, expected: Mapping[Somebody, Mapping[str, Expected]]
) -> None:
    with python_client(demo.url, key_of(demo)) as client:
        for somebody, flags in expected.items():
            for key, one in flags.items():
                default = 7 if isinstance(one.value, int) and one.kind == "number" else DEFAULTS[one.kind]
                told = details(client, key, one.kind, somebody.context, default)
                assert told.error_code is None, (key, told)
                assert told.value == (default if one.value is None else one.value), key
                assert (str(told.reason), told.variant) == (one.reason, one.variant), key


def test_python_is_told_what_is_wrong(demo: Demo) -> None:
    ada, invalid = {"targetingKey": "ada"}, {"targetingKey": "x" * 300}
    with python_client(demo.url, key_of(demo)) as client:

        def code(key: str, kind: str, context: Mapping[str, str], default: Any) -> str | None:
            found = details(client, key, kind, context, default)
            assert found.value == default
            return None if found.error_code is None else str(found.error_code.value)

        assert code("homepage.nothing", "string", ada, "x") == "FLAG_NOT_FOUND"
        assert code("home/page.nothing", "string", ada, "x") == "FLAG_NOT_FOUND"
        assert code("homepage.header.sticky", "string", ada, "x") == "TYPE_MISMATCH"
        assert code("homepage.header.sticky", "boolean", {}, default=False) == "TARGETING_KEY_MISSING"
        assert code("homepage.header.sticky", "boolean", invalid, default=False) == "INVALID_CONTEXT"


def test_python_gives_the_default_where_the_key_is_none_and_waits_where_it_asks_too_often(
    demo: Demo, tmp_path: Path
) -> None:
    def read(client: Any) -> tuple[Any, str | None, str | None]:
        one = details(client, "homepage.header.sticky", "boolean", {"targetingKey": "ada"}, default=False)
        return one.value, one.error_code and one.error_code.value, one.error_message

    for key, message in (("pk_" + "0" * 22, "unauthorized"), (demo.facts["token"], "forbidden")):
        with python_client(demo.url, key) as client:
            assert read(client) == (False, "GENERAL", message)
    with limited_demo(tmp_path) as limited, python_client(limited.url, key_of(limited)) as client:
        told = [read(client) for _ in range(5)]
    assert [code for _, code, _ in told] == [None] * 3 + ["GENERAL"] * 2
    assert "Rate limited, retry after: " in str(told[3][2])
    assert "paused due to TooManyRequests" in str(told[4][2])
