"""The facts of a person in database form, by the columns of `compiler.FactsQuery`. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from templates_server.features.people.identity import PersonKind
from templates_server.features.people.profile import decode_attributes, decode_tags
from templates_server.features.tribes.evaluator import PersonFacts
from templates_server.features.tribes.model import CountQueries

KINDS = {kind.value: kind for kind in PersonKind}
DECODE_DATES = msgspec.json.Decoder(dict[str, int]).decode


def read_facts(row: Sequence[Any], questions: CountQueries) -> PersonFacts:
    """Return the facts in a row, without the context that an app sends at session start."""
    kind, created, share_number, first_seen, last_seen, joined, email, locale, timezone, *others = row
    device_os, device_model, app_platform, app_version, os_version, tags, attributes, dates, *counted = others
    sessions, *counts = counted
    return PersonFacts(
        KINDS[kind],
        created,
        share_number,
        first_seen,
        last_seen,
        joined,
        email,
        locale,
        timezone,
        device_os,
        device_model,
        app_platform,
        app_version,
        os_version,
        decode_tags(tags),
        decode_attributes(attributes),
        DECODE_DATES(dates) if dates else {},
        sessions_30_days=sessions,
        events=dict(zip(questions.events, counts, strict=True)) if counts else {},
    )
