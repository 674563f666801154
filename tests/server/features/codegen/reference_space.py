"""The reference Space as input for generation, read from the documents of the demo."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from templates_server.features import demo
from templates_server.features.spaces.delivery.parser import ParseContext, read_delivery
from templates_server.features.spaces.delivery.scenario_selection import default_states
from templates_server.features.spaces.model import GenerationInput
from templates_server.features.spaces.parser import read_model
from templates_server.primitives.yaml_json import read_yaml

HOST = "https://mtribes.example.com"
EVENTS_AND_FIELDS: dict[str, Any] = {
    "events": {
        "item/clicked": {"name": "Item clicked"},
        "search/done": {"metadata": {"is-first": {"type": "toggle"}, "results": {"type": "number"}}},
        "video/completed": {
            "name": "Video completed",
            "description": "The credits began.",
            "metadata": {
                "genre": {"type": "select", "options": ["Drama", "Football"], "name": "Genre"},
                "title": {"type": "text", "required": True},
            },
        },
    },
    "fields": {
        "campaign": {"type": "text", "name": "Campaign"},
        "cart-total": {"type": "number"},
        "is-member": {"type": "toggle"},
        "plan": {"type": "select", "options": ["free", "gold"]},
    },
}


@functools.cache
def vod() -> GenerationInput:
    """The video-on-demand store, with what its production shows."""
    model = read_model(_document("vod-space.yaml"), space="vod", name="VOD store")
    delivery = read_delivery(_document("vod-production.yaml"), ParseContext(model, "production"))
    return GenerationInput(model, default_states(model, delivery))


@functools.cache
def tracked_vod() -> GenerationInput:
    """The same with a model of what the app says: events with and without metadata, and fields."""
    model = read_model({**_document("vod-space.yaml"), **EVENTS_AND_FIELDS}, space="vod", name="VOD store")
    return GenerationInput(model, vod().fallbacks)


def _document(name: str) -> Any:
    return read_yaml((Path(demo.__file__).parent / name).read_bytes(), max_depth=32)
