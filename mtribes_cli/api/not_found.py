"""What was not found, by the request for it: its kind, its name, and the command that lists that kind there. Pure."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote

from mtribes_cli.api.request import Request, environment_path

_ORGANIZATIONS = "Check the key: `mtribes org list` lists your organizations."
_SPACES = "Check the key: `mtribes space list` lists your Spaces."
_ENVIRONMENTS = "Choose production, staging or development."
_TOKENS = "Check the ID: `mtribes token list` lists your tokens."


@dataclass(frozen=True)
class Missing:
    """What a request asked for: `what` in words (None: the server's words stay), and how to find the right name.

    `within` is the path of what it belongs to; () where there is nothing around it. `is_place`: other things belong to
    it, so that it is not what a server means that has words of its own.
    """

    what: str | None
    advice: str
    within: Sequence[str] = ()
    is_place: bool = False


def describe_missing(request: Request) -> Missing | None:
    """Return what was not found where the answer to a request is 404; None where the path does not tell."""
    path = [unquote(part) for part in request.path.partition("?")[0].split("/")[1:]]
    match path:
        case ["v2", "tokens", token]:
            return Missing(f"token '{token}'", _TOKENS)
        case ["v2", "organizations", organization, *rest]:
            return _of_organization(organization, rest)
        case ["v2", "spaces", space, "environments", environment, *rest]:
            return _Environment(space, environment).missing(request, rest)
        case ["v2", "spaces", space, *rest]:
            return _of_space(request, space, rest)
    return None


def _of_organization(organization: str, rest: Sequence[str]) -> Missing:
    around, flag = ("v2", "organizations", organization), f"--organization {shlex.quote(organization)}"
    members = f"Check the name: `mtribes org member list {flag}` lists members and invitations."
    match rest:
        case ["members", member]:
            return Missing(f"member '{member}' in {organization}", members, around)
        case ["invitations", invitation]:
            return Missing(f"invitation '{invitation}' to {organization}", members, around)
        case ["service-accounts", account]:
            accounts = f"Check the ID: `mtribes org service-account list {flag}` lists service accounts."
            return Missing(f"service account '{account}' in {organization}", accounts, around)
    return Missing(f"organization '{organization}'", _ORGANIZATIONS, is_place=True)


def _of_space(request: Request, space: str, rest: Sequence[str]) -> Missing:
    around, key, revision = ("v2", "spaces", space), shlex.quote(space), _sent(request).get("revision")
    match rest:
        case ["tribes", tribe]:
            return Missing(f"tribe '{tribe}' in {space}", _tribes(space), around)
        case ["tribes"] if revision:
            listed = f"`mtribes tribe history --space {key}` lists the revisions."
            return Missing(f"revision {revision} of the tribes of {space}", listed, around)
        case ["model" | "code", *_] if revision:
            listed = f"`mtribes space history {key}` lists the revisions."
            return Missing(f"revision {revision} of the model of {space}", listed, around)
    return Missing(f"Space '{space}'", _SPACES, is_place=True)


def _tribes(space: str) -> str:
    return f"Check the key: `mtribes tribe list --space {shlex.quote(space)}` lists the tribes."


@dataclass(frozen=True)
class _Environment:
    """Where most kinds are."""

    space: str
    name: str

    @property
    def path(self) -> Sequence[str]:
        return environment_path(self.space, self.name)

    @property
    def words(self) -> str:
        return f"{self.name} of {self.space}"

    def missing(self, request: Request, rest: Sequence[str]) -> Missing:
        """Return what a path below an environment is about."""
        match rest:
            case ["users", user, *_]:
                return self._user(user)
            case ["visitors", visitor, *_]:
                return self._visitor(visitor)
            case ["user-tags", tag]:
                return self._listed(f"tag '{tag}'", "tag list", "Check the tag", "lists the tags in use")
            case ["keys", key]:
                return self._listed(f"environment key '{key}'", "env key list", "Check the key", "lists the keys")
            case ["imports", number, *_]:
                return Missing(f"import '{number}' in {self.words}", "Run `mtribes user ingest` to start a new import.")
            case ["exports", number]:
                return Missing(f"export '{number}' in {self.words}", "Run the command again to start a new export.")
            case ["tribes", tribe, what, *_]:
                return self._tribe(tribe, what, request)
            case ["session-explanation"]:
                return self._person(_sent(request), self.path)
            case ["delivery", *_]:
                return self._delivery(_sent(request).get("revision"))
        what, around = f"environment '{self.name}' in {self.space}", ("v2", "spaces", self.space)
        return Missing(what, _ENVIRONMENTS, around, is_place=True)

    def _tribe(self, tribe: str, what: str, request: Request) -> Missing:
        if what == "explanation":
            return self._person(_sent(request), ("v2", "spaces", self.space, "tribes", tribe))
        return Missing(f"tribe '{tribe}' in {self.space}", _tribes(self.space), self.path)

    def _user(self, user: str) -> Missing:
        return self._listed(
            f"user '{user}'", "user search TEXT", "Check the ID", "finds users by part of their ID or e-mail address"
        )

    def _visitor(self, visitor: str) -> Missing:
        return self._listed(f"visitor '{visitor}'", "visitor list", "Check the ID", "lists visitors")

    def _person(self, asked: Mapping[str, object], around: Sequence[str]) -> Missing:
        user, visitor = asked.get("user") or asked.get("user_id"), asked.get("anonymous_id")
        found = self._user(str(user)) if user else self._visitor(str(visitor))
        return Missing(found.what, found.advice, around)

    def _delivery(self, revision: object) -> Missing:
        what = f"revision {revision} of the delivery of {self.words}" if revision else None
        return Missing(what, f"`{self._command('env history')}` lists the revisions.", self.path)

    def _listed(self, what: str, command: str, check: str, does: str) -> Missing:
        return Missing(f"{what} in {self.words}", f"{check}: `{self._command(command)}` {does}.", self.path)

    def _command(self, words: str) -> str:
        return f"mtribes {words} --space {shlex.quote(self.space)} --environment {shlex.quote(self.name)}"


def _sent(request: Request) -> Mapping[str, object]:
    """Return what a request says besides its path: its parameters, and the fields of its body."""
    parameters = {name: values[0] for name, values in parse_qs(request.path.partition("?")[2]).items()}
    try:
        body = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):  # a document of the user's, in YAML or not
        return parameters
    return {**body, **parameters} if isinstance(body, dict) else parameters
