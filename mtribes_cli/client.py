"""The server's interface: one typed method an endpoint.

What may be sent twice is, with growing pauses; credentials go to the one base URL that the client was made for. Sending
is in `connection`, what the answers mean in `answers`, their shapes in `wire`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import urlencode

from mtribes_cli import (
    export_wire,
    import_wire,
    wire,
    wire_access,
    wire_history,
    wire_people,
    wire_sessions,
    wire_tribes,
)
from mtribes_cli.answers import (
    TRY_LATER_STATUSES,
    Answer,
    data_of,
    next_page,
    raise_failure,
    retry_after_seconds,
    token_of,
)
from mtribes_cli.connection import Connection, Seen, SendError
from mtribes_cli.errors import AnswerError
from mtribes_cli.json_fields import items
from mtribes_cli.request import JSON, Request, SentDocument, environment_path, get, given, patch, path_of, post

if TYPE_CHECKING:
    from mtribes_cli.connection import Take
    from mtribes_cli.console import Console
    from mtribes_cli.context import Clock

MAX_ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.25
MAX_PAUSE_SECONDS = 20.0
MAX_PAGES = 10_000
MAX_LIST_BYTES = 256 * 1024 * 1024
YAML = "application/yaml"
METADATA_PATH = "/.well-known/oauth-authorization-server"

Entity = TypeVar("Entity")


class GivesTokens(Protocol):
    """Where access tokens come from."""

    def token(self, client: Client) -> str:
        """A token to send; `client` may be used to get it. Raises NotSignedInError when there is none."""

    def renewed(self, client: Client, refused: str) -> str | None:
        """Another token in place of one that the server refused; None when there can be none."""


class Client:
    """One server, for one command."""

    def __init__(
        self,
        base_url: str,
        tokens: GivesTokens,
        *,
        console: Console,
        clock: Clock,
    ) -> None:
        self.base_url = base_url
        self._connection = Connection(base_url, console)
        self._tokens = tokens
        self._console = console
        self._clock = clock

    # Who and what

    def me(self) -> wire.Me:
        """Who is signed in."""
        return self._one(get("v2", "me"), wire.Me.read)

    def organizations(self) -> tuple[wire.Organization, ...]:
        """The organizations that the signed-in person belongs to."""
        return self._all(("v2", "organizations"), wire.Organization.read)

    def organization(self, organization: str) -> wire.Organization:
        """One organization, by key or id."""
        return self._one(get("v2", "organizations", organization), wire.Organization.read)

    def create_organization(self, *, key: str, name: str | None) -> wire.Organization:
        """A new organization."""
        body = {"key": key} | given(name=name)
        return self._one(post(("v2", "organizations"), body, once=True), wire.Organization.read)

    def rename_organization(self, organization: str, *, name: str) -> wire.Organization:
        """Give an organization another name."""
        return self._one(patch(("v2", "organizations", organization), {"name": name}), wire.Organization.read)

    def delete_organization(self, organization: str) -> None:
        """Delete an organization that has no Spaces."""
        data_of(self.send(Request("DELETE", path_of("v2", "organizations", organization))))

    def spaces(self, organization: str | None = None) -> tuple[wire.Space, ...]:
        """The Spaces that can be seen, or those of one organization."""
        within = ("organizations", organization) if organization else ()
        return self._all(("v2", *within, "spaces"), wire.Space.read)

    def space(self, space: str) -> wire.Space:
        """One Space, by key or id."""
        return self._one(get("v2", "spaces", space), wire.Space.read)

    def create_space(self, organization: str, *, key: str, name: str | None) -> wire.Space:
        """A new Space."""
        body = {"key": key} | ({"name": name} if name else {})
        return self._one(post(("v2", "organizations", organization, "spaces"), body, once=True), wire.Space.read)

    def rename_space(self, space: str, *, name: str, note: str | None) -> wire.Space:
        """Give a Space another name."""
        return self._one(patch(("v2", "spaces", space), {"name": name}, query=given(note=note)), wire.Space.read)

    def delete_space(self, space: str) -> None:
        """Delete a Space and everything in it."""
        data_of(self.send(Request("DELETE", path_of("v2", "spaces", space))))

    # Models

    def model(self, space: str, *, revision: int | None = None) -> Mapping[str, object]:
        """A Space's model as a document."""
        return self._one(get("v2", "spaces", space, "model", query=given(revision=revision)), _document)

    def model_yaml(self, space: str, *, revision: int | None = None) -> str:
        """The same, as the server writes it in YAML."""
        return self._yaml(("v2", "spaces", space, "model"), query=given(revision=revision))

    def push_model(self, space: str, document: SentDocument) -> wire.PushedModel:
        """Replace a Space's model; unless forced the document's own revision must be the newest."""
        return self._put_document(("v2", "spaces", space, "model"), wire.PushedModel.read, document)

    def model_history(self, space: str, *, limit: int) -> tuple[wire_history.Revision, ...]:
        """The newest revisions of a Space's model; more than the limit where there are more."""
        return self._revisions(("v2", "spaces", space, "model"), limit)

    def diff_model(self, space: str, document: bytes, *, content_type: str) -> wire.ModelDiff:
        """What a document would change; nothing is stored. Raises DocumentError with all problems of a bad one."""
        path = path_of("v2", "spaces", space, "model", "diff")
        request = Request("POST", path, document, {"Content-Type": content_type}, may_repeat=True)
        return self._one(request, wire.ModelDiff.read)

    def code(
        self,
        space: str,
        targets: Sequence[wire.CodeTarget],
        *,
        revision: int | None = None,
        if_code_hash: str | None = None,
    ) -> wire.GeneratedCode:
        """Generated code for all targets; none of it where `if_code_hash` is still the hash."""
        asked = {"targets": [{"language": target.language, "options": dict(target.options)} for target in targets]}
        body = asked | given(revision=revision, if_code_hash=if_code_hash)
        request = post(("v2", "spaces", space, "code"), body, may_repeat=True)
        return self._one(request, wire.GeneratedCode.read)

    # Environments

    def environments(self, space: str) -> tuple[wire.Environment, ...]:
        """The environments of a Space."""
        return self._all(("v2", "spaces", space, "environments"), wire.Environment.read)

    def environment(self, space: str, environment: str) -> wire.Environment:
        """One environment of a Space."""
        return self._one(get(*environment_path(space, environment)), wire.Environment.read)

    def delivery(self, space: str, environment: str, *, revision: int | None = None) -> Mapping[str, object]:
        """What an environment delivers, as a document."""
        path = (*environment_path(space, environment), "delivery")
        return self._one(get(*path, query=given(revision=revision)), _document)

    def delivery_yaml(self, space: str, environment: str, *, revision: int | None = None) -> str:
        """The same, as the server writes it in YAML."""
        return self._yaml((*environment_path(space, environment), "delivery"), query=given(revision=revision))

    def push_delivery(self, space: str, environment: str, document: SentDocument) -> wire.PushedDelivery:
        """Replace what an environment delivers; unless forced the document's own revision must be the newest."""
        path = (*environment_path(space, environment), "delivery")
        return self._put_document(path, wire.PushedDelivery.read, document)

    def delivery_history(self, space: str, environment: str, *, limit: int) -> tuple[wire_history.Revision, ...]:
        """The newest revisions of what an environment delivers; more than the limit where there are more."""
        return self._revisions((*environment_path(space, environment), "delivery"), limit)

    def diff_deliveries(self, space: str, environment: str, asked: Mapping[str, object]) -> wire_history.DeliveryDiff:
        """What changes between deliveries, `from` and `to`: revisions, or other environments by name."""
        path = (*environment_path(space, environment), "delivery", "diff")
        return self._one(get(*path, query=asked), wire_history.DeliveryDiff.read)

    def restore_delivery(
        self, space: str, environment: str, revision: int, *, instead_of: int, note: str | None
    ) -> wire.PushedDelivery:
        """Deliver an older revision again. Raises ConflictError when the present one is another than `instead_of`."""
        path = (*environment_path(space, environment), "delivery", "restore")
        request = post(path, {"revision": revision}, query=given(note=note), once=True)
        request = replace(request, headers={**request.headers, "If-Match": f'"{instead_of}"'})
        return self._one(request, wire.PushedDelivery.read)

    def publish(
        self, space: str, environment: str, collections: Sequence[str], *, note: str | None = None
    ) -> wire.Published:
        """Make collections live."""
        return self._change_published(space, environment, "publish", collections, note)

    def unpublish(
        self, space: str, environment: str, collections: Sequence[str], *, note: str | None = None
    ) -> wire.Published:
        """Take collections off."""
        return self._change_published(space, environment, "unpublish", collections, note)

    def _change_published(
        self, space: str, environment: str, verb: str, collections: Sequence[str], note: str | None
    ) -> wire.Published:
        path, body = (*environment_path(space, environment), verb), {"collections": list(collections)}
        return self._one(post(path, body, query=given(note=note), may_repeat=True), wire.Published.read)

    def keys(self, space: str, environment: str) -> tuple[wire.EnvironmentKey, ...]:
        """The public keys of an environment."""
        return self._all((*environment_path(space, environment), "keys"), wire.EnvironmentKey.read)

    def create_key(self, space: str, environment: str, *, name: str) -> wire.EnvironmentKey:
        """A new public key."""
        path = (*environment_path(space, environment), "keys")
        return self._one(post(path, {"name": name}, once=True), wire.EnvironmentKey.read)

    def revoke_key(self, space: str, environment: str, key: str) -> None:
        """Revoke a key, by its id or its text."""
        data_of(
            self.send(Request("DELETE", path_of(*environment_path(space, environment), "keys", key), may_repeat=True))
        )

    def signed_ids(self, space: str, environment: str) -> wire.SignedIds:
        """Whether an environment takes signed user ids only, and the secret that signs them."""
        return self._one(get(*environment_path(space, environment), "signed-ids"), wire.SignedIds.read)

    def change_signed_ids(
        self, space: str, environment: str, *, required: bool, rotate: bool = False
    ) -> wire.SignedIds:
        """Require signed ids or not; `rotate` for another secret."""
        path = path_of(*environment_path(space, environment), "signed-ids")
        body = json.dumps({"required": required, "rotate": rotate}).encode()
        request = Request("PUT", path, body, {"Content-Type": JSON}, may_repeat=not rotate)
        return self._one(request, wire.SignedIds.read)

    def track(self, key: str, event: Mapping[str, object]) -> None:
        """Store an event that has an id, as an app with this key would."""
        request = post(("api", "client", "events"), [event], may_repeat=True)
        answer = self._send_patiently(request, token=key)
        if not answer.is_success:
            raise_failure(answer)

    # People

    def user(self, space: str, environment: str, user: str) -> wire.User:
        """What is kept of a user."""
        return self._one(get(*environment_path(space, environment), "users", user), wire.User.read)

    def users(self, space: str, environment: str, query: wire_people.PeopleQuery) -> tuple[wire.User, ...]:
        """The users that are asked for; more than the limit where there are more."""
        path = (*environment_path(space, environment), "users")
        return self._some(path, wire.User.read, query.as_sent(), limit=query.limit, has_empty_pages=True)

    def visitors(self, space: str, environment: str, query: wire_people.PeopleQuery) -> tuple[wire_people.Visitor, ...]:
        """The visitors that are asked for; more than the limit where there are more."""
        path = (*environment_path(space, environment), "visitors")
        return self._some(path, wire_people.Visitor.read, query.as_sent(), limit=query.limit, has_empty_pages=True)

    def everything(self, space: str, environment: str, user: str) -> Mapping[str, object]:
        """All that is known of a user, as a document."""
        return self._one(get(*environment_path(space, environment), "users", user, "everything"), _document)

    def delete_user(self, space: str, environment: str, user: str) -> wire.Erasure:
        """Remove a user and all that is known of them; what was removed."""
        path = path_of(*environment_path(space, environment), "users", user)
        return self._one(Request("DELETE", path), wire.Erasure.read)

    def visitor(self, space: str, environment: str, visitor: str) -> wire_people.Visitor:
        """What is kept of a visitor."""
        return self._one(get(*environment_path(space, environment), "visitors", visitor), wire_people.Visitor.read)

    def everything_of_visitor(self, space: str, environment: str, visitor: str) -> Mapping[str, object]:
        """All that is known of a visitor, as a document."""
        return self._one(get(*environment_path(space, environment), "visitors", visitor, "everything"), _document)

    def delete_visitor(self, space: str, environment: str, visitor: str) -> wire_people.VisitorErasure:
        """Remove a visitor and all that is known of them; what was removed."""
        path = path_of(*environment_path(space, environment), "visitors", visitor)
        return self._one(Request("DELETE", path), wire_people.VisitorErasure.read)

    def tag_user(self, space: str, environment: str, user: str, *, tag: str) -> None:
        """Give a user a tag."""
        path = path_of(*environment_path(space, environment), "users", user, "tags", tag)
        data_of(self.send(Request("PUT", path, may_repeat=True)))

    def untag_user(self, space: str, environment: str, user: str, *, tag: str) -> None:
        """Take a tag from a user."""
        path = path_of(*environment_path(space, environment), "users", user, "tags", tag)
        data_of(self.send(Request("DELETE", path, may_repeat=True)))

    def tag_visitor(self, space: str, environment: str, visitor: str, *, tag: str) -> None:
        """Give a visitor a tag."""
        path = path_of(*environment_path(space, environment), "visitors", visitor, "tags", tag)
        data_of(self.send(Request("PUT", path, may_repeat=True)))

    def untag_visitor(self, space: str, environment: str, visitor: str, *, tag: str) -> None:
        """Take a tag from a visitor."""
        path = path_of(*environment_path(space, environment), "visitors", visitor, "tags", tag)
        data_of(self.send(Request("DELETE", path, may_repeat=True)))

    def user_tags(self, space: str, environment: str, *, search: str | None = None) -> tuple[wire.UserTag, ...]:
        """The tags that somebody has, or those with a text in them."""
        path = (*environment_path(space, environment), "user-tags")
        return self._all(path, wire.UserTag.read, query=given(search=search))

    def event_names(self, space: str, environment: str, *, search: str | None = None) -> tuple[wire.EventName, ...]:
        """The names of the events that arrive, or those with a text in them."""
        path = (*environment_path(space, environment), "event-names")
        return self._all(path, wire.EventName.read, query=given(search=search))

    def delete_tag(self, space: str, environment: str, tag: str) -> wire_people.TagRemoval | None:
        """Delete a tag from everybody; None once it is done, else who still has it while the server goes on."""
        path = path_of(*environment_path(space, environment), "user-tags", tag)
        data = data_of(self.send(Request("DELETE", path, may_repeat=True)))
        return _only(data, wire_people.TagRemoval.read) if data else None

    # Imports

    def send_part(self, space: str, environment: str, part: import_wire.Part) -> import_wire.ImportedPart:
        """What became of a part; what was applied before is not applied again."""
        path = path_of(*environment_path(space, environment), "imports", part.import_id, "parts", str(part.number))
        request = Request("PUT", path, part.content, part.headers, may_repeat=True, is_bulk=True)
        return self._one(request, import_wire.ImportedPart.read)

    def complete_import(self, space: str, environment: str, import_id: str, *, parts: int) -> import_wire.Import:
        """The import with the totals of all its parts, after which it takes no more."""
        path = (*environment_path(space, environment), "imports", import_id, "complete")
        return self._one(post(path, {"parts": parts}, may_repeat=True), import_wire.Import.read)

    def imported(self, space: str, environment: str, import_id: str) -> import_wire.Import:
        """How far an import is."""
        return self._one(get(*environment_path(space, environment), "imports", import_id), import_wire.Import.read)

    # Exports

    def ask_for_export(
        self, space: str, environment: str, source: Sequence[str], wanted: Mapping[str, object]
    ) -> export_wire.Export:
        """A new export of what is at the path `source` of an environment."""
        path = (*environment_path(space, environment), *source, "exports")
        return self._one(post(path, wanted, once=True), export_wire.Export.read)

    def export(self, space: str, environment: str, export_id: str) -> export_wire.Export:
        """How far an export is."""
        return self._one(get(*environment_path(space, environment), "exports", export_id), export_wire.Export.read)

    def fetch_export(  # noqa: PLR0913 - which, from where on, and who takes it
        self, space: str, environment: str, export_id: str, *, start: int, sha256: str, take: Take
    ) -> None:
        """Hand what is in an export to `take`, from a byte on, if it still has that SHA-256; else all of it.

        Raises NetworkError, UnavailableError when it breaks off, whatever `take` was given by then.
        """
        path = path_of(*environment_path(space, environment), "exports", export_id, "content")
        headers = {"Range": f"bytes={start}-", "If-Range": f'"{sha256}"'} if start else {}
        self._fetch(Request("GET", path, headers=headers), take)

    def stream_events(
        self, space: str, environment: str, *, query: Mapping[str, object], last_event_id: str, take: Take
    ) -> None:
        """Hand the stream of events to `take` as it comes, from the last event on that was told, until it ends.

        Raises NetworkError, UnavailableError when it breaks off, whatever `take` was given by then.
        """
        path = path_of(*environment_path(space, environment), "events", "stream", query=query)
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        self._fetch(Request("GET", path, headers=headers), take)

    def _fetch(self, request: Request, take: Take) -> None:
        token = self._tokens.token(self)
        try:
            answer = self._connection.fetch(request, take, token=token)
            if answer.status == HTTPStatus.UNAUTHORIZED and (renewed := self._tokens.renewed(self, token)):
                answer = self._connection.fetch(request, take, token=renewed)
        except SendError as failure:
            raise failure.error from failure
        if not answer.is_success:
            raise_failure(answer)

    # Access

    def tokens(self, organization: str | None = None) -> tuple[wire_access.Token, ...]:
        """One's own tokens, or those of members that reach an organization."""
        return self._all(("v2", "tokens"), wire_access.Token.read, query=given(organization=organization))

    def create_token(self, wanted: Mapping[str, object]) -> wire_access.CreatedToken:
        """A new token of one's own."""
        return self._one(post(("v2", "tokens"), wanted, once=True), wire_access.CreatedToken.read)

    def revoke_personal_token(self, token_id: str) -> None:
        """End a token by its id."""
        data_of(self.send(Request("DELETE", path_of("v2", "tokens", token_id), may_repeat=True)))

    def revoke_by_text(self, secret: str) -> None:
        """End whatever a text opens; no credentials are sent besides."""
        request = post(("v2", "tokens", "revoke"), {"token": secret}, may_repeat=True)
        data_of(self.send(replace(request, is_authorized=False)))

    def members(self, organization: str) -> tuple[wire_access.Member, ...]:
        """Who belongs to an organization."""
        return self._all(("v2", "organizations", organization, "members"), wire_access.Member.read)

    def change_member(self, organization: str, email: str, *, role: str) -> wire_access.Member:
        """Give a member another role."""
        request = patch(("v2", "organizations", organization, "members", email), {"role": role})
        return self._one(request, wire_access.Member.read)

    def audit(
        self, organization: str, *, filters: Mapping[str, object], limit: int
    ) -> tuple[wire_access.AuditEntry, ...]:
        """The newest entries of the audit log; more than the limit where there are more."""
        query = {**wire_history.page_query(limit), **filters}
        path = ("v2", "organizations", organization, "audit")
        return self._some(path, wire_access.AuditEntry.read, query, limit=limit, has_empty_pages=True)

    def remove_member(self, organization: str, email: str) -> None:
        """End a membership."""
        data_of(self.send(Request("DELETE", path_of("v2", "organizations", organization, "members", email))))

    def invitations(self, organization: str) -> tuple[wire_access.Invitation, ...]:
        """Who is invited and has not joined yet."""
        return self._all(("v2", "organizations", organization, "invitations"), wire_access.Invitation.read)

    def invite(self, organization: str, *, email: str, role: str) -> wire_access.Invitation:
        """A link for somebody to join by."""
        request = post(("v2", "organizations", organization, "members"), {"email": email, "role": role}, once=True)
        return self._one(request, wire_access.Invitation.read)

    def withdraw_invitation(self, organization: str, invitation_id: str) -> None:
        """Have a link open nothing any more."""
        path = path_of("v2", "organizations", organization, "invitations", invitation_id)
        data_of(self.send(Request("DELETE", path)))

    def service_accounts(self, organization: str) -> tuple[wire_access.ServiceAccount, ...]:
        """The programs that belong to an organization."""
        return self._all(("v2", "organizations", organization, "service-accounts"), wire_access.ServiceAccount.read)

    def create_service_account(
        self, organization: str, wanted: Mapping[str, object]
    ) -> wire_access.CreatedServiceAccount:
        """A new service account."""
        request = post(("v2", "organizations", organization, "service-accounts"), wanted, once=True)
        return self._one(request, wire_access.CreatedServiceAccount.read)

    def revoke_service_account(self, organization: str, account_id: str) -> None:
        """End a service account and its tokens."""
        path = path_of("v2", "organizations", organization, "service-accounts", account_id)
        data_of(self.send(Request("DELETE", path, may_repeat=True)))

    # Tribes

    def tribes(self, space: str) -> tuple[wire_tribes.Tribe, ...]:
        """The tribes of a Space."""
        return self._one(get("v2", "spaces", space, "tribes"), wire_tribes.read_tribes)

    def tribes_document(self, space: str, *, revision: int | None = None) -> Mapping[str, object]:
        """All of them as one document."""
        return self._one(get("v2", "spaces", space, "tribes", query=given(revision=revision)), _document)

    def tribes_yaml(self, space: str, *, revision: int | None = None) -> str:
        """The same, as the server writes it in YAML."""
        return self._yaml(("v2", "spaces", space, "tribes"), query=given(revision=revision))

    def push_tribes(self, space: str, document: SentDocument) -> wire_tribes.PushedTribes:
        """Replace all tribes of a Space; unless forced the document's own revision must be the newest."""
        return self._put_document(("v2", "spaces", space, "tribes"), wire_tribes.PushedTribes.read, document)

    def tribes_history(self, space: str, *, limit: int) -> tuple[wire_history.Revision, ...]:
        """The newest revisions of a Space's tribes; more than the limit where there are more."""
        return self._revisions(("v2", "spaces", space, "tribes"), limit)

    def tribe(self, space: str, tribe: str) -> Mapping[str, object]:
        """One tribe as a document."""
        return self._one(get("v2", "spaces", space, "tribes", tribe), _document)

    def tribe_yaml(self, space: str, tribe: str) -> str:
        """The same, as the server writes it in YAML."""
        return self._yaml(("v2", "spaces", space, "tribes", tribe))

    def delete_tribe(self, space: str, tribe: str, *, note: str | None = None) -> None:
        """Remove a tribe that no scenario is for."""
        path = path_of("v2", "spaces", space, "tribes", tribe, query=given(note=note))
        data_of(self.send(Request("DELETE", path)))

    def count_tribe(self, space: str, environment: str, tribe: str) -> wire_tribes.TribeCount:
        """How many people are in a tribe."""
        path = (*environment_path(space, environment), "tribes", tribe, "count")
        return self._one(get(*path), wire_tribes.TribeCount.read)

    def explain_tribe(
        self, space: str, environment: str, tribe: str, *, asked: Mapping[str, object]
    ) -> wire_tribes.Explanation:
        """Why somebody is in a tribe or not: `user` or `anonymous_id`, and `fields`, JSON of what an app would say."""
        path = (*environment_path(space, environment), "tribes", tribe, "explanation")
        return self._one(get(*path, query=asked), wire_tribes.Explanation.read)

    def explain_session(
        self, space: str, environment: str, asked: Mapping[str, object]
    ) -> wire_sessions.SessionExplanation:
        """What a session would show now, and why: `user_id` or `anonymous_id`, and `fields`, what an app would say."""
        path = (*environment_path(space, environment), "session-explanation")
        return self._one(post(path, asked, may_repeat=True), wire_sessions.SessionExplanation.read)

    # OAuth 2

    def oauth_server(self) -> wire.OAuthServer:
        """The authorization server's own description (RFC 8414)."""
        answer = self.send(Request("GET", METADATA_PATH, may_repeat=True, is_authorized=False))
        if not answer.is_success:
            raise_failure(answer)
        return wire.OAuthServer.read(answer.json(), "metadata")

    def seen(self) -> Seen:
        """That description, and how it came: asked for once, without credentials."""
        request = Request("GET", METADATA_PATH, is_authorized=False)
        try:
            return self._connection.look(request)
        except SendError as failure:
            raise failure.error from failure

    def issue_token(self, form: Mapping[str, str], *, may_repeat: bool = False) -> wire.IssuedToken:
        """A token for a grant (RFC 6749, 4). Raises NotSignedInError when the grant is refused."""
        answer = self._send_form("/oauth/token", form, may_repeat=may_repeat)
        return wire.IssuedToken.read(token_of(answer), "token")

    def device_codes(self, form: Mapping[str, str]) -> wire.DeviceCodes:
        """A code for a person, and one for this program (RFC 8628, 3.1)."""
        answer = self._send_form("/oauth/device_authorization", form, may_repeat=True)
        return wire.DeviceCodes.read(token_of(answer), "device authorization")

    def revoke_token(self, form: Mapping[str, str]) -> None:
        """End a token and what came of it (RFC 7009)."""
        answer = self._send_form("/oauth/revoke", form, may_repeat=True)
        if not answer.is_success:
            token_of(answer)

    # How it is sent

    def _one(self, request: Request, read: Callable[[object, str], Entity]) -> Entity:
        return _only(data_of(self.send(request)), read)

    def _all(
        self,
        path: Sequence[str],
        read: Callable[[object, str], Entity],
        *,
        query: Mapping[str, object] | None = None,
    ) -> tuple[Entity, ...]:
        """Every page of a list."""
        found: list[Entity] = []
        place: str | None = path_of(*path, query=query)
        seen: set[str] = set()
        size_bytes = 0
        while place:
            seen.add(place)
            answer = self.send(Request("GET", place, may_repeat=True))
            found += items(data_of(answer), read, "data")
            size_bytes += len(answer.body)
            place = next_page(answer, place)
            if place and (place in seen or len(seen) >= MAX_PAGES or size_bytes > MAX_LIST_BYTES):
                raise _endless_list(answer, place, seen)
        return tuple(found)

    def _revisions(self, path: Sequence[str], limit: int) -> tuple[wire_history.Revision, ...]:
        query = wire_history.page_query(limit)
        return self._some((*path, "revisions"), wire_history.Revision.read, query, limit=limit)

    def _some(
        self,
        path: Sequence[str],
        read: Callable[[object, str], Entity],
        query: Mapping[str, object],
        *,
        limit: int,
        has_empty_pages: bool = False,
    ) -> tuple[Entity, ...]:
        """As many pages of a list as it takes to have more than the limit, or all of it.

        An empty page is the last, unless the list has others behind it.
        """
        found: list[Entity] = []
        place: str | None = path_of(*path, query=query)
        seen: set[str] = set()
        while place and len(found) <= limit:
            seen.add(place)
            answer = self.send(Request("GET", place, may_repeat=True))
            page = items(data_of(answer), read, "data")
            found += page
            place = next_page(answer, place) if page or has_empty_pages else None
            if place and not page and (place in seen or len(seen) >= MAX_PAGES):
                raise _endless_list(answer, place, seen)
        return tuple(found)

    def _yaml(self, path: Sequence[str], query: Mapping[str, object] | None = None) -> str:
        answer = self.send(Request("GET", path_of(*path, query=query), headers={"Accept": YAML}, may_repeat=True))
        if not answer.is_success:
            raise_failure(answer)
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if kind != YAML:
            raise AnswerError(
                f"{answer.url} answered {kind or 'nothing known'}, where YAML was agreed.", "Is the host right?"
            )
        return answer.text()

    def _put_document(
        self, path: Sequence[str], read: Callable[[object, str], Entity], document: SentDocument
    ) -> Entity:
        headers = {"Content-Type": document.content_type} | ({"If-Match": "*"} if document.force else {})
        request = Request("PUT", path_of(*path, query=given(note=document.note)), document.content, headers)
        return self._one(request, read)

    def _send_form(self, path: str, form: Mapping[str, str], *, may_repeat: bool) -> Answer:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(form).encode()
        return self.send(Request("POST", path, body, headers, may_repeat=may_repeat, is_authorized=False))

    def close(self) -> None:
        """Let go of connections."""
        self._connection.close()

    def send(self, request: Request) -> Answer:
        """The answer, whatever its status; with a renewed token where the first one was refused."""
        if not request.is_authorized:
            return self._send_patiently(request, token=None)
        token = self._tokens.token(self)
        answer = self._send_patiently(request, token=token)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            renewed = self._tokens.renewed(self, token)
            if renewed:
                return self._send_patiently(request, token=renewed)
        return answer

    def _send_patiently(self, request: Request, *, token: str | None) -> Answer:
        """What did not reach the server is sent again; what did, only if it may arrive twice."""
        for attempt in range(1, MAX_ATTEMPTS + 1):
            is_last = attempt == MAX_ATTEMPTS
            try:
                answer = self._connection.send(request, token=token)
            except SendError as failure:
                may_repeat = failure.is_passing and (request.may_repeat or failure.never_arrived)
                if is_last or not may_repeat:
                    raise failure.error from failure
                self._pause(attempt, None)
                continue
            if is_last or not self._is_to_be_repeated(request, answer):
                return answer
            self._pause(attempt, retry_after_seconds(answer))
        raise AssertionError("the last attempt returns or raises")

    def _is_to_be_repeated(self, request: Request, answer: Answer) -> bool:
        asked_seconds = retry_after_seconds(answer)
        still_runs = answer.status == HTTPStatus.CONFLICT and asked_seconds is not None  # its own first sending
        waits = (asked_seconds or 0) <= MAX_PAUSE_SECONDS
        return request.may_repeat and waits and (still_runs or answer.status in TRY_LATER_STATUSES)

    def _pause(self, attempt: int, asked_seconds: float | None) -> None:
        grown = FIRST_PAUSE_SECONDS * 2 ** (attempt - 1)
        seconds = asked_seconds if asked_seconds is not None else grown * random.uniform(0.5, 1.5)  # noqa: S311 - spread
        self._console.trace(f"waiting {seconds:.1f} s before attempt {attempt + 1}")
        self._clock.sleep(seconds)


def _endless_list(answer: Answer, place: str, seen: set[str]) -> AnswerError:
    return AnswerError(
        f"{answer.url} has a list without an end: {_endless(place, seen)}.",
        "Is the host right? If it is, tell whoever runs the server.",
    )


def _endless(place: str | None, seen: set[str]) -> str:
    """Why a list is taken for endless."""
    if place in seen:
        return "a page names one as the next that was there before"
    return f"more than {min(len(seen), MAX_PAGES):,} pages, or {MAX_LIST_BYTES:,} bytes"


def _only(data: Sequence[object], read: Callable[[object, str], Entity]) -> Entity:
    found = items(data, read, "data")
    if len(found) != 1:
        raise AnswerError(f"The server answered {len(found)} entities where one was agreed.", "Is the host right?")
    return found[0]


def _document(value: object, place: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise AnswerError(
            f"The server's answer is not what was agreed: {place} is not an object.", "Is the host right?"
        )
    return value
