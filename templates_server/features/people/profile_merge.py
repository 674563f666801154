"""The merging of a visitor's profile into a user's. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from templates_server.features.people.profile import Attributes, Profile, Scalar, measure_attributes
from templates_server.features.people.profile_parser import MAX_ATTRIBUTES_BYTES, MOST_ATTRIBUTES, MOST_TAGS


def merge_profiles(user: Profile, visitor: Profile) -> Profile:
    """Return the user's profile with gaps filled from the visitor's, as far as the limits allow."""
    return Profile(
        user.email if user.email is not None else visitor.email,
        user.phone if user.phone is not None else visitor.phone,
        user.timezone if user.timezone is not None else visitor.timezone,
        user.locale if user.locale is not None else visitor.locale,
        user.joined if user.joined is not None else visitor.joined,
        _joined_tags(user.tags, visitor.tags),
        _joined_attributes(user.attributes, visitor.attributes),
    )


def _joined_tags(user: Sequence[str], visitor: Sequence[str]) -> tuple[str, ...]:
    lacking = sorted(set(visitor) - set(user))
    return tuple(sorted([*user, *lacking[: MOST_TAGS - len(user)]]))


def _joined_attributes(user: Attributes, visitor: Attributes) -> Attributes:
    """Return the missing attributes that fit, first by name, within the limits of number and bytes."""
    lacking = sorted(visitor.keys() - user.keys())[: max(0, MOST_ATTRIBUTES - len(user))]
    room = MAX_ATTRIBUTES_BYTES - measure_attributes(user) + (0 if user else len(","))
    chosen: dict[str, Scalar] = {}
    for name in lacking:
        member = {name: visitor[name]}
        room -= measure_attributes(member) - len("{}") + len(",")
        if room < 0:
            break
        chosen |= member
    return dict(sorted({**user, **chosen}.items()))


def find_gained_tags(joined: Profile, user: Profile) -> Sequence[str]:
    """Return the tags added to the user, in order; not those beyond the limit."""
    return sorted(set(joined.tags) - set(user.tags))
