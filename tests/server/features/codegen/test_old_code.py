"""Code that is older than what it is served: a value that it does not know costs that value alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.server.features.codegen.client_api_peer import SERVED_BODY, SERVED_HEADER, STATES, ApiResult, ClientApiPeer
from tests.server.features.codegen.client_api_peer import session_answer as answer
from tests.server.features.codegen.test_session import FALLBACK_HEADER, FALLBACK_ITEMS, run, starts

HERO = SERVED_BODY["items"][0]
SERVED_VALUES = {
    ("onboarding.welcome", "label"): "Spring offer",
    ("onboarding.welcome", "discount-percent"): 20,
    ("onboarding.welcome", "ends-at"): "2027-04-30T22:00:00.000Z",
    ("homepage.header", "sticky"): False,
    ("homepage.header", "background"): {"value": "#c9a227", "opacity": 0.5},
    ("homepage.header", "gradient"): {"value": None, "opacity": 1},
}
DEFAULT_VALUES = {
    ("onboarding.welcome", "label"): "Join now",
    ("onboarding.welcome", "discount-percent"): None,
    ("onboarding.welcome", "ends-at"): None,
    ("homepage.header", "sticky"): True,
    ("homepage.header", "background"): {"value": None, "opacity": 1},
    ("homepage.header", "gradient"): {"value": None, "opacity": 1},
}
MISSING = object()
BAD_VALUES: dict[str, tuple[str, str, Any]] = {
    "number for text": ("onboarding.welcome", "label", 5),
    "object for text": ("onboarding.welcome", "label", {"en": "Join"}),
    "text for number": ("onboarding.welcome", "discount-percent", "20"),
    "true for number": ("onboarding.welcome", "discount-percent", True),
    "no date": ("onboarding.welcome", "ends-at", "soon"),
    "day only": ("onboarding.welcome", "ends-at", "2027-04-30"),
    "no such month": ("onboarding.welcome", "ends-at", "2027-13-30T22:00:00Z"),
    "number for toggle": ("homepage.header", "sticky", 1),
    "text for color": ("homepage.header", "background", "#c9a227"),
    "bad color": ("homepage.header", "background", {"value": "red", "opacity": 1}),
    "bad opacity": ("homepage.header", "background", {"value": "#c9a227", "opacity": 2}),
    "missing": ("homepage.header", "sticky", MISSING),
}
COLLECT = """
const values = () => ({
  "onboarding.welcome": { label: welcome.properties.label, "discount-percent": welcome.properties.discountPercent,
    "ends-at": welcome.properties.endsAt },
  "homepage.header": header.properties,
});
"""


def with_property(state: Any, key: str, value: Any) -> Any:
    others = {name: given for name, given in state["properties"].items() if name != key}
    return state | {"properties": others if value is MISSING else others | {key: value}}


def with_items(items: Any) -> Any:
    return dict(STATES) | {"homepage.body": SERVED_BODY | {"items": items}}


def noted(entity: str, key: str, value: Any) -> str:
    text = "missing" if value is MISSING else json.dumps(value, separators=(",", ":"))
    return f"{entity}.{key}: {text}"


def test_a_value_of_the_wrong_type_costs_its_property_alone(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/sessions"] = [
        ApiResult(body=answer(dict(STATES) | {entity: with_property(STATES[entity], key, value)}))
        for entity, key, value in BAD_VALUES.values()
    ]
    script = f"""
    const all = [];
    for (let at = 0; at < {len(BAD_VALUES)}; at += 1) {{
      await session.start();
      all.push({{ status: session.status, unknown: session.unknown, values: values(), items: body.items.length,
        enabled: [header.enabled, welcome.enabled], errors: errors.splice(0) }});
    }}
    print(all);
    """
    all_seen = run(COLLECT + script, javascript, peer)
    for (kind, (entity, key, value)), seen in zip(BAD_VALUES.items(), all_seen, strict=True):
        expected = SERVED_VALUES | {(entity, key): DEFAULT_VALUES[entity, key]}
        got = {(of, name): item for of, properties in seen["values"].items() for name, item in properties.items()}
        assert (kind, seen["status"], got) == (kind, "served", expected)
        assert (kind, seen["unknown"]) == (kind, [noted(entity, key, value)])
        assert (kind, seen["items"], seen["enabled"]) == (kind, 1, [True, False])
        assert [noted(entity, key, value) in error for error in seen["errors"]] == [True], kind


BAD_ITEM_PROPERTIES: dict[str, tuple[Any, Any, str]] = {
    "a new option": ({"layout": "tall"}, "full-width", 'homepage.body[0].layout: "tall"'),
    "a list for a text": ({"title": ["a"]}, "What's on tonight", 'homepage.body[0].title: ["a"]'),
    "a number for an image": ({"source": 1}, None, "homepage.body[0].source: 1"),
}


@pytest.mark.parametrize("kind", BAD_ITEM_PROPERTIES)
def test_a_new_option_of_an_item_costs_that_property_alone(kind: str, runnable: Path, peer: ClientApiPeer) -> None:
    given, default, note = BAD_ITEM_PROPERTIES[kind]
    changed = HERO | {"properties": HERO["properties"] | given}
    peer.answers["/sessions"] = [ApiResult(body=answer(with_items([changed, HERO | {"id": "second"}])))]
    seen = run("await session.start(); print({ ...seen(), unknown: session.unknown });", runnable, peer)
    first, second = seen["items"]
    served = {"layout": "boxed", "link": None, "source": "https://images.example.com/derby.jpg", "title": "The derby"}
    [member] = given
    assert first == {"kind": "hero", "id": "derby"} | served | {member: default}
    assert second == {"kind": "hero", "id": "second"} | served
    assert (seen["status"], seen["unknown"]) == ("served", [note])


def test_an_item_that_cannot_be_shown_is_left_out_alone(javascript: Path, peer: ClientApiPeer) -> None:
    new_kind = {"id": "later", "experience": "not-known-yet", "enabled": True, "properties": {"anything": 1}}
    bad: list[Any] = [new_kind, None, "hero", [], {"experience": "hero"}, {"id": 5, "experience": "hero"}]
    peer.answers["/sessions"] = [ApiResult(body=answer(with_items([*bad, HERO])))]
    script = "await session.start(); print({ ...seen(), unknown: session.unknown, errors });"
    seen = run(script, javascript, peer)
    assert [item["id"] for item in seen["items"]] == ["derby"]
    assert seen["unknown"] == [
        'homepage.body[0].experience: "not-known-yet"',
        "homepage.body[1]: null",
        'homepage.body[2]: "hero"',
        "homepage.body[3]: []",
        "homepage.body[4].id: missing",
        "homepage.body[5].id: 5",
    ]
    assert len(seen["errors"]) == 1


def test_properties_that_are_none_give_defaults_and_what_is_no_state_the_fallback(
    javascript: Path, peer: ClientApiPeer
) -> None:
    states = {
        "homepage.header": SERVED_HEADER | {"enabled": "on Sundays"},
        "homepage.body": SERVED_BODY | {"enabled": False, "items": {"first": HERO}},
        "onboarding.welcome": {"enabled": False, "properties": ["a"]},
    }
    peer.answers["/sessions"] = [
        ApiResult(body=answer(states)),
        ApiResult(body=answer({"homepage.header": None, "homepage.body": [], "onboarding.welcome": "off"})),
        ApiResult(body=answer(with_items([HERO | {"enabled": "soon", "properties": None}]))),
    ]
    script = """
    const all = [];
    for (let at = 0; at < 3; at += 1) {
      await session.start();
      const { enabled, items } = body;
      all.push({ ...seen(), enabled, shown: items.map((item) => item.enabled), unknown: session.unknown });
    }
    print(all);
    """
    partly, not_at_all, item = run(script, javascript, peer)
    assert (partly["header"]["enabled"], partly["header"]["sticky"]) == (True, False)
    assert (partly["enabled"], [each["id"] for each in partly["items"]]) == (False, FALLBACK_ITEMS)
    assert partly["welcome"] == {"enabled": False, "label": "Join now", "endsAt": None, "discountPercent": None}
    assert [entry.partition(":")[0] for entry in partly["unknown"]] == [
        "homepage.body.items",
        "homepage.header.enabled",
        "onboarding.welcome.properties",
    ]
    assert (not_at_all["status"], not_at_all["header"], not_at_all["enabled"]) == ("served", FALLBACK_HEADER, True)
    assert not_at_all["unknown"] == ["homepage.body: []", "homepage.header: null", 'onboarding.welcome: "off"']
    assert item["shown"] == [False]
    assert item["items"][0]["title"] == "What's on tonight"
    assert item["unknown"] == ['homepage.body[0].enabled: "soon"', "homepage.body[0].properties: null"]


def test_the_next_start_tells_the_server_what_could_not_be_used(javascript: Path, peer: ClientApiPeer) -> None:
    tall = ApiResult(body=answer(with_items([HERO | {"properties": HERO["properties"] | {"layout": "tall"}}])))
    peer.answers["/sessions"] = [tall, ApiResult(status=503), tall, ApiResult(body=answer())]
    all_seen = starts(javascript, peer, 5)
    told = [body.get("unknown") for body in peer.bodies("/sessions")]
    tall_is_unknown = ['homepage.body[0].layout: "tall"']
    assert told == [None, tall_is_unknown, tall_is_unknown, tall_is_unknown, None]
    assert [len(seen["errors"]) for seen in all_seen] == [1, 0, 0, 0, 0]  # said once


def test_what_is_unknown_is_bounded_and_ends_with_its_session(javascript: Path, peer: ClientApiPeer) -> None:
    long = "\U0001f600" * 300
    bad = HERO | {"properties": HERO["properties"] | {"layout": long}}
    peer.answers["/sessions"] = [ApiResult(body=answer(with_items([bad] * 50)))]
    script = """
    await session.start();
    const { unknown } = session;
    await session.end();
    await session.start();
    print([unknown, (await session.end(), session.unknown), errors.length]);
    """
    unknown, after, errors = run(script, javascript, peer)
    assert len(unknown) == 20
    assert {len(entry.encode("utf-16-le")) // 2 for entry in unknown} == {200}
    assert after == []
    assert errors == 1
    told = peer.bodies("/sessions")[1]["unknown"]
    assert told == unknown
    json.dumps(told, ensure_ascii=False).encode()  # no half of a surrogate pair, which no server takes
