"""How secrets look, and that a mistyped one is known without the database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_server.primitives.ids import ALPHABET
from templates_server.security.secrets import SecretKind, add_checksum, hash_secret, is_well_formed, new_secret


@pytest.mark.parametrize("kind", SecretKind)
def test_a_secret_has_its_prefix_30_random_characters_and_6_of_a_checksum(kind: SecretKind) -> None:
    secret = new_secret(kind)
    assert secret.startswith(f"{kind}_")
    assert len(secret) == 4 + 30 + 6
    assert is_well_formed(secret)
    assert new_secret(kind) != secret


@given(st.integers(min_value=0, max_value=39), st.sampled_from(ALPHABET))
def test_a_secret_with_one_wrong_character_is_not_well_formed(place: int, character: str) -> None:
    secret = add_checksum("mtp_" + "a" * 30)
    changed = secret[:place] + character + secret[place + 1 :]
    assert is_well_formed(changed) == (changed == secret)


@given(st.text(max_size=60))
def test_other_texts_are_not_well_formed(text: str) -> None:
    assert not is_well_formed(text)
    assert not is_well_formed(f"mto_{text}")


def test_a_hash_is_a_sha_256() -> None:
    assert hash_secret("mto_x").hex() == "85bc208bb8ee1c3a171a0c2b408314be889d6ddb162b889b8ead77c82e9ddb9d"
