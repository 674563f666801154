"""What a model, tribes and apps say of events, shares and versions: sound, for the stage, and under odd names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

SOUND_EVENT = "video/completed"
MODELLED: Mapping[str, Any] = {
    "events": {
        SOUND_EVENT: {
            "name": "Video completed",
            "description": "The credits began.",
            "metadata": {
                "title": {"type": "text", "required": True},
                "genre": {"type": "select", "options": ["Drama", "Football"]},
                "minutes": {"type": "number"},
            },
        },
        "item/clicked": {},
    },
    "fields": {"campaign": {"type": "text"}, "plan": {"type": "select", "options": ["gold", "silver"]}},
}
SHARE = {"share": {"salt": "spring", "from": 0, "to": 12.5}}
VERSIONS = (
    {"attribute": "app.version", "operator": "version_at_least", "value": "2.3.0-beta+7"},
    {"attribute": "device.os_version", "operator": "version_below", "value": "v17.4"},
    {"attribute": "app.platform", "operator": "in", "value": ["roku", "ios"]},
)
BOUGHT = {
    "event": "Product Purchased",
    "frequency": {"more_than": 1},
    "timeframe": {"less_than": 7},
    "metadata": {"genre": "Drama"},
    "data": [
        {"path": ["price", "amount"], "operator": "between", "value": [10, 20.5]},
        {"path": ["price", "'; --", "ü"], "operator": "in", "value": ["EUR", 1, True]},
        {"path": ["paid"], "operator": "exists"},
    ],
}
TRIBE: Mapping[str, Any] = {"name": "A tenth", "filters": [SHARE, *VERSIONS, BOUGHT]}
TRIBES: Mapping[str, Any] = {"drawn": {"filters": [SHARE]}, "new-apps": {"filters": VERSIONS}, "bought": TRIBE}
SESSION: Mapping[str, Any] = {
    "anonymous_id": "phone-1",
    "fields": {"campaign": "spring", "plan": "gold"},
    "device": {"os": "iOS", "os_version": "17.4.1", "model": "iPhone15,2"},
    "app": {"version": "v2.3.0-beta+5", "build": "127", "platform": "ios"},
    "code": {"hash": "9f2c" * 16, "language": "swift"},
    "unknown": ['homepage.body[1].layout: "tall"', "homepage.header.motion"],
}
HOSTILE_NAMES: Sequence[str] = (
    "\u202eevil", "\u200b", "\ufeff", "../../etc/passwd", "'; DROP TABLE event_names; --", "%00", "%_", "{{7*7}}",
    "[/red]", "=1+1", "é" * 256, "界" * 256, "\U0001f3ac" * 128, "a/b/c/d", "true", "null", "__proto__", '","', "\\",
    "-1", "1e999", "Product Purchased", " ", "ﬁ", "İ", "ß",
)  # fmt: skip
"""Names of events and keys of metadata that the Client API takes."""
EVENTS: Sequence[Any] = [
    {
        "name": SOUND_EVENT,
        "anonymous_id": "phone-1",
        "data": {"price": {"amount": 12.5, "'; --": {"ü": "EUR"}}, "paid": None},
        "metadata": [
            {"key": "title", "value": "Parasite"},
            {"key": "genre", "value": "Drama"},
            {"key": "minutes", "value": "1e+21"},
        ],
    },
    *(
        {"name": name, "external_id": "ada", "metadata": [{"key": name[:64], "value": name}]}
        for name in HOSTILE_NAMES[::5]
    ),
]


def hostile_events() -> Sequence[Any]:
    """Return an event of each odd name, with odd keys."""
    return [
        {
            "name": name,
            "anonymous_id": "phone-1",
            "metadata": [{"key": key[:64], "value": "x"} for key in (name, HOSTILE_NAMES[number - 1])],
        }
        for number, name in enumerate(HOSTILE_NAMES)
    ]


BODIES: Mapping[str, Any] = {
    "POST /api/client/sessions": SESSION,
    "POST /api/client/events": EVENTS,
    "PUT /v2/spaces/{space}/tribes/{tribe}": TRIBE,
    "POST /v2/spaces/{space}/code": {"targets": [{"language": "typescript", "options": {"events": "modelled"}}]},
}
"""Sound bodies of routes, in place of their examples."""
