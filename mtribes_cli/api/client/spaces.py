"""Spaces, their models, and the code generated from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mtribes_cli.api.client.authorized_session import AuthorizedSession, document_of
from mtribes_cli.api.models.generated_code import CodeTarget, GeneratedCode
from mtribes_cli.api.models.history import Revision
from mtribes_cli.api.models.spaces import ModelDiff, PushedModel, Space
from mtribes_cli.api.request import Request, SentDocument, drop_none, get, patch, path_of, post


class SpacesClient(AuthorizedSession):
    """Calls about Spaces, their models, and the code generated from them."""

    def spaces(self, organization: str | None = None) -> tuple[Space, ...]:
        """Return the visible Spaces, or those of one organization."""
        within = ("organizations", organization) if organization else ()
        return self.fetch_all(("v2", *within, "spaces"), Space.read)

    def space(self, space: str) -> Space:
        """Return one Space, by key or ID."""
        return self.fetch_one(get("v2", "spaces", space), Space.read)

    def create_space(self, organization: str, *, key: str, name: str | None) -> Space:
        """Create a Space."""
        body = {"key": key} | ({"name": name} if name else {})
        return self.fetch_one(post(("v2", "organizations", organization, "spaces"), body, once=True), Space.read)

    def rename_space(self, space: str, *, name: str, note: str | None) -> Space:
        """Rename a Space."""
        return self.fetch_one(patch(("v2", "spaces", space), {"name": name}, query=drop_none(note=note)), Space.read)

    def delete_space(self, space: str) -> None:
        """Delete a Space and everything in it."""
        self.entities(Request("DELETE", path_of("v2", "spaces", space)))

    def model(self, space: str, *, revision: int | None = None) -> Mapping[str, object]:
        """Return the model of a Space as a document."""
        return self.fetch_one(get("v2", "spaces", space, "model", query=drop_none(revision=revision)), document_of)

    def model_yaml(self, space: str, *, revision: int | None = None) -> str:
        """Return the model of a Space as the server writes it in YAML."""
        return self.fetch_yaml(("v2", "spaces", space, "model"), query=drop_none(revision=revision))

    def push_model(self, space: str, document: SentDocument) -> PushedModel:
        """Replace the model of a Space; unless forced, the document's own revision must be the newest."""
        return self.put_document(("v2", "spaces", space, "model"), PushedModel.read, document)

    def model_history(self, space: str, *, limit: int) -> tuple[Revision, ...]:
        """Return the newest revisions of a model; more than the limit if there are more."""
        return self.fetch_revisions(("v2", "spaces", space, "model"), limit)

    def diff_model(self, space: str, document: bytes, *, content_type: str) -> ModelDiff:
        """Return what a document would change; nothing is stored. Raises DocumentError with all problems."""
        path = path_of("v2", "spaces", space, "model", "diff")
        request = Request("POST", path, document, {"Content-Type": content_type}, may_repeat=True)
        return self.fetch_one(request, ModelDiff.read)

    def code(
        self,
        space: str,
        targets: Sequence[CodeTarget],
        *,
        revision: int | None = None,
        if_code_hash: str | None = None,
    ) -> GeneratedCode:
        """Return generated code for all targets; none of it if `if_code_hash` is still the hash."""
        asked = {"targets": [{"language": target.language, "options": dict(target.options)} for target in targets]}
        body = asked | drop_none(revision=revision, if_code_hash=if_code_hash)
        request = post(("v2", "spaces", space, "code"), body, may_repeat=True)
        return self.fetch_one(request, GeneratedCode.read)
