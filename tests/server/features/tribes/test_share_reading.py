"""A share in a document: what is read, written back, and refused by its path, everything at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from templates_server.errors import ValidationFailed
from templates_server.features.tribes.model import Share
from templates_server.features.tribes.parser import parse_tribes, read_tribe
from templates_server.features.tribes.serializer import to_document, to_tribe_document
from templates_server.primitives.yaml_json import read_json, read_yaml, write_yaml
from tests.server.features.tribes.made import shares

SPRING = {"salt": "spring", "from": 0, "to": 10}
MISSING_PERCENT = "is missing: say a percentage, 0 to 100"
NO_PERCENT = "must be 0 to 100, with at most two decimals"
FEWER = "must be greater than `from`: nobody would be in the share"


def problems_of(*filters: Any, **tribe: Any) -> dict[str, str]:
    document = {"space": "vod", "tribes": {"banner": {"filters": list(filters), **tribe}}}
    _, problems = parse_tribes(document, space="vod")
    return {problem.path.removeprefix("tribes.banner."): problem.message for problem in problems}


def of_share(**given: Any) -> dict[str, str]:
    """The problems of one share, by what is below it."""
    sent = {key: value for key, value in {**SPRING, **given}.items() if value is not ...}
    found = problems_of({"share": sent})
    return {path.removeprefix("filters[0].share."): message for path, message in found.items()}


@given(shares)
def test_a_share_is_written_back_as_it_was_read_in_json_and_yaml(filter_: dict[str, Any]) -> None:
    tribe = read_tribe({"filters": [filter_]}, key="x")
    written = to_tribe_document(tribe)
    assert written["filters"] == [filter_]
    assert read_tribe(written, key="x") == tribe
    document = to_document({"x": tribe}, space="vod")
    text = write_yaml(document)
    assert read_yaml(text.encode(), max_depth=32) == document
    assert parse_tribes(read_yaml(text.encode(), max_depth=32), space="vod")[0] == {"x": tribe}


@pytest.mark.parametrize("text", ["0.29", "0.290", "29e-2", "0.28999999999999999"])
def test_a_percentage_is_a_whole_hundredth_however_it_is_written(text: str) -> None:
    for read, document in (
        (read_json, f'{{"filters": [{{"share": {{"salt": "s", "from": 0, "to": {text}}}}}]}}'),
        (read_yaml, f"filters: [{{share: {{salt: s, from: 0, to: {text}}}}}]"),
    ):
        [share] = read_tribe(read(document.encode(), max_depth=9), key="x").filters
        assert share == Share("s", 0, 29)


def test_whole_and_broken_percentages_are_written_in_one_form() -> None:
    tribe = read_tribe({"filters": [{"share": {"salt": "s", "from": 10.0, "to": 12.50}}]}, key="x")
    assert repr(to_tribe_document(tribe)["filters"]) == "[{'share': {'salt': 's', 'from': 10, 'to': 12.5}}]"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, {}),
        ({"from": 99.99, "to": 100}, {}),
        ({"salt": "日本 %s's"}, {}),
        ({"salt": ...}, {"salt": "is missing: name what the share is drawn for, such as spring"}),
        ({"salt": None}, {"salt": "is missing: name what the share is drawn for, such as spring"}),
        ({"salt": 2027}, {"salt": "must be text, not a number; put it in quotes"}),
        ({"salt": ""}, {"salt": "must have 1 to 64 characters"}),
        ({"salt": "s" * 65}, {"salt": "has 65 characters; at most 64 are possible"}),
        ({"salt": "a\nb"}, {"salt": "must not contain control characters"}),
        ({"salt": "spring "}, {"salt": "ends with U+0020 (space): remove the invisible characters"}),
        ({"from": ..., "to": ...}, {"from": MISSING_PERCENT, "to": MISSING_PERCENT}),
        (
            {"from": "0", "to": True},
            {"from": "must be a number, not text", "to": "must be a number, not true or false"},
        ),
        ({"from": -0.01, "to": 100.01}, {"from": NO_PERCENT, "to": NO_PERCENT}),
        ({"from": 0.005, "to": 0.1 + 0.2}, {"from": NO_PERCENT, "to": NO_PERCENT}),
        ({"from": -1, "to": 10**30}, {"from": NO_PERCENT, "to": NO_PERCENT}),
        ({"from": 10, "to": 10}, {"to": FEWER}),
        ({"from": 10.01, "to": 10}, {"to": FEWER}),
        ({"seed": 1, "frm": 3}, {"seed": "is not known here", "frm": 'is not known here; did you mean "from"?'}),
    ],
)
def test_each_part_of_a_share_is_refused_by_its_path(given: dict[str, Any], wanted: dict[str, str]) -> None:
    assert of_share(**given) == wanted


@pytest.mark.parametrize("value", [None, 10, "spring", [SPRING], True])
def test_a_share_is_a_mapping(value: Any) -> None:
    example = "must be a mapping such as {salt: spring, from: 0, to: 10}"
    [(path, message)] = problems_of({"share": value}).items()
    assert path == "filters[0].share"
    assert message.startswith("must not be empty" if value is None else example)


def test_a_share_stands_alone_in_its_filter() -> None:
    assert problems_of({"share": SPRING, "operator": "equals"}) == {"filters[0].operator": "is not known here"}
    assert "share" in problems_of({"share": SPRING, "tag": "a"})["filters[0]"]


def test_a_tribe_has_one_share_and_all_of_its_filters_must_match() -> None:
    found = problems_of(
        {"share": SPRING}, {"tag": "a"}, {"share": SPRING}, {"share": {**SPRING, "to": 11}}, match="any"
    )
    only = "must be the only share of the tribe: tribes.banner.filters[0] has one"
    assert found == {
        "filters[2].share": only,
        "filters[3].share": only,
        "match": "must be all where a filter is a share, which narrows what the other filters say",
    }
    assert problems_of({"share": SPRING}, {"tag": "a"}, match="all") == {}
    assert list(problems_of({"share": {**SPRING, "to": 101}}, match="any")) == ["filters[0].share.to", "match"]


def test_a_tribe_by_itself_is_refused_likewise() -> None:
    with pytest.raises(ValidationFailed) as refusal:
        read_tribe({"match": "any", "filters": [{"share": SPRING}, {"share": {}}]}, key="x")
    paths = [problem.path for problem in refusal.value.problems]
    assert paths == [
        "filters[1].share.salt",
        "filters[1].share.from",
        "filters[1].share.to",
        "filters[1].share",
        "match",
    ]


def test_many_shares_in_a_tribe_with_too_many_filters_are_not_listed_one_by_one() -> None:
    assert list(problems_of(*[{"share": SPRING}] * 5_000)) == ["filters"]
