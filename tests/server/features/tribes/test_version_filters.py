"""Filters on versions, as documents hold them: what is read, written back, and refused by its path."""

from __future__ import annotations

from typing import Any

import pytest

from templates_server.errors import ValidationFailed
from templates_server.features.tribes.model import OF_VERSIONS, VERSION_FIELDS, Operator
from templates_server.features.tribes.parser import read_tribe
from templates_server.features.tribes.serializer import to_tribe_document


def problems_of(**filter_: Any) -> list[tuple[str, str]]:
    """What is wrong with one filter."""
    with pytest.raises(ValidationFailed) as refused:
        read_tribe({"filters": [filter_]}, key="x")
    return [(problem.path, problem.message) for problem in refused.value.problems]


@pytest.mark.parametrize("name", VERSION_FIELDS)
@pytest.mark.parametrize("operator", [*sorted(OF_VERSIONS), Operator.EXISTS, Operator.NOT_EXISTS])
def test_a_filter_of_versions_is_written_as_it_was_read(name: str, operator: str) -> None:
    written: dict[str, Any] = {"attribute": name, "operator": str(operator)}
    if operator in OF_VERSIONS:
        written["value"] = "v2.3.0-beta.1+exp"
    document = to_tribe_document(read_tribe({"filters": [written]}, key="x"))
    assert document["filters"] == [written]
    assert to_tribe_document(read_tribe(document, key="x")) == document


@pytest.mark.parametrize("operator", sorted(set(Operator) - OF_VERSIONS - {Operator.EXISTS, Operator.NOT_EXISTS}))
def test_no_other_operator_compares_a_version(operator: str) -> None:
    taken = "version_at_least, version_below, version_equals, exists, not_exists"
    assert problems_of(attribute="app.version", operator=str(operator), value="2.3") == [
        ("filters[0].operator", f"does not compare versions; app.version supports {taken}")
    ]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("attribute", "email"),
        ("attribute", "joined"),
        ("attribute", "app.platform"),
        ("attribute", "attributes.version"),
        ("contextual", "fields.version"),
        ("behaviour", "sessions_30_days"),
    ],
)
def test_nothing_else_is_compared_as_a_version(kind: str, name: str) -> None:
    assert problems_of(**{kind: name}, operator="version_equals", value="2.3") == [
        ("filters[0].operator", f"compares versions and applies to app.version and device.os_version only, not {name}")
    ]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("2.x", '"2.x" is not a version such as 2.3 or 2.3.0-beta: use one to four numbers of up to ten digits'),
        ("", '"" is not a version'),
        ("1.2.3.4.5", '"1.2.3.4.5" is not a version'),
        ("1." * 10_000, "has 20000 characters; the maximum is 256"),
        ("\u0662.3", "is not a version"),
        ("2.3\n", "is not a version"),
        (2.3, "must be text, not a number; put it in quotes"),
        (["2.3"], "must be text, not a list"),
        (None, "is required: version_at_least needs a value to compare with"),
    ],
)
def test_what_is_no_version_is_refused_by_its_path(value: Any, said: str) -> None:
    [(path, message)] = problems_of(attribute="app.version", operator="version_at_least", value=value)
    assert path == "filters[0].value"
    assert said in message


def test_a_name_that_is_nearly_one_is_suggested() -> None:
    [(path, message)] = problems_of(attribute="app.verson", operator="exists")
    assert (path, "app.version" in message) == ("filters[0].attribute", True)
