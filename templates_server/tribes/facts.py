"""The facts of a person as they come from the database, by the columns of `compiler.compile_facts`. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from templates_server.persons.names import PersonKind
from templates_server.persons.profiles import decode_attributes, decode_tags
from templates_server.tribes.compiler import FACTS
from templates_server.tribes.evaluator import PersonFacts
from templates_server.tribes.rules import Questions

DECODE_DATES = msgspec.json.Decoder(dict[str, int]).decode
TAGS = FACTS.index("tags")


def read_facts(row: Sequence[Any], questions: Questions) -> PersonFacts:
    """What a row says, without what an app says when a session starts."""
    known = dict(zip(FACTS, row[:TAGS], strict=False))
    tags, attributes, dates, sessions, *counts = row[TAGS:]
    return PersonFacts(
        PersonKind(known.pop("kind")),
        **known,
        tags=decode_tags(tags),
        attributes=decode_attributes(attributes),
        dates=DECODE_DATES(dates) if dates else {},
        sessions_30_days=sessions,
        events=dict(zip(questions.events, counts, strict=True)),
    )
