"""Imports and exports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mtribes_cli.api.client.authorized_session import AuthorizedSession
from mtribes_cli.api.models.exports import Export
from mtribes_cli.api.models.imports import Import, ImportedPart, Part
from mtribes_cli.api.request import Request, environment_path, get, path_of, post
from mtribes_cli.api.transport import Take


class TransfersClient(AuthorizedSession):
    """Imports and exports. Requests of an import are sent once: `ingest.uploader` repeats them."""

    def send_part(self, space: str, environment: str, part: Part) -> ImportedPart:
        """Send a part and return its result; a part that was applied before is not applied again."""
        path = path_of(*environment_path(space, environment), "imports", part.import_id, "parts", str(part.number))
        request = Request("PUT", path, part.content, part.headers, may_repeat=True, is_bulk=True, is_retried=False)
        return self.fetch_one(request, ImportedPart.read)

    def complete_import(self, space: str, environment: str, import_id: str, *, parts: int) -> Import:
        """Complete an import and return it with the totals of all parts; it accepts no more parts."""
        path = (*environment_path(space, environment), "imports", import_id, "complete")
        request = replace(post(path, {"parts": parts}, may_repeat=True), is_retried=False)
        return self.fetch_one(request, Import.read)

    def import_status(self, space: str, environment: str, import_id: str) -> Import:
        """Return the progress of an import."""
        path = (*environment_path(space, environment), "imports", import_id)
        return self.fetch_one(get(*path, is_retried=False), Import.read)

    def ask_for_export(
        self, space: str, environment: str, source: Sequence[str], wanted: Mapping[str, object]
    ) -> Export:
        """Create an export of what is at the path `source` of an environment."""
        path = (*environment_path(space, environment), *source, "exports")
        return self.fetch_one(post(path, wanted, once=True), Export.read)

    def export(self, space: str, environment: str, export_id: str) -> Export:
        """Return the progress of an export."""
        return self.fetch_one(get(*environment_path(space, environment), "exports", export_id), Export.read)

    def fetch_export(  # noqa: PLR0913 - which, from where on, and who takes it
        self, space: str, environment: str, export_id: str, *, start: int, sha256: str, take: Take
    ) -> None:
        """Pass the content of an export to `take`, from a byte on, if it still has that SHA-256; else all of it.

        Raises NetworkError or UnavailableError if it breaks off; `take` may have received some of it by then.
        """
        path = path_of(*environment_path(space, environment), "exports", export_id, "content")
        headers = {"Range": f"bytes={start}-", "If-Range": f'"{sha256}"'} if start else {}
        self.stream(Request("GET", path, headers=headers), take)
