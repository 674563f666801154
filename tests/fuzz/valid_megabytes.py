"""Bodies of about a megabyte that are sound, so that a server reads all of them: those that cost it most."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.fuzz.app_data import SESSION

MEGABYTE = 1_000_000
ROW = {"tags": ["a", "b/c"], "attributes": {f"a{number}": number for number in range(10)}}
TEXTS = {f"k{number}": "v" * 20 for number in range(25)}
FILTERS = [{"attribute": f"attributes.x{number}", "operator": "equals", "value": "x" * 30} for number in range(10)]
HERO = {"properties": {"title": {"type": "text"}}}
HOME = {"home": {"children": {"hero": {"experience": "e1"}}}}


def written(value: Any) -> bytes:
    """Return JSON without blanks."""
    return json.dumps(value, separators=(",", ":")).encode()


def rows(row: Callable[[int], Any], *, at_most: int) -> bytes:
    """Return NDJSON of a megabyte, or of so many rows."""
    lines: list[bytes] = []
    size = 0
    while size < MEGABYTE and len(lines) < at_most:
        lines.append(written(row(len(lines))) + b"\n")
        size += len(lines[-1])
    return b"".join(lines)


def model_of_properties(name: str) -> Any:
    """Return a model with as many properties as a megabyte holds."""
    properties = {f"{name}{number}": {"type": "text"} for number in range(200)}
    return {"experiences": {f"e{number}": {"properties": properties} for number in range(215)}, "collections": HOME}


def model_of_options(name: str) -> Any:
    """Return a model with as many options as a megabyte holds."""
    select = {"type": "select", "options": [f"o{number}" for number in range(200)]}
    properties = {f"{name}{number}": select for number in range(20)}
    return {"experiences": {f"e{number}": {"properties": properties} for number in range(35)}, "collections": HOME}


def model_of_children(name: str) -> Any:
    """Return a model with as many children as a megabyte holds."""
    children = {f"a{number}": {"experience": "e1"} for number in range(200)}
    return {"experiences": {"e1": HERO}, "collections": {f"{name}{n}": {"children": children} for n in range(180)}}


def model_of_events(name: str) -> Any:
    """Return a model with all events that there may be, each with all of its metadata, and with all fields."""
    options = [f"option {number}" for number in range(17)]
    metadata = {f"{name}{number}": {"type": "select", "options": options, "required": True} for number in range(3)}
    events = {f"category/{name}{number}": {"metadata": metadata} for number in range(1_000)}
    fields = {f"{name}{number}": {"type": "select", "options": options} for number in range(100)}
    return {"events": events, "fields": fields, "experiences": {"e1": HERO}, "collections": HOME}


MODELS = (model_of_properties, model_of_options, model_of_children, model_of_events)


def conditions(number: int) -> Any:
    """Return as many conditions on data as an event filter takes."""
    operators = (("between", [10, 20.5]), ("in", ["EUR", number, True]), ("exists", None))
    return [
        {"path": ["price", f"k{number}", f"k'{place}"], "operator": operator, "value": value}
        for place, (operator, value) in enumerate(operators)
    ]


def tribe_of_shares(number: int) -> Any:
    """Return a tribe with a share, versions, and events with conditions on their data."""
    share = {"share": {"salt": f"salt {number}", "from": number / 100, "to": (number + 25) / 100}}
    version = {"attribute": "app.version", "operator": "version_at_least", "value": f"2.{number}.0-beta+{number}"}
    bought = [{"event": f"a/e{n}", "metadata": {"genre": "x" * 20}, "data": conditions(n)} for n in range(3)]
    return {"filters": [share, version, {**version, "attribute": "device.os_version"}, *bought]}


def event_of_its_own_name(number: int) -> Any:
    """Return an event with a name and keys of metadata that no other has."""
    metadata = [{"key": f"key {number} {pair}", "value": "v" * 100} for pair in range(3)]
    data = {f"k{key}": "v" * 20 for key in range(10)}
    return {"name": f"event {number} " + "n" * 100, "anonymous_id": f"q{number}", "metadata": metadata, "data": data}


TARGETS: Mapping[str, tuple[str, str, bytes]] = {
    **{f"{make.__name__}, put": ("PUT", "/v2/spaces/radio/model", written(make("a"))) for make in MODELS},
    **{f"{make.__name__}, compared": ("POST", "/v2/spaces/radio/model/diff", written(make("b"))) for make in MODELS},
    "tribes": (
        "PUT",
        "/v2/spaces/radio/tribes",
        written({"tribes": {f"t{n}": {"category": f"c{n // 50}", "filters": FILTERS} for n in range(1_000)}}),
    ),
    "tribes of shares, versions and data": (
        "PUT",
        "/v2/spaces/radio/tribes",
        written({"tribes": {f"t{n}": {"category": f"c{n // 50}", **tribe_of_shares(n)} for n in range(1_000)}}),
    ),
    "users": (
        "POST",
        "/v2/spaces/vod/environments/production/users",
        written([{"user_id": f"u{n}", "attributes": TEXTS} for n in range(1_000)]),
    ),
    "many small rows": (
        "PUT",
        "/v2/spaces/vod/environments/production/imports/small/parts/1",
        rows(lambda number: {"user_id": f"s{number}"}, at_most=50_000),
    ),
    "rows with attributes": (
        "PUT",
        "/v2/spaces/vod/environments/production/imports/full/parts/1",
        rows(lambda number: {"user_id": f"f{number}", **ROW}, at_most=50_000),
    ),
    "bad rows": (
        "PUT",
        "/v2/spaces/vod/environments/production/imports/bad/parts/1",
        rows(lambda _number: {"user_id": ""}, at_most=50_000),
    ),
    "events": (
        "POST",
        "/api/client/events",
        written([{"name": "video/completed", "anonymous_id": f"p{n}", "data": TEXTS} for n in range(1_000)]),
    ),
    "events of a thousand names": (
        "POST",
        "/api/client/events",
        written([event_of_its_own_name(number) for number in range(1_000)]),
    ),
    "unknown states": (
        "POST",
        "/api/client/sessions",
        written({**SESSION, "unknown": [f'home.body[{number}].layout: "tall"' for number in range(25_000)]}),
    ),
}
"""Method, path and body by what is in it."""
