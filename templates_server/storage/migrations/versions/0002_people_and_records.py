"""What is kept of people, imports and exports, tribes as one document, and a record of what was done."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "devices",
        sa.Column("environment_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("os", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("app_build", sa.Text(), nullable=True),
        sa.Column("app_version", sa.Text(), nullable=True),
        sa.Column("data", sa.Text(), nullable=True),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("environment_id", "person_id", "device_id", name=op.f("pk_devices")),
    )
    op.create_table(
        "erasures",
        sa.Column("environment_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("erased", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("environment_id", "person_id", name=op.f("pk_erasures")),
    )
    op.create_table(
        "idempotent_answers",
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_idempotent_answers")),
    )
    with op.batch_alter_table("idempotent_answers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotent_answers_created"), ["created"], unique=False)

    op.create_table(
        "import_parts",
        sa.Column("environment_id", sa.String(), nullable=False),
        sa.Column("import_id", sa.String(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("errors", sa.Text(), nullable=False),
        sa.Column("applied", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("environment_id", "import_id", "part", name=op.f("pk_import_parts")),
    )
    op.create_table(
        "imports",
        sa.Column("environment_id", sa.String(), nullable=False),
        sa.Column("import_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("completed", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("environment_id", "import_id", name=op.f("pk_imports")),
    )
    op.create_table(
        "merges",
        sa.Column("environment_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("user_person_id", sa.String(), nullable=False),
        sa.Column("called", sa.String(), nullable=False),
        sa.Column("merged", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("environment_id", "person_id", name=op.f("pk_merges")),
    )
    with op.batch_alter_table("merges", schema=None) as batch_op:
        batch_op.create_index(
            "ix_merges_environment_id_user_person_id", ["environment_id", "user_person_id"], unique=False
        )

    op.create_table(
        "user_tags",
        sa.Column("environment_id", sa.String(), nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.Column("users", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("environment_id", "tag", name=op.f("pk_user_tags")),
    )
    op.create_table(
        "audit_entries",
        sa.Column("organization_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("happened", sa.BigInteger(), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("space", sa.String(), nullable=True),
        sa.Column("environment", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_audit_entries_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_audit_entries")),
    )
    op.create_table(
        "invitations",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("organization_id", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_invitations_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_invitations")),
        sa.UniqueConstraint("id", name=op.f("uq_invitations_id")),
    )
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitations_organization_id"), ["organization_id"], unique=False)

    op.create_table(
        "tribe_revisions",
        sa.Column("space_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["space_id"], ["spaces.id"], name=op.f("fk_tribe_revisions_space_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("space_id", "revision", name=op.f("pk_tribe_revisions")),
    )
    op.create_table(
        "exports",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("environment_id", sa.String(), nullable=False),
        sa.Column("tribe", sa.String(), nullable=True),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("cursor", sa.String(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environments.id"], name=op.f("fk_exports_environment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
    )
    with op.batch_alter_table("exports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exports_environment_id"), ["environment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_exports_expires"), ["expires"], unique=False)

    with op.batch_alter_table("environments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("signature_version", sa.Integer(), server_default="0", nullable=False))

    with op.batch_alter_table("persons", schema=None) as batch_op:
        batch_op.add_column(sa.Column("updated", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("email", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("phone", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("timezone", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("locale", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("joined", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("tags", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("attributes", sa.Text(), server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("dates", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("device_os", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("device_model", sa.Text(), nullable=True))

    with op.batch_alter_table("spaces", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tribes_revision", sa.Integer(), server_default="0", nullable=False))

    op.execute("UPDATE persons SET updated = CASE WHEN last_seen > created THEN last_seen ELSE created END")
    _keep_tribes(op.get_bind())
    op.drop_table("tribes")


def _keep_tribes(connection: sa.Connection) -> None:
    """The tribes of each Space, as the first revision of one document."""
    rows = connection.execute(
        sa.text(
            "SELECT tribes.space_id, spaces.key AS space, spaces.updated, tribes.key, tribes.document "
            "FROM tribes JOIN spaces ON spaces.id = tribes.space_id ORDER BY tribes.space_id, tribes.key"
        )
    ).all()
    documents: dict[tuple[str, str, int], dict[str, Any]] = defaultdict(dict)
    for row in rows:
        documents[row.space_id, row.space, row.updated][row.key] = json.loads(row.document)
    for (space_id, space, updated), tribes in documents.items():
        document = json.dumps({"space": space, "tribes": tribes}, ensure_ascii=False, separators=(",", ":"))
        values = {"space_id": space_id, "document": document, "created": updated}
        connection.execute(
            sa.text(
                "INSERT INTO tribe_revisions (space_id, revision, document, created, created_by) "
                "VALUES (:space_id, 1, :document, :created, 'system')"
            ),
            values,
        )
        connection.execute(sa.text("UPDATE spaces SET tribes_revision = 1 WHERE id = :space_id"), values)
