"""What a change of the model takes from what environments deliver: it is told before the change is made."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from templates_server.console.platform import invoke, may
from templates_server.console.visits import Visit, located
from templates_server.delivery import api as delivery
from templates_server.delivery.reading import Surroundings, parse_delivery
from templates_server.spaces.reading import parse_model
from templates_server.spaces.store import ENVIRONMENTS

MOST_LOSSES = 30  # of an environment


@dataclass(frozen=True)
class Loss:
    """Something that an environment delivers now and that the model would no longer have."""

    environment: str
    path: str
    message: str


async def scenarios_that_lose(visit: Visit, before: Any, after: Any) -> Sequence[Loss]:
    """What the environments of the Space deliver by one model and would pass over by the other."""
    found: list[Loss] = []
    for environment in ENVIRONMENTS:
        there = await located(visit, environment=environment)
        if may(there, delivery.read):
            delivered = (await invoke(there, delivery.read)).one
            found += await asyncio.to_thread(_losses, delivered, environment, before, after)
    return found


def _losses(delivered: Any, environment: str, before: Any, after: Any) -> Sequence[Loss]:
    old, new = (_problems(delivered, environment, model) for model in (before, after))
    known = set(old)
    return [Loss(environment, path, message) for path, message in new if (path, message) not in known][:MOST_LOSSES]


def _problems(delivered: Any, environment: str, document: Any) -> Sequence[tuple[str, str]]:
    model, _ = parse_model(document, space=document["space"], name=document["name"])
    _, problems = parse_delivery(delivered, Surroundings(model, environment))
    return [(problem.path, problem.message) for problem in problems]
