"""`mtribes env`: what each environment of a Space delivers, and the public keys of apps."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from mtribes_cli.api.models.environments import Published, SignedIds
from mtribes_cli.context import Context
from mtribes_cli.errors import UsageError
from mtribes_cli.parameters.delivery_history import (
    DeliverySides,
    RestoreDelivery,
    delivery_history,
    diff_deliveries,
    restore_delivery,
)
from mtribes_cli.parameters.documents import (
    STDIN,
    LocalDocument,
    Output,
    read_document,
    space_of,
    update_local_revision,
    write_document,
)
from mtribes_cli.parameters.history import DEFAULT_LIMIT
from mtribes_cli.parameters.impact import DryRunOption, ImpactOption, check_impact_options, delivery_impact
from mtribes_cli.parameters.options import (
    EnvironmentOption,
    FileArgument,
    ForceOption,
    FormatOption,
    HistoryLimitOption,
    NoteOption,
    OldRevisionOption,
    OutputOption,
    SpaceOption,
)
from mtribes_cli.parameters.people import EnvironmentScope
from mtribes_cli.terminal.result import Kind, Result, Table

app = typer.Typer(rich_markup_mode=None, add_completion=False)
key_app = typer.Typer(
    rich_markup_mode=None, help="Manage the public keys (pk_...) of an environment, such as one per platform."
)
app.add_typer(key_app, name="key")
signing_app = typer.Typer(
    rich_markup_mode=None,
    help=("Manage signed IDs: the server accepts a user ID only with a signature from your back end."),
)
app.add_typer(signing_app, name="signing")
FromOption = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="REVISION", help="Revision or environment name (default: the revision before --to)."
    ),
]
ToOption = Annotated[
    str | None,
    typer.Option("--to", metavar="REVISION", help="Revision or environment name (default: the current delivery)."),
]
CollectionsArgument = Annotated[list[str], typer.Argument(metavar="COLLECTION...", help="Collection keys.")]


@app.command("list")
def list_command(call: typer.Context, space: SpaceOption = None) -> Result:
    """List the environments of a Space and the collections that are live in each.

    $ mtribes env list --space vod
    """
    return list_environments(call.obj, space)


@app.command("pull")
def pull_command(  # noqa: PLR0913 - one parameter an option
    call: typer.Context,
    *,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
    output: OutputOption = STDIN,
    revision: OldRevisionOption = None,
    format_name: FormatOption = None,
) -> Result:
    """Write the delivery of an environment to stdout or a file.

    $ mtribes env pull --space vod --environment staging --output staging.yaml
    """
    return pull_delivery(call.obj, EnvironmentScope(space, environment), Output(output, format_name), revision)


@app.command("push")
def push_command(  # noqa: PLR0913 - one parameter an option
    call: typer.Context,
    file: FileArgument,
    *,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
    force: ForceOption = False,
    note: NoteOption = None,
    dry_run: DryRunOption = False,
    impact: ImpactOption = False,
) -> Result:
    """Replace the delivery of an environment with a document.

    $ mtribes env push staging.yaml --environment staging
    """
    check_impact_options(dry_run=dry_run, impact=impact)
    place = EnvironmentScope(space, environment)
    if dry_run:
        return try_delivery(call.obj, file, place, show_scenarios=impact)
    return push_delivery(call.obj, PushDelivery(file, place, force=force, note=note))


@app.command("history")
def history_command(
    call: typer.Context,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
    limit: HistoryLimitOption = DEFAULT_LIMIT,
) -> Result:
    """List the changes to the delivery of an environment, newest first.

    $ mtribes env history --space vod --environment production
    """
    return delivery_history(call.obj, EnvironmentScope(space, environment), limit)


@app.command("diff")
def diff_command(
    call: typer.Context,
    before: FromOption = None,
    after: ToOption = None,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
) -> Result:
    """Compare the deliveries of two revisions or two environments.

    $ mtribes env diff --space vod --environment production --from staging
    """
    return diff_deliveries(call.obj, EnvironmentScope(space, environment), DeliverySides(before, after))


@app.command("restore")
def restore_command(
    call: typer.Context,
    revision: Annotated[
        int, typer.Argument(metavar="REVISION", min=0, help="Revision number, as shown by `mtribes env history`.")
    ],
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
    note: NoteOption = None,
) -> Result:
    """Restore an older revision as a new one. Fails if it needs model parts or tribes that no longer exist.

    $ mtribes env restore 3 --space vod --environment production
    """
    return restore_delivery(call.obj, RestoreDelivery(revision, EnvironmentScope(space, environment), note))


@app.command("publish")
def publish_command(
    call: typer.Context,
    collections: CollectionsArgument,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
    note: NoteOption = None,
) -> Result:
    """Publish collections.

    $ mtribes env publish home --space vod --environment staging
    """
    return publish(call.obj, EnvironmentScope(space, environment), collections, note)


@app.command("unpublish")
def unpublish_command(
    call: typer.Context,
    collections: CollectionsArgument,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
    note: NoteOption = None,
) -> Result:
    """Unpublish collections. Apps see their entities as disabled.

    $ mtribes env unpublish home --space vod --environment staging
    """
    return unpublish(call.obj, EnvironmentScope(space, environment), collections, note)


@key_app.command("create")
def create_key_command(
    call: typer.Context,
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="Description of its use, such as the platform.")],
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
) -> Result:
    """Create a key and print it to stdout.

    $ mtribes env key create --name web --space vod --environment production
    """
    return create_key(call.obj, EnvironmentScope(space, environment), name)


@key_app.command("list")
def list_keys_command(call: typer.Context, space: SpaceOption = None, environment: EnvironmentOption = None) -> Result:
    """List the keys of an environment, including revoked ones.

    $ mtribes env key list --space vod --environment production
    """
    return list_keys(call.obj, EnvironmentScope(space, environment))


@key_app.command("revoke")
def revoke_key_command(
    call: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="Key ID, or the key itself (pk_...).")],
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
) -> Result:
    """Revoke a key. Apps that use it get fallbacks.

    $ mtribes env key revoke key_1 --space vod --environment production
    """
    return revoke_key(call.obj, EnvironmentScope(space, environment), key)


@signing_app.command("show")
def show_signing_command(
    call: typer.Context, space: SpaceOption = None, environment: EnvironmentOption = None
) -> Result:
    """Print the secret for signing user IDs to stdout.

    $ mtribes env signing show --space vod --environment production
    """
    return show_signing(call.obj, EnvironmentScope(space, environment))


@signing_app.command("require")
def require_signing_command(
    call: typer.Context, space: SpaceOption = None, environment: EnvironmentOption = None
) -> Result:
    """Require signed user IDs. Make sure that your back end signs them first.

    $ mtribes env signing require --space vod --environment production
    """
    return change_signing(call.obj, EnvironmentScope(space, environment), required=True)


@signing_app.command("rotate")
def rotate_signing_command(
    call: typer.Context, space: SpaceOption = None, environment: EnvironmentOption = None
) -> Result:
    """Rotate the signing secret. Existing signatures stop working.

    $ mtribes env signing rotate --space vod --environment production
    """
    return rotate_signing(call.obj, EnvironmentScope(space, environment))


@signing_app.command("off")
def stop_signing_command(
    call: typer.Context, space: SpaceOption = None, environment: EnvironmentOption = None
) -> Result:
    """Accept unsigned user IDs again.

    $ mtribes env signing off --space vod --environment production
    """
    return change_signing(call.obj, EnvironmentScope(space, environment), required=False)


@dataclass(frozen=True)
class PushDelivery:
    """A delivery document to send."""

    file: str
    place: EnvironmentScope
    force: bool
    note: str | None


def list_environments(context: Context, space: str | None) -> Result:
    """Name, revision, live collections and number of keys of each."""
    environments = context.client.environments(context.settings.space(space))
    rows = [(one.name, str(one.revision), ", ".join(one.published) or "-", str(one.keys)) for one in environments]
    kinds = (Kind.ID, Kind.NUMBER, Kind.TEXT, Kind.NUMBER)
    table = Table(("NAME", "REVISION", "PUBLISHED", "KEYS"), rows, "No environments found.", kinds)
    return Result([asdict(one) for one in environments], (table,))


def pull_delivery(context: Context, place: EnvironmentScope, output: Output, revision: int | None) -> Result:
    """The delivery document, on stdout or in a file."""
    space, environment = place.resolve(context)
    return write_document(
        context,
        output,
        as_json=lambda: context.client.delivery(space, environment, revision=revision),
        as_yaml=lambda: context.client.delivery_yaml(space, environment, revision=revision),
    )


def push_delivery(context: Context, wanted: PushDelivery) -> Result:
    """The revision that the delivery has now."""
    document = read_document(context, wanted.file)
    space, environment = _destination(context, document, wanted.place)
    sent = document.to_send(force=wanted.force, note=wanted.note)
    pushed = context.client.push_delivery(space, environment, sent)
    update_local_revision(context, document, pushed.revision)
    said = f"{environment} of {space} is at revision {pushed.revision}" + ("." if pushed.changed else ". No changes.")
    return Result({"space": space, "environment": environment, **asdict(pushed)}, (said,))


def try_delivery(context: Context, file: str, place: EnvironmentScope, *, show_scenarios: bool) -> Result:
    """What the push would change for people; nothing is pushed."""
    document = read_document(context, file)
    destination = _destination(context, document, place)
    return delivery_impact(context, document, destination, show_scenarios=show_scenarios)


def _destination(context: Context, document: LocalDocument, place: EnvironmentScope) -> tuple[str, str]:
    """The Space and the environment that a document is pushed to."""
    space = space_of(context, document, place.space)
    environment = context.settings.environment(place.environment)
    _check_environment(document, environment)
    return space, environment


def _check_environment(document: LocalDocument, environment: str) -> None:
    """What was pulled from one environment does not reach another by a slip."""
    own = document.keys.get("environment")
    if own and own != environment:
        raise UsageError(
            f"{document.name} belongs to {own}, but you are pushing to {environment}.",
            f"Pass --environment {own}, or set `environment: {environment}` in the file and delete `revision`.",
        )


def publish(context: Context, place: EnvironmentScope, collections: list[str], note: str | None) -> Result:
    """What is live now."""
    space, environment = place.resolve(context)
    return _published(space, environment, context.client.publish(space, environment, collections, note=note))


def unpublish(context: Context, place: EnvironmentScope, collections: list[str], note: str | None) -> Result:
    """What is live now."""
    space, environment = place.resolve(context)
    return _published(space, environment, context.client.unpublish(space, environment, collections, note=note))


def _published(space: str, environment: str, answer: Published) -> Result:
    live = ", ".join(answer.published) or "nothing"
    return Result({"space": space, "environment": environment, **asdict(answer)}, (f"Live in {environment}: {live}.",))


def create_key(context: Context, place: EnvironmentScope, name: str) -> Result:
    """The new key."""
    space, environment = place.resolve(context)
    created = context.client.create_key(space, environment, name=name)
    context.console.notice(
        f"Created key {created.name} ({created.id}) in {environment}. The key is public and safe to include in apps."
    )
    return Result(asdict(created), (created.key,))


def list_keys(context: Context, place: EnvironmentScope) -> Result:
    """All keys."""
    keys = context.client.keys(*place.resolve(context))
    rows = [(one.id, one.name, one.key, one.created or "", one.revoked or "-") for one in keys]
    kinds = (Kind.ID, Kind.TEXT, Kind.ID, Kind.TIME, Kind.TIME)
    table = Table(("ID", "NAME", "KEY", "CREATED", "REVOKED"), rows, "No keys found.", kinds)
    return Result([asdict(one) for one in keys], (table,))


def revoke_key(context: Context, place: EnvironmentScope, key: str) -> Result:
    """That it is revoked."""
    space, environment = place.resolve(context)
    context.client.revoke_key(space, environment, key)
    return Result({"space": space, "environment": environment, "key": key}, (f"Revoked {key}.",))


def show_signing(context: Context, place: EnvironmentScope) -> Result:
    """Whether ids must be signed, and the secret."""
    space, environment = place.resolve(context)
    signing = context.client.signed_ids(space, environment)
    context.console.notice(
        f"{_signing_in(environment, space, signing)} Keep the secret in your back end. Do not put it in an app."
    )
    return Result(asdict(signing), (signing.secret,))


def change_signing(context: Context, place: EnvironmentScope, *, required: bool) -> Result:
    """Whether ids must be signed now."""
    space, environment = place.resolve(context)
    signing = context.client.change_signed_ids(space, environment, required=required)
    return _signing_result(space, environment, signing)


def rotate_signing(context: Context, place: EnvironmentScope) -> Result:
    """That there is another secret; whether ids must be signed stays as it is."""
    space, environment = place.resolve(context)
    required = context.client.signed_ids(space, environment).required
    signing = context.client.change_signed_ids(space, environment, required=required, rotate=True)
    context.console.notice("Signing secret rotated. Run `mtribes env signing show` to print it.")
    return _signing_result(space, environment, signing)


def _signing_result(space: str, environment: str, signing: SignedIds) -> Result:
    data = {"space": space, "environment": environment, "required": signing.required}
    return Result(data, (_signing_in(environment, space, signing),))


def _signing_in(environment: str, space: str, signing: SignedIds) -> str:
    return f"User IDs {'must' if signing.required else 'need not'} be signed in {environment} of {space}."
