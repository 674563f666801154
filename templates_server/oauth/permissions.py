"""What scopes mean, in words for the person who is asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from templates_server.access import Scope

WORDS: Mapping[Scope, str] = {
    Scope.SPACES_READ: "See your Spaces and what they deliver.",
    Scope.SPACES_WRITE: "Create, change and delete Spaces, and change what they deliver.",
    Scope.CODE_READ: "Generate code for your Spaces.",
    Scope.USERS_READ: "See the people who use your apps, with what is known of them.",
    Scope.USERS_WRITE: "Add, change and delete the people who use your apps.",
    Scope.TRIBES_READ: "See tribes and who belongs to them.",
    Scope.TRIBES_WRITE: "Create, change and delete tribes.",
    Scope.EVENTS_READ: "See what people did in your apps.",
}


def in_words(scopes: Collection[str]) -> Sequence[str]:
    """What these scopes allow, a sentence each."""
    return [words for scope, words in WORDS.items() if scope in scopes]
