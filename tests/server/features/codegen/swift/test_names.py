"""Names in Swift: what is reserved, what Swift itself has, and what an enumeration is made of."""

from __future__ import annotations

import pytest

from templates_server.features.codegen.naming import name_scope
from templates_server.features.codegen.swift.names import argument, case, declare, member, nested_type


@pytest.mark.parametrize("key", ["class", "default", "in", "protocol", "true", "where", "nil", "inout"])
def test_reserved_words_stand_in_backticks_where_they_are_declared(key: str) -> None:
    name = member(name_scope([key])[key])
    assert name.text == key
    assert declare(name).text == f"`{key}`"


@pytest.mark.parametrize("key", ["init", "self", "description", "hash-value"])
def test_what_swift_has_itself_is_no_member(key: str) -> None:
    assert member(name_scope([key])[key]).text.endswith("_")


@pytest.mark.parametrize("key", ["all-cases", "raw-value", "none", "some", "unset", "id"])
def test_what_enumerations_have_is_no_case(key: str) -> None:
    name = name_scope([key])[key]
    assert case(name).text.endswith("_")
    assert not member(name).text.endswith("_")


@pytest.mark.parametrize("key", ["string", "type", "protocol", "swift", "sendable", "case-iterable", "self", "any"])
def test_what_an_enumeration_is_made_of_is_not_hidden_by_it(key: str) -> None:
    assert nested_type(name_scope([key])[key]).text.endswith("_")


@pytest.mark.parametrize("key", ["init", "self"])
def test_a_parameter_is_one_that_can_be_used(key: str) -> None:
    assert argument(name_scope([key])[key]).text.endswith("_")
