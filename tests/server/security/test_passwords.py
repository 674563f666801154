"""Which passwords are accepted, and how they are kept and compared."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templates_server.errors import Unavailable
from templates_server.security import passwords
from templates_server.security.passwords import COMMON_PASSWORDS, Passwords, find_password_problems


@pytest.fixture(scope="module")
def hasher() -> Iterator[Passwords]:
    made = Passwords()
    yield made
    made.close()


def is_right(hasher: Passwords, password: str, stored: str | None) -> bool:
    return asyncio.run(hasher.is_right(password, stored))


@pytest.mark.slow
def test_a_password_is_kept_as_argon2id_of_46_mib_1_pass_1_lane(hasher: Passwords) -> None:
    stored = hasher.hash_now("correct horse battery")
    assert stored.startswith("$argon2id$v=19$m=47104,t=1,p=1$")
    assert stored != hasher.hash_now("correct horse battery")
    assert is_right(hasher, "correct horse battery", stored)
    assert not is_right(hasher, "correct horse batterz", stored)
    assert not is_right(hasher, "", stored)


@pytest.mark.parametrize("stored", [None, "", "!", "$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAA"])
def test_without_a_usable_hash_no_password_is_right(hasher: Passwords, stored: str | None) -> None:
    assert not is_right(hasher, "nobody has this password", stored)


def test_a_password_is_the_same_however_its_characters_are_composed(hasher: Passwords) -> None:
    assert is_right(hasher, "cafe\u0301 au lait", hasher.hash_now("caf\u00e9 au lait"))


@pytest.mark.slow
def test_an_unknown_account_takes_as_long_as_a_wrong_password(hasher: Passwords) -> None:
    stored = hasher.hash_now("correct horse battery")

    def seconds(known: str | None) -> float:  # of the processor: others have the machine too
        begin = time.process_time()
        is_right(hasher, "wrong password", known)
        return time.process_time() - begin

    pairs = [(seconds(stored), seconds(None)) for _ in range(9)]
    wrong, unknown = (min(times) for times in zip(*pairs, strict=True))
    assert 0.5 < unknown / wrong < 2


def test_who_comes_when_too_many_wait_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "MAX_WAITING", 3)
    hasher = Passwords()

    async def rush() -> list[bool | BaseException]:
        return await asyncio.gather(*(hasher.is_right("x", None) for _ in range(5)), return_exceptions=True)

    outcomes = asyncio.run(rush())
    hasher.close()
    assert [type(outcome) for outcome in outcomes] == [bool, bool, bool, Unavailable, Unavailable]


@pytest.mark.parametrize(
    "password",
    ["", "short", "123456789", "Password123", "QWERTYUIOP", "aaaaaaaaaaaa", "ababababab", "ada@example.com", "x" * 257],
)
def test_short_guessable_and_endless_passwords_are_refused_with_reasons(password: str) -> None:
    reasons = find_password_problems(password, email="Ada@example.com", name="Ada Lovelace")
    assert reasons
    assert all(reason.endswith(".") for reason in reasons)


@pytest.mark.parametrize("password", ["ada lovelace", "Ada Lovelace 1815!"])
def test_ones_own_name_is_no_password(password: str) -> None:
    assert find_password_problems(password, email="ada@example.com", name="Ada Lovelace")
    assert not find_password_problems(password, email="other@example.com", name="Other")


@pytest.mark.parametrize("password", ["correct horse battery", "Пароль из слов", "🐎🔋📎🎷" * 3, "      x y z w"])
def test_any_other_text_is_accepted_whatever_its_characters(password: str) -> None:
    assert find_password_problems(password, email="ada@example.com", name="Ada") == []


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300), st.emails(), st.text(max_size=30))
def test_the_policy_knows_an_answer_to_every_text(password: str, email: str, name: str) -> None:
    reasons = find_password_problems(password, email=email, name=name)
    if not 10 <= len(password) <= 256:
        assert reasons


def test_the_list_of_common_passwords_is_of_passwords_that_are_long_enough() -> None:
    assert len(COMMON_PASSWORDS) >= 40
    assert all(len(password) >= 10 and password == password.casefold() for password in COMMON_PASSWORDS)
