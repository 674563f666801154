"""The reference Space as input for generation, read from the documents of the demo."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from templates_server import demo
from templates_server.codegen.model import GenerationInput
from templates_server.delivery.choosing import default_states
from templates_server.delivery.reading import Surroundings, read_delivery
from templates_server.documents import read_yaml
from templates_server.spaces.reading import read_model

HOST = "https://mtribes.example.com"


@functools.cache
def vod() -> GenerationInput:
    """The video-on-demand store, with what its production shows."""
    model = read_model(_document("vod-space.yaml"), space="vod", name="VOD store")
    delivery = read_delivery(_document("vod-production.yaml"), Surroundings(model, "production"))
    return GenerationInput(model, default_states(model, delivery))


def _document(name: str) -> Any:
    return read_yaml((Path(demo.__file__).parent / name).read_bytes(), max_depth=32)
