"""Environments: deliveries, keys of apps, signed IDs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mtribes_cli.api.client.authorized_session import AuthorizedSession, document_of
from mtribes_cli.api.models.environments import Environment, EnvironmentKey, Published, PushedDelivery, SignedIds
from mtribes_cli.api.models.history import DeliveryDiff, Revision
from mtribes_cli.api.models.impact import Impact
from mtribes_cli.api.request import (
    JSON,
    Request,
    SentDocument,
    drop_none,
    environment_path,
    get,
    path_of,
    post,
    post_document,
)


class EnvironmentsClient(AuthorizedSession):
    """Calls about environments: deliveries, keys of apps, signed IDs."""

    def environments(self, space: str) -> tuple[Environment, ...]:
        """Return the environments of a Space."""
        return self.fetch_all(("v2", "spaces", space, "environments"), Environment.read)

    def environment(self, space: str, environment: str) -> Environment:
        """Return one environment of a Space."""
        return self.fetch_one(get(*environment_path(space, environment)), Environment.read)

    def delivery(self, space: str, environment: str, *, revision: int | None = None) -> Mapping[str, object]:
        """Return the delivery of an environment as a document."""
        path = (*environment_path(space, environment), "delivery")
        return self.fetch_one(get(*path, query=drop_none(revision=revision)), document_of)

    def delivery_yaml(self, space: str, environment: str, *, revision: int | None = None) -> str:
        """Return the delivery of an environment as the server writes it in YAML."""
        return self.fetch_yaml((*environment_path(space, environment), "delivery"), query=drop_none(revision=revision))

    def push_delivery(self, space: str, environment: str, document: SentDocument) -> PushedDelivery:
        """Replace the delivery of an environment; unless forced, the document's own revision must be the newest."""
        path = (*environment_path(space, environment), "delivery")
        return self.put_document(path, PushedDelivery.read, document)

    def delivery_impact(self, space: str, environment: str, document: SentDocument) -> Impact:
        """Return what pushing a delivery would change, and for whom."""
        path = (*environment_path(space, environment), "delivery", "impact")
        return self.fetch_one(post_document(path, document), Impact.read)

    def delivery_history(self, space: str, environment: str, *, limit: int) -> tuple[Revision, ...]:
        """Return the newest revisions of a delivery; more than the limit if there are more."""
        return self.fetch_revisions((*environment_path(space, environment), "delivery"), limit)

    def diff_deliveries(self, space: str, environment: str, asked: Mapping[str, object]) -> DeliveryDiff:
        """Return the changes from one delivery to another: `from` and `to` are revisions or names of environments."""
        path = (*environment_path(space, environment), "delivery", "diff")
        return self.fetch_one(get(*path, query=asked), DeliveryDiff.read)

    def restore_delivery(
        self, space: str, environment: str, revision: int, *, instead_of: int, note: str | None
    ) -> PushedDelivery:
        """Deliver an older revision again. Raises ConflictError unless the current one is `instead_of`."""
        path = (*environment_path(space, environment), "delivery", "restore")
        request = post(path, {"revision": revision}, query=drop_none(note=note), once=True)
        request = replace(request, headers={**request.headers, "If-Match": f'"{instead_of}"'})
        return self.fetch_one(request, PushedDelivery.read)

    def publish(
        self, space: str, environment: str, collections: Sequence[str], *, note: str | None = None
    ) -> Published:
        """Publish collections."""
        return self._change_published(space, environment, "publish", collections, note)

    def unpublish(
        self, space: str, environment: str, collections: Sequence[str], *, note: str | None = None
    ) -> Published:
        """Unpublish collections."""
        return self._change_published(space, environment, "unpublish", collections, note)

    def _change_published(
        self, space: str, environment: str, verb: str, collections: Sequence[str], note: str | None
    ) -> Published:
        path, body = (*environment_path(space, environment), verb), {"collections": list(collections)}
        return self.fetch_one(post(path, body, query=drop_none(note=note), may_repeat=True), Published.read)

    def keys(self, space: str, environment: str) -> tuple[EnvironmentKey, ...]:
        """Return the public keys of an environment."""
        return self.fetch_all((*environment_path(space, environment), "keys"), EnvironmentKey.read)

    def create_key(self, space: str, environment: str, *, name: str) -> EnvironmentKey:
        """Create a public key."""
        path = (*environment_path(space, environment), "keys")
        return self.fetch_one(post(path, {"name": name}, once=True), EnvironmentKey.read)

    def revoke_key(self, space: str, environment: str, key: str) -> None:
        """Revoke a key, by its ID or its text."""
        path = path_of(*environment_path(space, environment), "keys", key)
        self.entities(Request("DELETE", path, may_repeat=True))

    def signed_ids(self, space: str, environment: str) -> SignedIds:
        """Return whether an environment requires signed user IDs, and the secret that signs them."""
        return self.fetch_one(get(*environment_path(space, environment), "signed-ids"), SignedIds.read)

    def change_signed_ids(self, space: str, environment: str, *, required: bool, rotate: bool = False) -> SignedIds:
        """Require signed IDs or not; `rotate` creates a new secret."""
        path = path_of(*environment_path(space, environment), "signed-ids")
        body = json.dumps({"required": required, "rotate": rotate}).encode()
        request = Request("PUT", path, body, {"Content-Type": JSON}, may_repeat=not rotate)
        return self.fetch_one(request, SignedIds.read)
