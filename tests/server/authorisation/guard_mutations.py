"""Takes every guard of the server away, one at a time, and counts what the tests say to that: never nothing.

Most guards are held by the grid; those that keep environments apart, which are in the SQL, by an environment that is
asked beside its twins (`neighbours.py`), on the database whose SQL it is.

`python -m tests.server.authorisation.guard_mutations` does so for all of them, each in a process of its own whose
modules are altered while they are loaded (no file changes), and writes the counts to `guard_mutations.txt`, which a
test holds against this list. A guard whose absence nothing notices ends the run with 1.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType

from sqlalchemy.exc import SQLAlchemyError

from templates_server.settings import sqlite_file_url, sqlite_url
from tests.server.authorisation.isolation_conditions import ISOLATION_CONDITIONS

RECORD = Path(__file__).with_name("guard_mutations.txt")
AT_ONCE = 2
SECONDS = 600
NEW = "new"
AMONG_NEIGHBOURS: tuple[str, ...] = ()


@dataclass(frozen=True)
class GuardMutation:
    """A guard: in this module `there` stands once; without the guard it would be `gone`.

    `routes` are parts of the names of the routes that are asked: those that the guard is for; none: the neighbours
    tell.
    """

    name: str
    module: str
    there: str
    gone: str
    routes: Sequence[str] = ("GET /v2/spaces/{space}/environments/{environment}/users",)
    database: str = "sqlite"


ALL_OF_SPACES = ("GET /v2/spaces/{space}/model", "/v2/spaces/{space}/environments/{environment}/keys")
TOKENS = ("/v2/tokens",)
MEMBERS = ("/members",)
REVOKED_ACCOUNT = "service_accounts.c.id == token.service_account_id, service_accounts.c.revoked.is_(None)"
GUARD_MUTATIONS = (
    GuardMutation(
        "a key opens the Client API alone", "http.pipeline", "if is_app and surface is Surface.PLATFORM", "if False"
    ),
    GuardMutation(
        "a token opens no Client API",
        "http.pipeline",
        "if not is_app and surface is Surface.CLIENT",
        "if False",
        ("/api/client/",),
    ),
    GuardMutation(
        "a token evaluates no flags",
        "features.openfeature.api",
        "if principal.kind is not PrincipalKind.APP:",
        "if False:",
        ("/ofrep/v1/evaluate",),
    ),
    GuardMutation(
        "places are for those who may see them",
        "security.authorization",
        "return not principal.limits or",
        "return True or",
    ),
    GuardMutation(
        "places are for members",
        "security.authorization",
        "    if place.organization_id not in principal.roles:\n        return False\n",
        "",
    ),
    GuardMutation(
        "scopes of the token", "security.authorization", "if scope not in principal.scopes:", "if False:", ALL_OF_SPACES
    ),
    GuardMutation(
        "scopes of the role",
        "security.authorization",
        "if place is not None and scope not in ROLE_SCOPES[",
        "if False and scope not in ROLE_SCOPES[",
        ALL_OF_SPACES,
    ),
    GuardMutation(
        "roles", "security.authorization", "if present not in {role, Role.ADMINISTRATOR}:", "if False:", MEMBERS
    ),
    GuardMutation("signing in", "security.authorization", "if not principal.signed_in:", "if False:", MEMBERS),
    GuardMutation(
        "the scope of a route is asked for", "http.route", "if route.scope is not None:", "if False:", ALL_OF_SPACES
    ),
    GuardMutation(
        "the role of a route is asked for",
        "http.route",
        "if route.role is not None and place is not None:",
        "if False:",
        MEMBERS,
    ),
    GuardMutation("the sign-in of a route is asked for", "http.route", "if route.needs_sign_in:", "if False:", TOKENS),
    GuardMutation(
        "a viewer reads no events",
        "features.events.routes",
        "        role=Role.DEVELOPER,\n        gives=EventView,\n",
        "        gives=EventView,\n",
        ("GET /v2/spaces/{space}/environments/{environment}/events",),
    ),
    GuardMutation(
        "a viewer exports no events",
        "features.exports.routes",
        "        role=Role.DEVELOPER,\n        reads=EventExport,\n",
        "        reads=EventExport,\n",
        ("/events/exports",),
    ),
    *(
        GuardMutation(
            f"a viewer sees no authors of {what}",
            f"features.{feature}.routes",
            f"        {summary},\n        scope=Scope.{scope},\n        role=Role.DEVELOPER,\n",
            f"        {summary},\n        scope=Scope.{scope},\n",
            (f"{what}/revisions",),
        )
        for what, feature, scope, summary in (
            ("model", "codegen", "SPACES_READ", '"List the revisions of the model, newest first."'),
            (
                "tribes",
                "tribes",
                "TRIBES_READ",
                '"List the revisions of the tribes of a Space, newest first."',
            ),
            (
                "delivery",
                "spaces",
                "SPACES_READ",
                '"List the delivery revisions of an environment, newest first."',
            ),
        )
    ),
    GuardMutation(
        "histories of one Space or environment",
        "features.spaces.history.store",
        ".where(owner == owner_id)",
        ".where(owner.is_not(None))",
        ("/revisions",),
    ),
    GuardMutation("revoked keys", "features.spaces.store", " AND k.revoked IS NULL", "", ("/api/client/events",)),
    GuardMutation(
        "expiry",
        "features.accounts.token_store",
        "            tokens.c.expires > now,\n            tokens.c.created",
        "            tokens.c.created",
    ),
    GuardMutation("revoked tokens", "features.accounts.token_store", "            tokens.c.revoked.is_(None),\n", ""),
    GuardMutation(
        "ended sign-ins", "features.accounts.token_store", "            token_families.c.revoked.is_(None),\n", ""
    ),
    GuardMutation(
        "refresh tokens open nothing",
        "features.accounts.token_store",
        "            tokens.c.kind.in_(BEARER_KINDS),\n",
        "",
    ),
    GuardMutation(
        "revoked service accounts",
        "features.accounts.token_store",
        REVOKED_ACCOUNT,
        "service_accounts.c.id == token.service_account_id",
    ),
    GuardMutation(
        "present scopes of a service account",
        "features.accounts.token_store",
        " & frozenset(Scope(scope) for scope in service.scopes.split())",
        "",
    ),
    GuardMutation(
        "a service account is no administrator",
        "features.accounts.token_store",
        "Role.DEVELOPER}",
        "Role.ADMINISTRATOR}",
        MEMBERS,
    ),
    GuardMutation(
        "a personal token is no sign-in",
        "features.accounts.token_store",
        'signed_in=token.kind == "access"',
        "signed_in=True",
        MEMBERS,
    ),
    GuardMutation("the checksum", "composition", "if not secrets.is_well_formed(bearer):", "if False:"),
    GuardMutation(
        "Spaces of the caller alone are listed",
        "features.spaces.store",
        "spaces.c.organization_id.in_(organization_ids), ",
        "",
        ("GET /v2/spaces", "/spaces"),
    ),
    GuardMutation(
        "Spaces of the token alone are listed",
        "features.spaces.store",
        "    if limits:\n        query = query.where(or_",
        "    if False:\n        query = query.where(or_",
        ("GET /v2/spaces", "/v1.0/spaces"),
    ),
    GuardMutation(
        "organizations of the token alone are listed",
        "features.accounts.api",
        "if may_see(principal, ResourceScope(organization.id, organization.key))",
        "",
        ("/organizations",),
    ),
    GuardMutation("whose token it is", "features.auth.token_api", "token.account_id == principal.id and", "", TOKENS),
    GuardMutation(
        "who administrates a token's organizations",
        "features.auth.token_api",
        "if not select_administrated(principal, token_store.list_reachable_organizations(connection, token)):",
        "if False:",
        TOKENS,
    ),
    GuardMutation(
        "the scope to end another's token",
        "features.auth.token_api",
        "    authorization.check_scope(principal, Scope.SPACES_WRITE)\n",
        "",
        TOKENS,
    ),
    GuardMutation(
        "whose service account it is",
        "features.auth.service_accounts",
        "if store.find_organization_of_service_account(connection, account_id) != call.place.organization_id:",
        "if False:",
        ("/service-accounts",),
    ),
    GuardMutation(
        "whose invitation it is",
        "features.accounts.invitations.store",
        "mine = (invitations.c.organization_id == organization_id) & (invitations.c.id == invitation_id)",
        "mine = invitations.c.id == invitation_id",
        ("/invitations",),
    ),
    GuardMutation(
        "whose member it is",
        "features.accounts.store",
        "query = _members(organization_id).where(accounts.c.email ==",
        "query = select(accounts, memberships.c.role).join_from(accounts, memberships).where(accounts.c.email ==",
        MEMBERS,
    ),
    GuardMutation(
        "whose key it is",
        "features.spaces.store",
        "mine = (columns.environment_id == environment_id) & or_(",
        "mine = or_(",
        ("/keys",),
    ),
    GuardMutation(
        "keys of the environment alone are listed",
        "features.spaces.store",
        "query = _keys().where(environment_keys.c.environment_id == environment_id)",
        "query = _keys()",
        ("/keys",),
    ),
    GuardMutation(
        "the environment whose signing changes",
        "features.spaces.signed_ids.store",
        "environments.update().where(environments.c.id == environment_id)",
        "environments.update()",
        ("/signed-ids",),
    ),
    GuardMutation(
        "the environment whose signing is told",
        "features.spaces.signed_ids.store",
        ".where(environments.c.id == environment_id)\n\n\ndef _to_signing_state",
        "\n\n\ndef _to_signing_state",
        ("/signed-ids",),
    ),
    GuardMutation(
        "the environment whose delivery changes",
        "features.spaces.delivery.store",
        "environments.update().where(environments.c.id == environment_id)",
        "environments.update()",
        ("/delivery",),
    ),
    GuardMutation(
        "whose export it is",
        "features.exports.store",
        "exports.c.id == export_id, exports.c.environment_id == environment_id",
        "exports.c.id == export_id",
        ("/exports",),
    ),
    GuardMutation(
        "scopes to fetch an export",
        "features.exports.api",
        "    for scope in needed:\n        authorization.check_scope(call.principal, scope, call.place)\n",
        "",
        ("/exports",),
    ),
    GuardMutation(
        "a tribe's users need the tribe's scope",
        "features.tribes.api",
        "    authorization.check_scope(call.principal, authorization.Scope.TRIBES_READ, call.place)\n    page",
        "    page",
        ("/tribes/{tribe}/users",),
    ),
    GuardMutation(
        "an explanation needs the tribe's scope",
        "features.tribes.api",
        "    authorization.check_scope(call.principal, authorization.Scope.TRIBES_READ, call.place)\n    person",
        "    person",
        ("/explanation",),
    ),
    GuardMutation(
        "a session's explanation needs every scope",
        "features.sessions.api",
        "        authorization.check_scope(call.principal, scope, call.place)\n",
        "        pass\n",
        ("/session-explanation",),
    ),
    GuardMutation(
        "the impact of a push needs the scope of people",
        "features.impact.api",
        "    authorization.check_scope(call.principal, authorization.Scope.USERS_READ, call.place)\n",
        "    return\n",
        ("/impact",),
    ),
    GuardMutation(
        "an export of a tribe needs the tribe's scope",
        "features.exports.api",
        "    authorization.check_scope(call.principal, authorization.Scope.TRIBES_READ, call.place)\n    asked",
        "    asked",
        ("/exports",),
    ),
    GuardMutation(
        "an account is kept to",
        "http.pipeline",
        "    await _keep_to_account(call)\n",
        "",
        ("/environments", "/members"),
    ),
    GuardMutation(
        "an account is one of the caller's",
        "http.pipeline",
        "    if place is None or role is None:\n        raise NotFound\n",
        "    if place is None or role is None:\n        return\n",
        ("/environments", "/members"),
    ),
    GuardMutation(
        "an environment is of the Space",
        "features.spaces.store",
        ".join(environments, environments.c.space_id == spaces.c.id)",
        ".join(environments, or_(environments.c.space_id == spaces.c.id, environments.c.id.in_("
        "_environments_of_key(environment))))",
        ("/environments/{environment}",),
    ),
    GuardMutation(
        "a key's own environment",
        "features.spaces.store",
        "SELECT k.id, k.name, k.environment_id,",
        "SELECT k.id, k.name, (SELECT min(id) FROM environments),",
        ("/api/client/",),
    ),
    GuardMutation(
        "a session of the key's environment",
        "features.sessions.changes.store",
        "FROM sessions WHERE environment_id = ?",
        "FROM sessions WHERE (environment_id = ? OR true)",
        ("/changes",),
    ),
    *(
        GuardMutation(f"{each.what}, on {database}", each.module, each.there, each.gone, AMONG_NEIGHBOURS, database)
        for each in ISOLATION_CONDITIONS
        for database in each.databases
    ),
)


class _MutatingLoader(importlib.machinery.SourceFileLoader):
    """Loads a module without its guard."""

    guard: GuardMutation

    def get_code(self, fullname: str) -> CodeType:
        """The altered code; what is compiled already is not looked at."""
        source = self.get_source(fullname) or ""
        if source.count(self.guard.there) != 1:
            raise LookupError(
                f"{self.guard.name}: its lines stand {source.count(self.guard.there)} times in {fullname}"
            )
        return compile(source.replace(self.guard.there, self.guard.gone), self.path, "exec", dont_inherit=True)


class _MutatingFinder(importlib.abc.MetaPathFinder):
    """Finds the one module that is altered."""

    def __init__(self, guard: GuardMutation) -> None:
        self._guard = guard

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Where it is; None for every other."""
        if fullname != f"templates_server.{self._guard.module}":
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None:
            raise LookupError(f"{fullname} does not exist")
        spec.loader = _MutatingLoader(fullname, spec.origin)
        spec.loader.guard = self._guard
        return spec


def count_faults_without(guard: GuardMutation) -> int:
    """How much is red without a guard; for a process of its own."""
    sys.meta_path.insert(0, _MutatingFinder(guard))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        found = _of_the_grid(guard, Path(folder)) if guard.routes else _of_neighbours(guard, Path(folder))
    sys.stderr.write("".join(f"{fault[:2000]}\n" for fault in found[:3]))
    return len(found)


def _of_the_grid(guard: GuardMutation, folder: Path) -> Sequence[str]:
    from tests.server.authorisation import grid  # noqa: PLC0415 - the modules of the server come with it
    from tests.server.authorisation.expectations import rows  # noqa: PLC0415 - as above
    from tests.server.authorisation.world import new_world  # noqa: PLC0415 - as above

    wanted = [row for row in rows() if any(part in row.name for part in guard.routes)]
    try:
        world = new_world(str(sqlite_url(folder)), folder)
    except AssertionError as error:  # it cannot even be made
        return [str(error)]
    return [fault for walk in (grid.walk, grid.swap, grid.confine) for fault in walk(world, of=wanted).faults]


def _of_neighbours(guard: GuardMutation, folder: Path) -> Sequence[str]:
    from tests.server.authorisation.neighbours import find_differences  # noqa: PLC0415 - as above
    from tests.servers import PostgresServer  # noqa: PLC0415 - as above

    postgres = PostgresServer(folder / "postgres") if guard.database == "postgresql" else None
    one, other = (
        postgres.new_database_url() if postgres else str(sqlite_file_url(folder / f"{name}.db"))
        for name in ("one", "other")
    )
    try:
        return find_differences(one, other, folder)
    except (AssertionError, SQLAlchemyError, TimeoutError) as error:  # they cannot even be made
        return [str(error)]
    finally:
        if postgres:
            postgres.close()


def _counted(guard: GuardMutation) -> str:
    """What came of a guard's absence, in words."""
    command = [sys.executable, "-m", "tests.server.authorisation.guard_mutations", guard.name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.stdout.strip():
        return done.stdout.strip()
    told = done.stderr.strip().splitlines()[-1]
    return (
        "1" if guard.routes == AMONG_NEIGHBOURS and "Error" in told and "LookupError" not in told else f"failed: {told}"
    )


def _lines(guards: Sequence[GuardMutation]) -> Iterator[str]:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for guard, counted in zip(guards, threads.map(_counted, guards), strict=True):
            sys.stdout.write(f"{counted:>5}  {guard.name}\n")
            sys.stdout.flush()
            yield f"{counted:>5}  {guard.name}\n"


def main(names: Sequence[str]) -> int:
    """Without a guard, or without each in turn: of all of them, or of those that have no record yet."""
    recorded = {line.split(maxsplit=1)[1]: f"{line}\n" for line in RECORD.read_text(encoding="ascii").splitlines()}
    if names and names[0] != NEW:
        sys.stdout.write(
            f"{count_faults_without(next(guard for guard in GUARD_MUTATIONS if guard.name == names[0]))}\n"
        )
        return 0
    wanted = [guard for guard in GUARD_MUTATIONS if not names or guard.name not in recorded]
    counted = dict(zip((guard.name for guard in wanted), _lines(wanted), strict=True))
    lines = [(recorded | counted)[guard.name] for guard in GUARD_MUTATIONS]
    RECORD.write_text("".join(lines), encoding="ascii")
    return int(any(not line.split()[0].isdigit() or line.split()[0] == "0" for line in lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
