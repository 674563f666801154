"""Two organizations with twin data, and one credential of every kind: what the grid is walked on.

Ours is `acme` with the Spaces `vod` and `radio`; the other one is `twin` with the Space `rival`. In each Space the
same people, imports and tribes are in production, and staging of `vod` has its own. Whatever can hold a text holds the
mark of its place, `mark-vod` say, so that an answer tells whose things it shows.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Executable, select, update

from templates_server.app import create_app
from templates_server.features.exports.file_store import ExportFiles
from templates_server.features.spaces import store as spaces_store
from templates_server.primitives.timestamps import DAY, LATEST_AHEAD, system_clock
from templates_server.security.authorization import ALL_SCOPES, Role, Scope
from templates_server.security.secrets import SecretKind, hash_secret, new_secret
from templates_server.settings import Settings
from templates_server.storage import migrations, tables
from tests.people import FULL, Grant, Organization, Person, add_organization, add_person, add_service, add_token
from tests.server.authorisation.in_process import (
    InProcessClient,
    InProcessResponse,
    RollbackDatabase,
    rollback_database,
)

MARK = re.compile(rb"mark-([a-z]+)")
LATER = system_clock() + DAY
NO_USE_IS_NOTED = LATEST_AHEAD // 2  # so far ahead is the last use of every token: a later one would be a wrong clock
SPACES = {"vod": "acme", "radio": "acme", "rival": "twin"}
UNKNOWN = "?"  # a place that came to be meanwhile
NEW = "new"  # the mark of what requests bring


@dataclass
class World:
    """What there is; `names` are those of each place's things, `bearers` what stands behind `Authorization`."""

    database: RollbackDatabase
    asker: InProcessClient
    exports: ExportFiles
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    bearers: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    async def ask(
        self, credential: str, method: str, target: str, content: bytes = b"", **headers: str
    ) -> InProcessResponse:
        """The answer that a credential gets."""
        if bearer := self.bearers[credential]:
            headers["Authorization"] = bearer
        return await self.asker.ask(method, target, content, **headers)

    async def end_of_export(self, export_id: str) -> None:
        """Return once nobody makes the file of an export any more: an organization may have a few made at once."""
        while (lock := self.exports.hold(export_id)) is None:  # noqa: ASYNC110 - a thread lets it go
            await asyncio.sleep(0.002)
        self.exports.let_go(export_id, lock)

    def change(self, statement: Executable) -> None:
        """Do that to the database, for good."""
        self.database.write_sync(lambda connection: connection.execute(statement))

    def touched(self) -> frozenset[str]:
        """The places whose rows were changed since the last time."""
        found, self.database.touched = self.database.touched, frozenset()
        return frozenset(self.places.get(place, UNKNOWN) for place in found)

    def strays(self) -> frozenset[tuple[str, str]]:
        """The places where something was written since the last time that has another's mark, and that mark.

        An organization may have those of its Spaces: its audit log has the names that they had.
        """
        found, self.database.written = self.database.written, frozenset()
        marks = {
            (self.places.get(place, UNKNOWN), mark.decode())
            for place, text in found
            for mark in MARK.findall(text.encode())
        }
        return frozenset(
            (place, mark) for place, mark in marks if mark not in {NEW, place} and SPACES.get(mark) != place
        )


def new_world(database_url: str, folder: Path) -> World:
    """Everything, on an empty database."""
    database = rollback_database(database_url)
    migrations.upgrade(database)
    settings = Settings("http://localhost", database_url, folder, rate_limits=None, metrics=True)
    app = create_app(settings, database=database)
    world = World(database, InProcessClient(app), app.features.export_worker.files)
    organizations = {key: _organization(world, key) for key in ("acme", "twin")}
    asyncio.run(_furnish(world, organizations))
    _let_in(world, organizations)
    world.change(tables.tokens.update().values(last_used=system_clock() + NO_USE_IS_NOTED))
    database.forgets = True
    return world


def _organization(world: World, key: str) -> Organization:
    organization = add_organization(world.database, key)
    renamed = update(tables.organizations).where(tables.organizations.c.id == organization.id)
    world.database.write_sync(lambda connection: connection.execute(renamed.values(name=f"mark-{key}")))
    world.places[organization.id] = key
    return organization


# What there is


async def _furnish(world: World, organizations: Mapping[str, Organization]) -> None:
    for key, organization in organizations.items():
        who = add_person(world.database, organization, grant=Grant(kind="access"))
        world.bearers["maker"] = f"Bearer {who.token}"
        await _furnish_organization(world, organization)
        for space, owner in SPACES.items():
            if owner == key:
                await _furnish_space(world, organization, space)
    del world.bearers["maker"]


async def _make(world: World, method: str, path: str, body: Any) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    media_type = "application/x-ndjson" if isinstance(body, bytes) else "application/json"
    answer = await world.ask("maker", method, path, content, content_type=media_type)
    assert answer.status < 300, (method, path, answer)
    return json.loads(answer.body)["data"] if answer.body else None


async def _furnish_organization(world: World, organization: Organization) -> None:
    key, path = organization.key, f"/v2/organizations/{organization.key}"
    member = add_person(world.database, organization, role=Role.VIEWER)
    email = f"member@mark-{key}.example"
    renamed = update(tables.accounts).where(tables.accounts.c.id == member.id).values(email=email)
    world.database.write_sync(lambda connection: connection.execute(renamed))
    invited = await _make(world, "POST", f"{path}/members", {"email": f"guest@mark-{key}.example", "role": "viewer"})
    robot = await _make(world, "POST", f"{path}/service-accounts", {"name": f"mark-{key}"})
    world.names[key] = {
        "organization": key,
        "member": email,
        "invitation": invited[0]["id"],
        "service_account": robot[0]["id"],
    }
    world.bearers[f"secret of {key}"] = f"Bearer {robot[0]['client_secret']}"


def model(mark: str, **more: Any) -> dict[str, Any]:
    """A model with a mark in it."""
    header = {"properties": {"label": {"type": "text", "default": f"mark-{mark}"}}}
    hidden = {"children": {"header": {"experience": "header"}}}
    return {
        "experiences": {"header": header},
        "collections": {"home": {"children": {"header": {"experience": "header"}}}, "hidden": hidden},
        **more,
    }


def delivery(mark: str, **more: Any) -> dict[str, Any]:
    """A delivery with marks in it."""
    state = {"enabled": True, "properties": {"label": f"mark-{mark}"}}
    targeted = [{"name": f"mark-{mark}", "tribes": ["gold"], **state}]
    return {"published": ["home"], "scenarios": {"home.header": {"default": state, "targeted": targeted}}, **more}


def tribes(mark: str, **more: Any) -> dict[str, Any]:
    """Two tribes with marks in them; a scenario is for the first."""
    plan = {"attribute": "attributes.plan", "operator": "equals", "value": f"mark-{mark}"}
    either = {"name": f"mark-{mark}", "category": "Plans", "filters": [plan]}
    return {"tribes": {"gold": either, "plain": either}, **more}


def user(mark: str, user_id: str = "ada") -> dict[str, Any]:
    """A user with marks; `ada` is everywhere."""
    return {"user_id": user_id, "tags": [f"mark-{mark}"], "attributes": {"plan": f"mark-{mark}"}}


async def _furnish_space(world: World, organization: Organization, space: str) -> None:
    await _make(world, "POST", f"/v2/organizations/{organization.key}/spaces", {"key": space, "name": f"mark-{space}"})
    await _make(world, "PUT", f"/v2/spaces/{space}/model?note=mark-{space}", model(space, revision=0))
    only = tribes(space)["tribes"]["plain"]
    document = tribes(space, revision=0)
    document["tribes"][f"only-{space}"] = only
    await _make(world, "PUT", f"/v2/spaces/{space}/tribes?note=mark-{space}", document)
    await _furnish_environment(world, space, "production", mark=space)
    await _furnish_environment(world, space, "staging", mark="staging" if space == "vod" else space)


async def _furnish_environment(world: World, space: str, environment: str, *, mark: str) -> None:
    path = f"/v2/spaces/{space}/environments/{environment}"
    await _make(world, "PUT", f"{path}/delivery?note=mark-{mark}", delivery(mark, revision=0))
    await _make(world, "POST", f"{path}/users", [user(mark), user(mark, f"only-{mark}")])
    for name in ("crm", f"only-{mark}"):
        line = json.dumps(user(mark, "grace")).encode() + b"\n"
        await _make(world, "PUT", f"{path}/imports/{name}/parts/1", line)
    key = await _key(world, space, environment, mark)
    for visitor in ("phone", f"only-{mark}"):
        await _tell(world, key.key, "identify", {"anonymous_id": visitor, "data": {"plan": f"mark-{mark}"}})
        for tag in (f"mark-{mark}", "shared"):
            await _make(world, "PUT", f"{path}/visitors/{visitor}/tags/{tag}", None)
    event = {"name": f"video/mark-{mark}", "external_id": "ada", "data": {"film": f"mark-{mark}"}}
    await _tell(world, key.key, "events", [event])
    session = json.loads((await _tell(world, key.key, "sessions", {"external_id": "ada"})).body)
    world.names[mark] = {
        "organization": SPACES[space],
        "space": space,
        "environment": environment,
        "user": "ada",
        "only_user": f"only-{mark}",
        "visitor": "phone",
        "only_visitor": f"only-{mark}",
        "import": "crm",
        "only_import": f"only-{mark}",
        "tribe": "gold",
        "only_tribe": f"only-{space}",
        "tag": f"mark-{mark}",
        "session": session["session"],
        "export": await _export(world, f"{path}/tribes/gold/exports"),
        "key": key.id,
        "key_text": key.key,
    }


async def _tell(world: World, key: str, route: str, body: Any) -> InProcessResponse:
    """What an app says."""
    told = {"content_type": "application/json", "authorization": f"Bearer {key}"}
    answer = await world.asker.ask("POST", f"/api/client/{route}", json.dumps(body).encode(), **told)
    assert answer.status < 300, answer
    return answer


async def _export(world: World, path: str) -> str:
    """The id of an export that is complete."""
    begun = (await _make(world, "POST", path, {"format": "csv"}))[0]
    while begun["state"] == "running":
        await asyncio.sleep(0.01)
        at = f"{path.partition('/tribes')[0]}/exports/{begun['export']}"
        begun = json.loads((await world.ask("maker", "GET", at)).body)["data"][0]
    assert begun["state"] == "complete", begun
    return str(begun["export"])


async def _key(world: World, space: str, environment: str, mark: str) -> spaces_store.StoredKey:
    """A key whose name has the mark; made where no audit tells of the name."""
    database = world.database
    place = database.read_sync(
        lambda connection: spaces_store.locate(connection, {"space": space, "environment": environment})
    )
    assert place is not None
    assert place.space_id is not None
    assert place.environment_id is not None
    world.places[place.space_id] = space
    world.places[place.environment_id] = mark
    environments = select(tables.environments.c.id).where(tables.environments.c.space_id == place.space_id)
    for other in database.read_sync(lambda connection: connection.execute(environments).scalars().all()):
        world.places.setdefault(other, space)
    environment_id = place.environment_id
    key = database.write_sync(
        lambda connection: spaces_store.create_key(connection, environment_id, name=f"mark-{mark}", now=system_clock())
    )
    world.bearers[f"key of {mark}"] = f"Bearer {key.key}"
    return key


# Who asks


def _let_in(world: World, organizations: Mapping[str, Organization]) -> None:
    ours, theirs = organizations["acme"], organizations["twin"]
    _let_in_nobody(world, ours)
    _let_in_people(world, ours)
    _let_in_services(world, ours)
    _let_in_strangers(world, ours, theirs)
    world.names["acme"]["token"] = world.names["twin"]["token"] = _id_of_token(world, "developer who signed in")
    for mark, credential in (("vod", "a key"), ("staging", "a key of staging"), ("rival", KEY_THERE)):
        world.bearers[credential] = world.bearers.pop(f"key of {mark}")
    world.bearers["a service account's secret"] = world.bearers.pop("secret of acme")


KEY_THERE = "a key of the other organization"


def _as(world: World, credential: str, organization: Organization, role: Role, **grant: Any) -> Person:
    person = add_person(world.database, organization, role=role, grant=Grant(**grant))
    world.bearers[credential] = f"Bearer {person.token}"
    return person


def _let_in_nobody(world: World, ours: Organization) -> None:
    world.bearers |= {"none": "", "garbage": "Bearer nonsense", "another scheme": "Basic YTpi"}
    for credential, values in (
        ("expired", {"expires": system_clock() - 1}),
        ("revoked", {"revoked": system_clock()}),
        ("a refresh token", {"kind": "refresh"}),
        ("a sign-in that was ended", {"family_id": "fam"}),
    ):
        person = _as(world, credential, ours, Role.ADMINISTRATOR, kind="access")
        if "family_id" in values:
            _end_family(world, person)
        changed = update(tables.tokens).where(tables.tokens.c.account_id == person.id).values(values)
        world.change(changed)
    good = _as(world, "a wrong checksum", ours, Role.ADMINISTRATOR).token
    world.bearers["a wrong checksum"] = f"Bearer {good[:-1]}{'A' if good[-1] != 'A' else 'B'}"
    world.bearers["never issued"] = f"Bearer {new_secret(SecretKind.PERSONAL)}"
    database, key = world.database, world.names["vod"]
    place = {"space": "vod", "environment": "production"}
    environment_id = str(database.read_sync(lambda connection: spaces_store.locate(connection, place)).environment_id)  # type: ignore[union-attr]  # it was made above
    revoked = database.write_sync(
        lambda connection: spaces_store.create_key(connection, environment_id, name="old", now=system_clock())
    )
    key["revoked_key_text"] = revoked.key
    database.write_sync(
        lambda connection: spaces_store.revoke_key(connection, environment_id, revoked.id, now=system_clock())
    )
    world.bearers["a revoked key"] = f"Bearer {revoked.key}"


def _end_family(world: World, person: Person) -> None:
    now = system_clock()
    family = {"id": "fam", "client_id": "mtribes-cli", "account_id": person.id, "scopes": "", "created": now}
    row = tables.token_families.insert().values(**family, expires=LATER, revoked=now)
    world.database.write_sync(lambda connection: connection.execute(row))


def _let_in_people(world: World, ours: Organization) -> None:
    ids = {name: id_ for id_, name in world.places.items() if id_.startswith(("spc_", "org_"))}
    for role in Role:
        _as(world, role.value, ours, role)
        _as(world, f"{role.value} who signed in", ours, role, kind="access")
    for scope in Scope:
        _as(world, f"only {scope}", ours, Role.ADMINISTRATOR, scopes={scope})
    for credential, limits, role in (
        ("narrowed to the Space", {ids["vod"]}, Role.ADMINISTRATOR),
        ("narrowed to another Space", {ids["radio"]}, Role.ADMINISTRATOR),
        ("narrowed to the organization", {ids["acme"]}, Role.ADMINISTRATOR),
        ("narrowed to another organization", {ids["twin"]}, Role.ADMINISTRATOR),
        ("narrowed to two Spaces by a developer", {ids["vod"], ids["radio"]}, Role.DEVELOPER),
    ):
        _as(world, credential, ours, role, limits=limits)
    _as(world, "a sign-in for spaces:read", ours, Role.ADMINISTRATOR, kind="access", scopes={Scope.SPACES_READ})
    for credential, kind in (("a former member", "personal"), ("a former member who signed in", "access")):
        person = _as(world, credential, ours, Role.ADMINISTRATOR, kind=kind)
        left = tables.memberships.delete().where(tables.memberships.c.account_id == person.id)
        world.change(left)


def _let_in_services(world: World, ours: Organization) -> None:
    for credential, values in (
        ("a service account", {}),
        ("a service account for code", {"scopes": "code:read"}),
        ("a revoked service account", {"revoked": system_clock()}),
    ):
        service = add_service(world.database, ours, grant=Grant(ALL_SCOPES, kind="access"))
        world.bearers[credential] = f"Bearer {service.token}"
        if values:
            table = tables.service_accounts
            changed = update(table).where(table.c.id == service.id).values(values)
            world.change(changed)


def _let_in_strangers(world: World, ours: Organization, theirs: Organization) -> None:
    _as(world, "the other organization's administrator", theirs, Role.ADMINISTRATOR, kind="access")
    for credential, here, there, kind in (
        ("administrator there, viewer here", Role.VIEWER, Role.ADMINISTRATOR, "personal"),
        ("administrator here, viewer there", Role.ADMINISTRATOR, Role.VIEWER, "access"),
    ):
        person = _as(world, credential, ours, here, kind=kind)
        row = {"organization_id": theirs.id, "account_id": person.id, "role": there.value}
        joined = tables.memberships.insert().values(row)
        world.change(joined)


def _id_of_token(world: World, credential: str) -> str:
    """The id of a personal token of the person behind a credential, made for this."""
    bearer = world.bearers[credential].removeprefix("Bearer ")
    table = tables.tokens
    owner = select(table.c.account_id).where(table.c.token_hash == hash_secret(bearer))
    account_id = world.database.read_sync(lambda connection: str(connection.execute(owner).scalar_one()))
    made = add_token(world.database, FULL, account_id=account_id)
    id_of_made = select(table.c.id).where(table.c.token_hash == hash_secret(made))
    return world.database.read_sync(lambda connection: str(connection.execute(id_of_made).scalar_one()))
