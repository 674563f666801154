"""Parameters of queries and forms."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_server.errors import BadRequest
from templates_server.http.forms.urlencoded import decode

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@given(st.lists(st.tuples(TEXT, TEXT), max_size=20))
def test_what_was_encoded_is_decoded_with_every_value_in_order(pairs: list[tuple[str, str]]) -> None:
    parameters = decode(urlencode(pairs).encode())
    assert sorted((name, value) for name, values in parameters.values.items() for value in values) == sorted(pairs)
    names = [name for name, _ in pairs]
    assert parameters.repeated == {name for name in names if names.count(name) > 1}
    for name in names:
        first = next(value for found, value in pairs if found == name)
        assert parameters.get(name) == (first or None)
        assert parameters.text(name) == first


@given(st.binary(max_size=60))
def test_any_bytes_are_parameters_or_a_bad_request(encoded: bytes) -> None:
    try:
        values = decode(encoded).values
    except BadRequest:
        return
    assert not any("\0" in text for name, texts in values.items() for text in (name, *texts))


@pytest.mark.parametrize("encoded", [b"a=%FF", b"%C3=a", b"a=\xc3\xa4", b"a=%00", b"%00=a", b"a=1&" * 64 + b"b=1"])
def test_what_is_not_utf_8_holds_nul_or_is_too_much_is_a_bad_request(encoded: bytes) -> None:
    with pytest.raises(BadRequest):
        decode(encoded)


def test_percent_encoded_surrogates_are_not_utf_8() -> None:
    with pytest.raises(BadRequest):
        decode(b"a=%ED%A0%80")


def test_nothing_is_no_parameters() -> None:
    assert decode(b"").values == {}
