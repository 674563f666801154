"""Why a PostgreSQL, or a PgBouncer before it, lets nobody in: from the text of the failure to words that help.

libpq gives no code where a connection fails, only text, which the server may write in another language: what is not
recognised is told as it came. It never holds the password.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from templates_server.errors import Unavailable
from templates_server.storage.postgresql_url import format_location

PUBLIC_MESSAGE = "The database is unreachable or overloaded. Retry later."
HINT_LINES = re.compile(r"\n\t[^\n]*")  # libpq's advice below a message
ALL_FAILURES = "Multiple connection attempts failed."


class Unreachable(Unavailable):
    """The database lets nobody in. Callers of the API read `PUBLIC_MESSAGE`; `reason` and `advice` are the operator's.

    `is_final`: it is a matter of the settings, and will be the same in a moment.
    """

    def __init__(self, reason: str, advice: str, *, is_final: bool) -> None:
        super().__init__(PUBLIC_MESSAGE)
        self.reason = reason
        self.advice = advice
        self.is_final = is_final


@dataclass(frozen=True)
class _Cause:
    """Texts of which one is in the message, all of its words; `{place}`, `{user}` and `{database}` stand for the URL's.

    `is_final`: as in `Unreachable`.
    """

    texts: tuple[tuple[str, ...], ...]
    reason: str
    advice: str
    is_final: bool = True

    def fits(self, message: str) -> bool:
        """Return whether the message describes this failure."""
        return any(all(words in message for words in text) for text in self.texts)


NOT_ADMITTED = "no pg_hba.conf entry"
MISSING = "does not exist"
CAUSES = (  # the first that fits
    _Cause(
        (("password authentication failed",), ("SASL authentication failed",)),
        "The database server at {place} does not accept the password of user {user}.",
        "Correct the user and the password in the database URL; percent-encode special characters.",
    ),
    _Cause(
        (("no password supplied",),),
        "The database server at {place} requires a password for user {user}, and the database URL has none.",
        "Use the form postgresql://USER:PASSWORD@HOST/NAME.",
    ),
    _Cause(
        ((NOT_ADMITTED, "no encryption"), ("SSL required",)),
        "The database server at {place} does not allow this connection without encryption.",
        "Add ?sslmode=require to the database URL, or allow it in the server's pg_hba.conf.",
    ),
    _Cause(
        ((NOT_ADMITTED,),),
        "The database server at {place} does not allow user {user} to use the database {database} from this machine.",
        "Allow it in the server's pg_hba.conf.",
    ),
    _Cause(
        (("FATAL", 'role "', MISSING), ("no such user",)),
        "The database server at {place} has no user {user}.",
        "Create the user (CREATE ROLE ... LOGIN), or correct the database URL.",
    ),
    _Cause(
        (("FATAL", 'database "', MISSING), ("no such database",)),
        "The database server at {place} has no database {database}.",
        "Create it (CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0), or correct the database URL.",
    ),
    _Cause(
        (("server does not support SSL",),),
        "The database server at {place} does not support SSL, and the database URL requires it.",
        "Enable SSL on the server, or remove sslmode from the database URL.",
    ),
    _Cause(
        (("certificate",),),
        "The certificate of the database server at {place} cannot be verified.",
        "Set sslrootcert in the database URL to the file of the certificate authority; sslmode=verify-full also "
        "verifies the name.",
    ),
    _Cause(
        (("invalid", "value"), ("invalid connection option",)),
        "A parameter of the database URL has an unsupported value.",
        "Check the parameters after the ? in the database URL.",
    ),
    _Cause(
        (("unsupported startup parameter",),),
        "PgBouncer at {place} rejects a connection parameter.",
        "Add the parameter to ignore_startup_parameters of PgBouncer; the PgBouncer log shows its name.",
    ),
    _Cause(
        (("session is read-only",), ("session is not read-only",), ("hot standby",)),
        "No database server at {place} meets the requirement of target_session_attrs.",
        "Check that one of them is the primary server, and try again.",
        is_final=False,
    ),
    _Cause(
        (("failed to resolve host",), ("could not translate host name",)),
        "Cannot resolve the database host {place}.",
        "Correct the host in the database URL, or fix its DNS, and try again.",
        is_final=False,
    ),
    _Cause(
        (("Connection refused",), ("No such file or directory",)),
        "Connection refused at {place}: the database server is not running, or listens at another address.",
        "Start the database server, or correct the host and port in the database URL, and try again.",
        is_final=False,
    ),
    _Cause(
        (("timeout expired",), ("timed out",)),
        "The database server at {place} does not respond.",
        "Check the host, the port and any firewalls, and try again.",
        is_final=False,
    ),
    _Cause(
        (("too many clients",), ("remaining connection slots",), ("too many connections",), ("no more connections",)),
        "The database server at {place} has no free connection.",
        "Increase max_connections or use PgBouncer, and try again.",
        is_final=False,
    ),
)


def unreachable_error(message: str, parts: Mapping[str, str]) -> Unreachable:
    """Return the failure that libpq's message describes, for a server with these parts of its URL."""
    names = {
        "place": format_location(parts),
        "user": repr(parts.get("user", "of this process")),
        "database": repr(parts.get("dbname", parts.get("user", "of the user's name"))),
    }
    for cause in CAUSES:
        if cause.fits(message):
            return Unreachable(cause.reason.format_map(names), cause.advice, is_final=cause.is_final)
    return Unreachable(
        f"Cannot reach the database at {names['place']}: {_one_line(message)}",
        "Check that it is running and that the database URL is correct, and try again.",
        is_final=False,
    )


def wrong_encoding(encoding: str, parts: Mapping[str, str]) -> Unreachable:
    """Return the failure of a database that cannot store every text."""
    return Unreachable(
        f"The database {parts.get('dbname', '')!r} at {format_location(parts)} has the encoding {encoding};"
        " UTF8 is required.",
        "Create another database with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0, and use it in the "
        "database URL.",
        is_final=True,
    )


def _one_line(message: str) -> str:
    first = HINT_LINES.sub("", message).partition(ALL_FAILURES)[0]
    return " ".join((first or message).split())
