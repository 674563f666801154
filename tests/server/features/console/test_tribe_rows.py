"""The filters of tribes as rows of a form: read back as the same, or kept whole where no row can say them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_server.features.console.tribes import filter_rows as rows
from templates_server.features.console.tribes.rule_text import sentences, summary
from templates_server.features.tribes.parser import read_tribe
from templates_server.features.tribes.serializer import to_tribe_document
from tests.server.features.tribes.strategies import filters, share_filter

NOT_DONE = (
    'Has not done video/completed more than 2 times, after 2026-01-01, with genre "Football" and title "Final", '
    "where data.price.amount is less than 5"
)
FILTERS: list[tuple[dict[str, Any], str]] = [
    ({"attribute": "attributes.plan", "operator": "equals", "value": "gold"}, 'Attribute “plan” equals "gold"'),
    ({"attribute": "attributes.age", "operator": "in", "value": [1, 2.5]}, "Attribute “age” is one of 1, 2.5"),
    ({"attribute": "attributes.vip", "operator": "equals", "value": True}, "Attribute “vip” equals true"),
    ({"attribute": "joined", "operator": "less_than_days_ago", "value": 7}, "Joined is less than 7 days ago"),
    (
        {"attribute": "created", "operator": "between", "value": ["2026-01-01", "2026-02-01"]},
        "Created is between 2026-01-01 and 2026-02-01",
    ),
    (
        {"attribute": "app.version", "operator": "version_at_least", "value": "2.1"},
        "Version of the app is at least version 2.1",
    ),
    ({"attribute": "email", "operator": "not_exists"}, "E-mail address does not exist"),
    ({"tag": "sports/football"}, "Has the tag sports/football or a tag below it"),
    ({"share": {"salt": "spring", "from": 0, "to": 12.5}}, "Drawn into the share from 0% to 12.5% of “spring”"),
    (
        {"behaviour": "sessions_30_days", "operator": "greater_or_equal", "value": 3},
        "Number of sessions in the last 30 days is 3 or greater",
    ),
    (
        {"contextual": "fields.campaign", "operator": "starts_with", "value": "spr"},
        'Session field: “campaign” starts with "spr"',
    ),
    (
        {
            "event": "video/completed",
            "condition": "have_not_done",
            "frequency": {"more_than": 2},
            "timeframe": {"after": "2026-01-01"},
            "metadata": {"genre": "Football", "title": "Final"},
            "data": [{"path": ["price", "amount"], "operator": "less_than", "value": 5}],
        },
        NOT_DONE,
    ),
]
HELD_WHOLE = [
    {"attribute": "attributes.x", "operator": "in", "value": ["a", 1]},
    {"attribute": "attributes.x", "operator": "equals", "value": ""},
    {"attribute": "attributes.x", "operator": "in", "value": ["two\nlines"]},
    {"attribute": "attributes.x", "operator": "equals", "value": "two\r\nlines"},
    {"event": "a/b", "metadata": {"genre": "two\nlines"}},
    {"event": "a/b", "data": [{"path": ["a.b"], "operator": "exists"}]},
]


@pytest.mark.parametrize(
    ("document", "words"), FILTERS, ids=lambda each: next(iter(each)) if isinstance(each, dict) else ""
)
def test_a_filter_is_a_row_and_a_sentence(document: dict[str, Any], words: str) -> None:
    tribe = read_tribe({"filters": [document]}, key="x")
    (canonical,) = to_tribe_document(tribe)["filters"]
    row = rows.to_row(canonical)
    assert row["kind"] in document
    assert rows.to_filter(row) == canonical
    assert sentences(tribe) == [words]


@pytest.mark.parametrize("document", HELD_WHOLE)
def test_what_no_row_can_say_is_kept_whole(document: dict[str, Any]) -> None:
    (canonical,) = to_tribe_document(read_tribe({"filters": [document]}, key="x"))["filters"]
    row = rows.to_row(canonical)
    assert row["kind"] == "document"
    assert rows.to_filter(row) == canonical


@given(st.lists(filters, max_size=5), st.text(st.characters(exclude_categories=["C"]), max_size=50))
def test_any_tribe_comes_back_from_the_form(made: list[dict[str, Any]], description: str) -> None:
    given_filters = [*made, share_filter("spring", 0, 1250)]
    tribe = read_tribe({"description": description.strip(), "filters": given_filters}, key="x")
    document = to_tribe_document(tribe)
    sent = {name: [text.replace("\n", "\r\n") for text in texts] for name, texts in rows.to_values(document).items()}
    assert to_tribe_document(read_tribe(rows.document_in(sent), key="x")) == document
    assert len(sentences(tribe)) == len(given_filters)
    assert summary(tribe).startswith("Users and visitors who match ")


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("filters[0].attribute", "f0-attribute"),
        ("filters[1].value[3]", "f1-value"),
        ("filters[2].frequency.more_than", "f2-number"),
        ("filters[2].timeframe.after", "f2-date"),
        ("filters[2].metadata.genre", "f2-meta1-key"),
        ("filters[2].data[1].value", "f2-data2-value"),
        ("filters[2].data[0].path[1]", "f2-data1-path"),
        ("filters[3].share.to", "f3-to"),
        ("filters[4]", "f4"),
        ("filters[4].nonsense", "f4"),
        ("match", "match"),
        ("tribes", ""),
    ],
)
def test_a_problem_stands_beside_its_field(path: str, field: str) -> None:
    assert rows.field_of(path) == field


def test_a_row_that_was_added_is_whole() -> None:
    for kind, names in rows.FIELDS.items():
        assert set(rows.new_row(kind)) == {"kind", *names}


def test_a_key_of_metadata_twice_and_a_number_that_is_none_are_told() -> None:
    twice = {**rows.new_row("event"), "meta1-key": "genre", "meta2-key": "genre"}
    word = {**rows.new_row("attribute"), "type": "number", "value": "ten"}
    assert [problem.path for problem in rows.own_problems([twice, word])] == [
        "filters[0].metadata",
        "filters[1].value",
    ]
