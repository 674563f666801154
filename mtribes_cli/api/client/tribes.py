"""Tribes, who is in them and why; what a session shows and why."""

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
    """Tribes, who is in them and why; what a session shows and why."""

    def tribes(self, space: str) -> tuple[Tribe, ...]:
        """The tribes of a Space."""
        return self.fetch_one(get("v2", "spaces", space, "tribes"), read_tribes)

    def tribes_document(self, space: str, *, revision: int | None = None) -> Mapping[str, object]:
        """All of them as one document."""
        return self.fetch_one(get("v2", "spaces", space, "tribes", query=drop_none(revision=revision)), document_of)

    def tribes_yaml(self, space: str, *, revision: int | None = None) -> str:
        """The same, as the server writes it in YAML."""
        return self.fetch_yaml(("v2", "spaces", space, "tribes"), query=drop_none(revision=revision))

    def push_tribes(self, space: str, document: SentDocument) -> PushedTribes:
        """Replace all tribes of a Space; unless forced the document's own revision must be the newest."""
        return self.put_document(("v2", "spaces", space, "tribes"), PushedTribes.read, document)

    def tribes_impact(self, space: str, document: SentDocument) -> tuple[Impact, ...]:
        """What pushing all tribes would change, for whom, in each environment."""
        path = ("v2", "spaces", space, "tribes", "impact")
        return items(unwrap_envelope(self.send(post_document(path, document))), Impact.read, "data")

    def tribes_history(self, space: str, *, limit: int) -> tuple[Revision, ...]:
        """The newest revisions of a Space's tribes; more than the limit where there are more."""
        return self.fetch_revisions(("v2", "spaces", space, "tribes"), limit)

    def tribe(self, space: str, tribe: str) -> Mapping[str, object]:
        """One tribe as a document."""
        return self.fetch_one(get("v2", "spaces", space, "tribes", tribe), document_of)

    def tribe_yaml(self, space: str, tribe: str) -> str:
        """The same, as the server writes it in YAML."""
        return self.fetch_yaml(("v2", "spaces", space, "tribes", tribe))

    def delete_tribe(self, space: str, tribe: str, *, note: str | None = None) -> None:
        """Remove a tribe that no scenario is for."""
        path = path_of("v2", "spaces", space, "tribes", tribe, query=drop_none(note=note))
        self.entities(Request("DELETE", path))

    def count_tribe(self, space: str, environment: str, tribe: str) -> TribeCount:
        """How many people are in a tribe."""
        path = (*environment_path(space, environment), "tribes", tribe, "count")
        return self.fetch_one(get(*path), TribeCount.read)

    def explain_tribe(self, space: str, environment: str, tribe: str, *, asked: Mapping[str, object]) -> Explanation:
        """Why somebody is in a tribe or not: `user` or `anonymous_id`, and `fields`, JSON of what an app would say."""
        path = (*environment_path(space, environment), "tribes", tribe, "explanation")
        return self.fetch_one(get(*path, query=asked), Explanation.read)

    def explain_session(self, space: str, environment: str, asked: Mapping[str, object]) -> SessionExplanation:
        """What a session would show now, and why: `user_id` or `anonymous_id`, and `fields`, what an app would say."""
        path = (*environment_path(space, environment), "session-explanation")
        return self.fetch_one(post(path, asked, may_repeat=True), SessionExplanation.read)
