"""The tables, for SQLite and PostgreSQL alike. Queries are in each feature's `store.py`.

Times are milliseconds since 1970 (UTC). A row about a person has a primary key that begins `(environment_id,
person_id)`, and nothing unique leaves `person_id` out, so that the tables can be distributed by person over many
machines: a person's id is derived from what they are called, which makes the name unique without an index that spans
persons. No statement joins rows of two people, none changes a `person_id`, and no foreign key leads from these tables
to others: Citus would refuse it (tests/citus_rules.py).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

OF_A_HISTORY = ("revision", "created", "created_by", "note")
"""What is listed of revisions: read from an index, as their documents are long."""

# Accounts and organizations

organizations = Table(
    "organizations",
    metadata,
    Column("id", String, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("created", BigInteger, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", String, primary_key=True),
    Column("email", String, nullable=False, unique=True),  # as folded for comparison
    Column("name", String, nullable=False),
    Column("password_hash", String, nullable=False),
    Column("created", BigInteger, nullable=False),
)

memberships = Table(
    "memberships",
    metadata,
    Column("organization_id", ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True),
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("role", String, nullable=False),
)

service_accounts = Table(
    "service_accounts",
    metadata,
    Column("id", String, primary_key=True),  # also the OAuth client id
    Column("organization_id", ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False),  # SHA-256
    Column("scopes", String, nullable=False),  # separated by a space
    Column("created", BigInteger, nullable=False),
    Column("revoked", BigInteger),
)

invitations = Table(
    "invitations",  # of people who have no account yet, or are no member yet
    metadata,
    Column("code_hash", LargeBinary, primary_key=True),  # SHA-256
    Column("id", String, nullable=False, unique=True),
    Column("organization_id", ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("email", String, nullable=False),  # as folded for comparison
    Column("role", String, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("created_by", String, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("accepted", BigInteger),
)

# Sign-in

browser_sessions = Table(
    "browser_sessions",
    metadata,
    Column("id_hash", LargeBinary, primary_key=True),  # SHA-256 of the cookie
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created", BigInteger, nullable=False),
    Column("last_used", BigInteger, nullable=False),
)

failed_attempts = Table(
    "failed_attempts",  # to sign in, by account, by address and by known browser; of clients' secrets, by address
    metadata,
    Column("subject_hash", LargeBinary, primary_key=True),  # keyed
    Column("failures", Integer, nullable=False),
    Column("last", BigInteger, nullable=False, index=True),
    Column("closed_until", BigInteger, nullable=False),
)

authorization_codes = Table(
    "authorization_codes",
    metadata,
    Column("code_hash", LargeBinary, primary_key=True),  # SHA-256
    Column("client_id", String, nullable=False),
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("redirect_uri", String, nullable=False),
    Column("scopes", String, nullable=False),
    Column("code_challenge", String, nullable=False),
    Column("family_id", String, nullable=False),  # of the tokens that it is redeemed for
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("redeemed", BigInteger),
)

device_codes = Table(
    "device_codes",
    metadata,
    Column("code_hash", LargeBinary, primary_key=True),  # SHA-256
    Column("user_code", String, nullable=False, unique=True),  # eight consonants
    Column("client_id", String, nullable=False),
    Column("scopes", String, nullable=False),
    Column("interval_seconds", Integer, nullable=False),  # between two polls; grows when that is not kept
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
    Column("last_polled", BigInteger),
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), index=True),  # who decided
    Column("decision", String),  # allowed, refused
    Column("redeemed", BigInteger),
)

device_guesses = Table(
    "device_guesses",  # user codes of nobody, as entered by an account
    metadata,
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("wrong", Integer, nullable=False),
    Column("since", BigInteger, nullable=False),
)

token_families = Table(
    "token_families",  # all tokens that stem from one sign-in: revoked together, in one place
    metadata,
    Column("id", String, primary_key=True),
    Column("client_id", String, nullable=False),
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("scopes", String, nullable=False),  # what was consented to, separated by a space
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("revoked", BigInteger),
)

tokens = Table(
    "tokens",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),  # SHA-256
    Column("id", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),  # access, refresh, personal
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), index=True),
    Column("service_account_id", ForeignKey("service_accounts.id", ondelete="CASCADE"), index=True),
    Column("family_id", ForeignKey("token_families.id", ondelete="CASCADE"), index=True),
    Column("name", String),
    Column("scopes", String, nullable=False),  # separated by a space
    Column("limits", Text, nullable=False, server_default="[]"),  # JSON: ids of organizations and Spaces
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("last_used", BigInteger),
    Column("revoked", BigInteger),
    Column("replaced", BigInteger),  # when a refresh token was exchanged for its successor
)

# Spaces

spaces = Table(
    "spaces",
    metadata,
    Column("id", String, primary_key=True),
    Column("organization_id", ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("key", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("tribes_revision", Integer, nullable=False, server_default="0"),
)

model_revisions = Table(
    "model_revisions",
    metadata,
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("document", Text, nullable=False),  # canonical JSON
    Column("created", BigInteger, nullable=False),
    Column("created_by", String, nullable=False),
    Column("note", Text),  # of whoever made it, why; None: they gave none
    Index("ix_model_revisions_history", "space_id", *OF_A_HISTORY),
)

tribe_revisions = Table(
    "tribe_revisions",
    metadata,
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("document", Text, nullable=False),  # canonical JSON: all tribes of the Space
    Column("created", BigInteger, nullable=False),
    Column("created_by", String, nullable=False),
    Column("note", Text),  # of whoever made it, why; None: they gave none
    Index("ix_tribe_revisions_history", "space_id", *OF_A_HISTORY),
)

environments = Table(
    "environments",
    metadata,
    Column("id", String, primary_key=True),
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False),
    Column("name", String, nullable=False),
    Column("revision", Integer, nullable=False),
    Column(
        "signature_version", Integer, nullable=False, server_default="0"
    ),  # of the ids' secret; 0 or below: none is asked for
    Index("uq_environments_space_id_name", "space_id", "name", unique=True),
)

delivery_revisions = Table(
    "delivery_revisions",
    metadata,
    Column("environment_id", ForeignKey("environments.id", ondelete="CASCADE"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("document", Text, nullable=False),  # canonical JSON
    Column("created", BigInteger, nullable=False),
    Column("created_by", String, nullable=False),
    Column("note", Text),  # of whoever made it, why; None: they gave none
    Index("ix_delivery_revisions_history", "environment_id", *OF_A_HISTORY),
)

code_renderings = Table(
    "code_renderings",  # which revisions a code hash stands for
    metadata,
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True),
    Column("code_hash", String, primary_key=True),
    Column("model_revision", Integer, nullable=False),
    Column("delivery_revision", Integer, nullable=False),  # production's
    Column("generator", String, nullable=False),
    Column("rendered", BigInteger, nullable=False),  # first
)

environment_keys = Table(
    "environment_keys",
    metadata,
    Column("id", String, primary_key=True),
    Column("environment_id", ForeignKey("environments.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("key", String, nullable=False, unique=True),  # pk_...: public by design, kept as it is
    Column("name", String, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("revoked", BigInteger),
)

environment_removals = Table(
    "environment_removals",  # of Spaces that were deleted: what is known of their people goes in steps
    metadata,
    Column("environment_id", String, primary_key=True),
    Column("created", BigInteger, nullable=False),
)

# People, as apps tell of them

persons = Table(
    "persons",
    metadata,
    Column("environment_id", String, primary_key=True),
    Column("person_id", String, primary_key=True),  # derived from what they are called
    Column("kind", String, nullable=False),  # user, visitor
    Column("called", String, nullable=False),  # the user's id or the visitor's anonymous id
    Column("created", BigInteger, nullable=False),
    Column("first_seen", BigInteger),
    Column("last_seen", BigInteger),
    Column("updated", BigInteger, nullable=False),  # when what is kept of them last changed
    Column("email", Text),
    Column("phone", Text),
    Column("timezone", Text),
    Column("locale", Text),
    Column("joined", BigInteger),  # midnight of a day
    Column("tags", Text, nullable=False, server_default=""),  # in order, a line feed before, between and after them
    Column("attributes", Text, nullable=False, server_default="{}"),  # JSON object of scalars, names in order
    Column("dates", Text),  # JSON object: when, for those attributes whose text is a time; None: there are none
    Column("device_os", Text),  # of the device that was seen last
    Column("device_model", Text),
    Column("imported_by", BigInteger),  # the `mark` of the part that made the profile what it is; None: others did
    Column("device_seen", BigInteger),  # when that device was seen; None: `devices` has to be read
    Column("event_units", BigInteger),  # of the stored events at most so many (events/limits.py); None: not counted
    Column("share_number", BigInteger, nullable=False),  # what their buckets are made of (`persons.shares`)
    Column("app_version", Text),  # a key that sorts (`persons.versions`), of the session that began last
    Column("os_version", Text),  # likewise
    Column("app_platform", Text),  # of that session
    Column("app_seen", BigInteger),  # when that session began, told of or not; None: before it was kept
    Index(
        "ix_persons_visitors",  # of visitors alone: they may be few among many users, and an import pays nothing for it
        "environment_id",
        "person_id",
        sqlite_where=text("kind = 'visitor'"),
        postgresql_where=text("kind = 'visitor'"),
    ),
)

devices = Table(
    "devices",
    metadata,
    Column("environment_id", String, primary_key=True),
    Column("person_id", String, primary_key=True),
    Column("device_id", String, primary_key=True),  # the sender's
    Column("token", Text),
    Column("os", Text),
    Column("model", Text),
    Column("app_build", Text),
    Column("app_version", Text),
    Column("data", Text),  # JSON object: whatever else was sent
    Column("first_seen", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
)

merges = Table(
    "merges",  # visitors who turned out to be users
    metadata,
    Column("environment_id", String, primary_key=True),
    Column("person_id", String, primary_key=True),  # the visitor's
    Column("user_person_id", String, nullable=False),
    Column("user_called", String, nullable=False, server_default=""),  # the user's id: `persons` need not be joined
    Column("called", String, nullable=False),  # the visitor's anonymous id
    Column("merged", BigInteger, nullable=False),
    Index("ix_merges_environment_id_user_person_id", "environment_id", "user_person_id"),
)

erasures = Table(
    "erasures",  # people who must stay forgotten, though a backup still knows them
    metadata,
    Column("environment_id", String, primary_key=True),
    Column("person_id", String, primary_key=True),
    Column("erased", BigInteger, nullable=False),
)

user_tags = Table(
    "user_tags",  # every tag that somebody has
    metadata,
    Column("environment_id", String, primary_key=True),
    Column("tag", String, primary_key=True),
    Column("users", BigInteger, nullable=False),
    Column("visitors", BigInteger, nullable=False, server_default="0"),
)

tag_removals = Table(
    "tag_removals",  # tags that are being deleted from everybody
    metadata,
    Column("environment_id", ForeignKey("environments.id", ondelete="CASCADE"), primary_key=True),
    Column("tag", String, primary_key=True),
    Column("id", String, nullable=False),  # of this removal: the same tag may be deleted again later
    Column("created", BigInteger, nullable=False),
    Column("passes", Integer, nullable=False),  # how often all people have been looked through
    Column("position", String, nullable=False),  # the last person who was looked at in this pass; "" at its start
)

sessions = Table(
    "sessions",
    metadata,
    Column("environment_id", String, primary_key=True),
    Column("person_id", String, primary_key=True),
    Column("session_id", String, primary_key=True),
    Column("started", BigInteger, nullable=False),
    Column("code_hash", Text),  # of the generated code that the app runs, as the app says
    Column("code_language", Text),
    Column("app_version", Text),  # as the app says it, and so are the others; the platform is one of six
    Column("app_build", Text),
    Column("app_platform", Text),
    Column("os_version", Text),
    Column("unknown", Text),  # JSON array of texts: what the code could not use in the session before; None: nothing
)

events = Table(
    "events",
    metadata,
    Column("environment_id", String, primary_key=True),
    Column("person_id", String, primary_key=True),
    Column("event_id", String, primary_key=True),  # the sender's, or ours where they gave none
    Column("name", String, nullable=False),
    Column("session_id", String),
    Column("entity", String),
    Column("data", Text),  # JSON object
    Column("metadata", Text),  # JSON object
    Column("happened", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    Index(
        "ix_events_name",
        *("environment_id", "name", "happened", "person_id"),  # by time, so that new ones stand together
        sqlite_where=text("name >= ''"),  # as every name: SQLite takes it for those queries alone that say so
    ),
)

event_names = Table(
    "event_names",  # what arrives in an environment, forgotten with its last event
    metadata,
    Column("environment_id", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("events", BigInteger, nullable=False),  # how many arrived
    Column("differing", BigInteger, nullable=False),  # how many of these were not as the model says
    Column("first", BigInteger, nullable=False),  # when the first arrived
    Column("last", BigInteger, nullable=False),
    Column("kept", BigInteger, nullable=False),  # how many of those that arrived are still stored
    Column("metadata_keys", Text, nullable=False),  # JSON object: of each key how many are stored, and its `first`
)

event_name_changes = Table(
    "event_name_changes",  # what `event_names` does not count yet: stored and removed events, until they are folded in
    metadata,
    Column("environment_id", String, primary_key=True),
    Column("change_id", String, primary_key=True),  # in the order in which they are folded in
    Column("change", Text, nullable=False),  # JSON (events/names/changes.py)
    sqlite_with_rowid=False,  # one tree, of which a row changes one page
)

event_followers = Table(
    "event_followers",  # which environments streams of events follow
    metadata,
    Column("environment_id", String, primary_key=True),
    Column("process", String, primary_key=True),  # whose streams these are
    Column("filters", Text, nullable=False),  # JSON array: what they want (events/stream/filters.py)
    Column("until", BigInteger, nullable=False),  # renewed while there are streams
)

event_arrivals = Table(
    "event_arrivals",  # what has arrived in these environments, for some minutes
    metadata,
    Column("environment_id", String, primary_key=True),
    Column("arrival_id", String, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),  # SQLite: grows; PostgreSQL: the transaction
    Column("arrived", BigInteger, nullable=False),  # how many events and sessions, with those that are not in `entries`
    Column("entries", Text, nullable=False),  # JSON object: their keys (events/stream/store.py)
)

# What days have left: counts without people

daily_counts = Table(
    "daily_counts",  # of environments, written when a day (UTC) has ended, kept for 400 days
    metadata,
    Column("environment_id", String, primary_key=True),
    Column("day", BigInteger, primary_key=True),  # its first moment
    Column("active_1", BigInteger),  # people seen in the day before its end; None: the day was closed too late
    Column("active_7", BigInteger),
    Column("active_30", BigInteger),
    Column("active_90", BigInteger),
    Column("sessions", BigInteger),  # begun on the day; None: some were removed before they were counted
    Column("events", BigInteger),  # arrived on the day; None: likewise
    Column("counted", BigInteger, nullable=False),
    Index("ix_daily_counts_day", "day", "environment_id"),
)

tribe_sizes = Table(
    "tribe_sizes",  # how many people tribes had when a day ended, kept as long
    metadata,
    Column("environment_id", String, primary_key=True),
    Column("tribe", String, primary_key=True),  # its key
    Column("day", BigInteger, primary_key=True),  # its first moment
    Column("people", BigInteger, nullable=False),
    Column("counted", BigInteger, nullable=False),
    Index("ix_tribe_sizes_day", "day", "environment_id", "tribe"),
)

# Bulk

imports = Table(
    "imports",
    metadata,
    Column("environment_id", String, primary_key=True),
    Column("import_id", String, primary_key=True),  # the sender's
    Column("state", String, nullable=False),  # open, complete
    Column("created", BigInteger, nullable=False),
    Column("created_by", String, nullable=False),
    Column("completed", BigInteger),
)

import_parts = Table(
    "import_parts",
    metadata,
    Column("environment_id", String, primary_key=True),
    Column("import_id", String, primary_key=True),
    Column("part", Integer, primary_key=True),  # from 1
    Column("digest", String, nullable=False),  # SHA-256 of the NDJSON, in hexadecimal
    Column("read", Integer, nullable=False),
    Column("created", Integer, nullable=False),
    Column("updated", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("errors", Text, nullable=False),  # JSON array; what was wrong, never the values
    Column("applied", BigInteger, nullable=False),
    Column("mark", BigInteger),  # drawn at random: a part of a restored backup knows its people too; None: it left none
    Index("ix_import_parts_environment_id_digest", "environment_id", "digest"),
)

exports = Table(
    "exports",
    metadata,
    Column("id", String, primary_key=True),
    Column("environment_id", ForeignKey("environments.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("tribe", String),  # its key; None for events
    Column("request", Text, nullable=False),  # JSON object: format, columns, filters
    Column("state", String, nullable=False),  # running, complete, failed
    Column("rows", BigInteger),
    Column("bytes", BigInteger),
    Column("sha256", String),
    Column("cursor", String),
    Column("error", Text),  # why it failed
    Column("created", BigInteger, nullable=False),
    Column("created_by", String, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
)

# What was done

idempotent_answers = Table(
    "idempotent_answers",
    metadata,
    Column("key_hash", LargeBinary, primary_key=True),  # SHA-256 of who asked and their Idempotency-Key
    Column("request_hash", LargeBinary, nullable=False),  # SHA-256 of method, path, query and body
    Column("answer", LargeBinary, nullable=False),  # encrypted: it may hold a secret
    Column("created", BigInteger, nullable=False, index=True),
)

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("organization_id", ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True),
    Column("id", String, primary_key=True),  # sorts by time
    Column("happened", BigInteger, nullable=False),
    Column("actor_kind", String, nullable=False),  # person, service
    Column("actor_id", String, nullable=False),
    Column("actor", String, nullable=False),  # what they were called: an e-mail address, or a service account's name
    Column("action", String, nullable=False),  # such as token.create
    Column("target", String, nullable=False),  # an id or a key; of a person the derived id, never what they are called
    Column("space", String),  # key
    Column("environment", String),  # name
    Column("address", String, nullable=False),
    Column("details", Text, nullable=False),  # JSON object
)
