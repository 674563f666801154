"""The fields of the forms of our own pages; `form_token` binds a form to the browser that it was shown in."""

from __future__ import annotations

from typing import Literal

import msgspec


class SignInForm(msgspec.Struct, frozen=True):
    """The credentials; `next` is a path on this server to continue at."""

    form_token: str
    email: str
    password: str
    next: str = "/"


class SignOutForm(msgspec.Struct, frozen=True):
    """Only the form token."""

    form_token: str


class ConsentForm(msgspec.Struct, frozen=True):
    """The decision of the user; `another` signs in with another account first."""

    form_token: str
    decision: Literal["allow", "cancel", "another"]


class DeviceForm(msgspec.Struct, frozen=True):
    """The code that a program shows."""

    form_token: str
    user_code: str


class DeviceConsentForm(msgspec.Struct, frozen=True):
    """The user's decision about the program that shows the code."""

    form_token: str
    user_code: str
    decision: Literal["allow", "cancel", "another"]


class InvitationForm(msgspec.Struct, frozen=True):
    """The name and password of a new account; people with an account send only the token."""

    form_token: str
    name: str = ""
    password: str = ""
    repeated: str = ""


class TokenForm(msgspec.Struct, frozen=True):
    """The token to create; `scope` and `organization` can be repeated, `spaces` are keys."""

    form_token: str
    name: str
    scope: str = ""
    organization: str = ""
    spaces: str = ""
    days: str = ""


class RevokeTokenForm(msgspec.Struct, frozen=True):
    """Only the form token."""

    form_token: str


class DeedForm(msgspec.Struct, frozen=True):
    """A console action without fields; it is performed once per `key`."""

    form_token: str
    key: str = ""


class KeyForm(DeedForm, frozen=True):
    """The key to create."""

    name: str = ""


class SignedIdsForm(DeedForm, frozen=True):
    """The change of the signed-ID settings."""

    deed: Literal["require", "off", "rotate"] = "require"


class UserTagForm(DeedForm, frozen=True):
    """The user tag to add, remove or delete."""

    tag: str = ""


class EraseForm(DeedForm, frozen=True):
    """The person to erase; `confirmation` repeats their ID."""

    confirmation: str = ""


class SpaceForm(DeedForm, frozen=True):
    """The Space to create or rename; `confirmation` is the key of a Space to delete."""

    space_key: str = ""
    name: str = ""
    confirmation: str = ""


class OrganizationForm(DeedForm, frozen=True):
    """The organization to create or rename; `confirmation` is the key of an organization to delete."""

    organization_key: str = ""
    name: str = ""
    organization_name: str = ""
    confirmation: str = ""


class InviteForm(DeedForm, frozen=True):
    """The person to invite, and their role."""

    email: str = ""
    role: str = ""


class MemberForm(DeedForm, frozen=True):
    """A member, by e-mail address, and their new role."""

    member: str = ""
    role: str = ""


class ServiceAccountForm(DeedForm, frozen=True):
    """The service account to create; `scopes` can be repeated."""

    name: str = ""
    scopes: str = ""


class PasswordForm(DeedForm, frozen=True):
    """The user's current password and the new one."""

    present: str = ""
    password: str = ""
    repeated: str = ""


class TribeForm(DeedForm, frozen=True):
    """A tribe that is edited, and what the button says; the fields of its filters are `f0-kind` and so on.

    `tribe` is the key of a new one, `yaml` the whole of one that is edited as a document.
    """

    act: str = "save"
    revision: str = ""
    tribe: str = ""
    name: str = ""
    category: str = ""
    description: str = ""
    audience: str = ""
    match: str = ""
    note: str = ""
    kind: str = ""
    yaml: str = ""


class DownloadForm(DeedForm, frozen=True):
    """The format of the file to download."""

    format: Literal["csv", "ndjson", "json"] = "csv"


class UploadForm(DeedForm, frozen=True):
    """A CSV file of users."""

    file: bytes = b""


class ColumnsForm(DeedForm, frozen=True):
    """The mapping of the columns of an uploaded file, by number from 0; these fields are for the first column."""

    becomes: str = msgspec.field(default="", name="becomes-0")
    named: str = msgspec.field(default="", name="named-0")
    type: str = msgspec.field(default="", name="type-0")


class ModelForm(DeedForm, frozen=True):
    """A model as a document, the revision that it is based on, and whether to save it or review the changes."""

    document: str = ""
    revision: str = ""
    note: str = ""
    deed: Literal["review", "save"] = "save"


class ModelPartForm(DeedForm, frozen=True):
    """A part of a model that is edited, of the revision that the form was made from; its rows are `r0-key` and so on.

    `deed` is `review`, `save`, `edit`, `retype`, `add` (of the type in `new`), or `remove-0` of a row by its number;
    `was` is the key that the part has, "" of a new one; `remove` is not empty where the part is to go.
    """

    deed: str = "edit"
    revision: str = ""
    was: str = ""
    remove: str = ""
    part_key: str = ""
    name: str = ""
    description: str = ""
    category: str = ""
    supports: str = ""
    type: str = ""
    options: str = ""
    new: str = ""
    note: str = ""


class PushForm(DeedForm, frozen=True):
    """A change of a delivery that was reviewed.

    `change` is JSON; `base` is the revision that it is made from, `seen` what it gave there; `sure` for production.
    `act` is `impact` to show who the change affects instead of pushing it.
    """

    change: str = ""
    base: str = ""
    seen: str = ""
    note: str = ""
    sure: str = ""
    act: str = ""


class ScenarioEditForm(DeedForm, frozen=True):
    """A scenario that is being edited, the other fields by the model; `change` instead, to edit it again.

    `deed` is `review`, `edit`, `add`, or `up:0`, `down:0`, `remove:0` of an item by its number.
    """

    deed: str = "review"
    base: str = ""
    scenario: str = ""
    change: str = ""
    add: str = ""
    name: str = ""
    tribes: str = ""
    starts: str = ""
    ends: str = ""
    enabled: str = ""
