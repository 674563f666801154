"""What people of an environment are like, for editors to offer: names alone, of a bounded sample. It only reads."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from templates_server.schema import persons

SAMPLE_PEOPLE = 200
"""The first by the primary key, which is made of hashes: as good as drawn."""
MOST_OFFERED = 200


@dataclass(frozen=True)
class Sample:
    """The names of attributes and the tags that people have, in order."""

    attributes: Sequence[str]
    tags: Sequence[str]


def sample_people(connection: Connection, environment_id: str) -> Sample:
    """The commonest names of attributes and tags of some people."""
    columns = persons.c
    query = select(columns.attributes, columns.tags).where(columns.environment_id == environment_id)
    attributes: Counter[str] = Counter()
    tags: Counter[str] = Counter()
    for attributes_text, tags_text in connection.execute(query.order_by(columns.person_id).limit(SAMPLE_PEOPLE)):
        attributes.update(json.loads(attributes_text).keys())
        tags.update(filter(None, tags_text.split("\n")))
    return Sample(_commonest(attributes), _commonest(tags))


def _commonest(counts: Counter[str]) -> Sequence[str]:
    return sorted(name for name, _ in counts.most_common(MOST_OFFERED))
