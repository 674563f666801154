"""Tribes: their members, and explanations of tribes and sessions."""

from __future__ import annotations

from collections.abc import Mapping

from mtribes_cli.api.client.authorized_session import AuthorizedSession, document_of
from mtribes_cli.api.decoding import items
from mtribes_cli.api.models.history import Revision
from mtribes_cli.api.models.impact import Impact
from mtribes_cli.api.models.sessions import SessionExplanation
from mtribes_cli.api.models.tribes import Explanation, PushedTribes, Tribe, TribeCount, read_tribes
from mtribes_cli.api.request import (
    Request,
    SentDocument,
    drop_none,
    environment_path,
    get,
    path_of,
    post,
    post_document,
)
from mtribes_cli.api.response import unwrap_envelope


class TribesClient(AuthorizedSession):
    """Calls about tribes: their members, and explanations of tribes and sessions."""

    def tribes(self, space: str) -> tuple[Tribe, ...]:
        """Return the tribes of a Space."""
        return self.fetch_one(get("v2", "spaces", space, "tribes"), read_tribes)

    def tribes_document(self, space: str, *, revision: int | None = None) -> Mapping[str, object]:
        """Return all tribes of a Space as one document."""
        return self.fetch_one(get("v2", "spaces", space, "tribes", query=drop_none(revision=revision)), document_of)

    def tribes_yaml(self, space: str, *, revision: int | None = None) -> str:
        """Return all tribes of a Space as the server writes them in YAML."""
        return self.fetch_yaml(("v2", "spaces", space, "tribes"), query=drop_none(revision=revision))

    def push_tribes(self, space: str, document: SentDocument) -> PushedTribes:
        """Replace all tribes of a Space; unless forced, the document's own revision must be the newest."""
        return self.put_document(("v2", "spaces", space, "tribes"), PushedTribes.read, document)

    def tribes_impact(self, space: str, document: SentDocument) -> tuple[Impact, ...]:
        """Return what pushing all tribes would change, and for whom, in each environment."""
        path = ("v2", "spaces", space, "tribes", "impact")
        return items(unwrap_envelope(self.send(post_document(path, document))), Impact.read, "data")

    def tribes_history(self, space: str, *, limit: int) -> tuple[Revision, ...]:
        """Return the newest revisions of a Space's tribes; more than the limit if there are more."""
        return self.fetch_revisions(("v2", "spaces", space, "tribes"), limit)

    def tribe(self, space: str, tribe: str) -> Mapping[str, object]:
        """Return one tribe as a document."""
        return self.fetch_one(get("v2", "spaces", space, "tribes", tribe), document_of)

    def tribe_yaml(self, space: str, tribe: str) -> str:
        """Return one tribe as the server writes it in YAML."""
        return self.fetch_yaml(("v2", "spaces", space, "tribes", tribe))

    def delete_tribe(self, space: str, tribe: str, *, note: str | None = None) -> None:
        """Delete a tribe. Fails if a scenario targets it."""
        path = path_of("v2", "spaces", space, "tribes", tribe, query=drop_none(note=note))
        self.entities(Request("DELETE", path))

    def count_tribe(self, space: str, environment: str, tribe: str) -> TribeCount:
        """Return how many people are in a tribe."""
        path = (*environment_path(space, environment), "tribes", tribe, "count")
        return self.fetch_one(get(*path), TribeCount.read)

    def explain_tribe(self, space: str, environment: str, tribe: str, *, asked: Mapping[str, object]) -> Explanation:
        """Explain why a person is in a tribe or not: `user` or `anonymous_id`, and `fields`, JSON from an app."""
        path = (*environment_path(space, environment), "tribes", tribe, "explanation")
        return self.fetch_one(get(*path, query=asked), Explanation.read)

    def explain_session(self, space: str, environment: str, asked: Mapping[str, object]) -> SessionExplanation:
        """Explain what a session would show now: `user_id` or `anonymous_id`, and `fields` as an app sends them."""
        path = (*environment_path(space, environment), "session-explanation")
        return self.fetch_one(post(path, asked, may_repeat=True), SessionExplanation.read)
