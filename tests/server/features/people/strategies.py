"""Users as anybody may send them, made by hypothesis: good ones, and ones that break a rule."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from templates_server.features.people.identity import find_user_id_problem

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=64)
NUMBERS = st.one_of(
    st.integers(-(2**63) + 1, 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0, 1, -0.0, 1.0, 2.0**53, 2.0**53 + 2, 0.1, 5e-324, 1e300]),
)
DATES = st.sampled_from(
    [
        "2026-11-21",
        "2026-02-29",
        "2024-02-29",
        "2026-11-21T20:35:00Z",
        "2026-11-21T20:35:00.5+02:00",
        "0001-01-01",
        "now",
    ]
)
SCALARS = st.one_of(TEXTS, DATES, NUMBERS, st.booleans())
FEW_NAMES = st.sampled_from(["a", "b", "ä", "日本", "__proto__", "a b", "$ref"])
ATTRIBUTES = st.dictionaries(st.one_of(FEW_NAMES, NAMES), st.one_of(SCALARS, st.none()), max_size=6)
LEVELS = (
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Lu", "Lt"], exclude_characters="/"), min_size=1)
    .map(lambda text: text.lower()[:64].strip())
    .filter(lambda text: text and text == text.lower())
)
FEW_TAGS = st.sampled_from(["a", "a/b", "a/b/c", "b", "日本/東京", "été", "a b"])
TAGS = st.one_of(FEW_TAGS, st.lists(LEVELS, min_size=1, max_size=3).map("/".join))
JOINED = st.one_of(
    st.dates().map(lambda day: day.isoformat()),
    st.sampled_from(["2026-11-21T23:59:59-12:00", "2026-11-21T00:00:00+14:00", "1969-12-31T23:00:00Z"]),
)

USER_IDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=2, max_size=256).filter(
    lambda text: find_user_id_problem(text) is None
)


@st.composite
def good_users(draw: st.DrawFn, user_ids: st.SearchStrategy[str] = USER_IDS) -> dict[str, Any]:
    """A user that breaks no rule, with any of the fields."""
    fields: dict[str, st.SearchStrategy[Any]] = {
        "email": st.sampled_from(["ada@example.com", "a@b.c", "ä@ö.ü", "x" * 245 + "@b.de"]),
        "phone": st.text(st.characters(categories=["Nd", "Pd", "Zs"]), min_size=1, max_size=64),
        "timezone": st.sampled_from(["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"]),
        "locale": st.sampled_from(["en", "pt-BR", "zh-Hant-TW", "de-1996", "en-x-private"]),
        "joined": JOINED,
        "tags": st.lists(TAGS, max_size=5),
        "attributes": ATTRIBUTES,
    }
    sent = {name: draw(st.one_of(values, values, st.none())) for name, values in fields.items() if draw(st.booleans())}
    added = draw(st.lists(TAGS, max_size=3))
    removed = draw(st.lists(TAGS.filter(lambda tag: tag not in added), max_size=3))
    return {"user_id": draw(user_ids)[:256], **sent, "add_tags": added, "remove_tags": removed}
