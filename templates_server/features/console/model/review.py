"""The delivered content that a change of the model removes, shown before the change is made."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from templates_server.features.console.platform_api import invoke, is_permitted
from templates_server.features.console.visit import Visit, locate
from templates_server.features.spaces.delivery import api as delivery
from templates_server.features.spaces.delivery.parser import ParseContext, parse_delivery
from templates_server.features.spaces.parser import parse_model
from templates_server.features.spaces.store import ENVIRONMENTS

MOST_LOSSES = 30  # of an environment


@dataclass(frozen=True)
class LostContent:
    """Content that an environment delivers now and that the model would no longer have."""

    environment: str
    path: str
    message: str


async def scenarios_that_lose(visit: Visit, before: Any, after: Any) -> Sequence[LostContent]:
    """Return the content that the Space's environments deliver with one model and would ignore with the other."""
    found: list[LostContent] = []
    for environment in ENVIRONMENTS:
        there = await locate(visit, environment=environment)
        if is_permitted(there, delivery.read):
            delivered = (await invoke(there, delivery.read)).one
            found += await asyncio.to_thread(_losses, delivered, environment, before, after)
    return found


def _losses(delivered: Any, environment: str, before: Any, after: Any) -> Sequence[LostContent]:
    old, new = (_problems(delivered, environment, model) for model in (before, after))
    known = set(old)
    return [LostContent(environment, path, message) for path, message in new if (path, message) not in known][
        :MOST_LOSSES
    ]


def _problems(delivered: Any, environment: str, document: Any) -> Sequence[tuple[str, str]]:
    model, _ = parse_model(document, space=document["space"], name=document["name"])
    _, problems = parse_delivery(delivered, ParseContext(model, environment))
    return [(problem.path, problem.message) for problem in problems]
