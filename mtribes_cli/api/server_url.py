"""Finds and checks the URL of a server, including `local`. Nothing is sent from here."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from mtribes_cli.errors import UnavailableError, UsageError
from mtribes_cli.files.bounded_reader import MAX_STATE_FILE_BYTES, read_regular_file

LOCAL = "local"
NAMED_BY_PROJECT = "mtribes.toml"
MAX_URL_LENGTH = 2048
_ASCII_NAME = re.compile(r"(?=.{1,253}\.?\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
_PATH_SIGNS = "/%:@!$&'()*+,;=~"
START_LOCAL = "Run `mtribes setup --local`, or start one with `mtribes-server start --local`."


@dataclass(frozen=True)
class Host:
    """The address of a server, without a trailing slash, and the setting that it comes from."""

    url: str
    said_by: str
    is_local: bool = False  # asked for as "local": each person's own


def host_from(text: str, *, said_by: str, server_folder: Path) -> Host:
    """Return the host that `text` means: a URL, a bare name (https), or "local".

    Raises UsageError if it is none of these, UnavailableError if no local server has run.
    """
    if text.strip() == LOCAL:
        return Host(_local_url(server_folder), said_by, is_local=True)
    return Host(validate_url(text, said_by=said_by), said_by)


def validate_url(text: str, *, said_by: str) -> str:
    """Return `text` as a base URL in one form, in ASCII, so that every connection reaches the same server.

    Plain http is for loopback alone.
    """
    stripped = text.strip()
    try:
        parts = urlsplit(stripped if "://" in stripped else f"https://{stripped}")
        name, port = _sent_name(parts.hostname or ""), parts.port
    except ValueError:
        name, port, parts = "", None, urlsplit("")
    is_plain = stripped.isprintable() and "@" not in parts.netloc and len(stripped) <= MAX_URL_LENGTH and port != 0
    if not name or not is_plain or parts.scheme not in {"http", "https"} or parts.query or parts.fragment:
        raise UsageError(
            f"The host from {said_by} is not a valid server URL.", "Use the form https://mtribes.example.com."
        )
    if parts.scheme == "http" and not is_loopback(name):
        raise UsageError(
            f"The host from {said_by} does not use HTTPS: {stripped}",
            "Use https://. Plain http:// is only allowed for a server on this machine.",
        )
    bracketed = f"[{name}]" if ":" in name else name
    is_default = port in {None, {"http": 80, "https": 443}[parts.scheme]}
    path = quote(parts.path.rstrip("/"), safe=_PATH_SIGNS)
    return urlunsplit((parts.scheme, bracketed if is_default else f"{bracketed}:{port}", path, "", ""))


def _sent_name(name: str) -> str:
    """Return `name` as it is sent and looked up. Raises ValueError if it is no host name.

    Libraries turn a name of other letters into ASCII by different rules, and into different hosts.
    """
    if ":" in name:
        import ipaddress  # noqa: PLC0415 - start-up time

        return str(ipaddress.IPv6Address(name))
    if not name.isascii():
        import idna  # noqa: PLC0415 - start-up time

        name = idna.encode(name).decode("ascii")  # by the rules of those who send most requests
    if not _ASCII_NAME.fullmatch(name):
        raise ValueError(name)
    return name


def is_loopback(name: str) -> bool:
    """Return whether a host name can only mean this machine."""
    if name == "localhost":
        return True
    import ipaddress  # noqa: PLC0415 - start-up time

    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _local_url(server_folder: Path) -> str:
    try:
        said = json.loads(read_regular_file(server_folder / "server.json", MAX_STATE_FILE_BYTES))["url"]
    except FileNotFoundError:
        raise UnavailableError("No local server is running.", START_LOCAL) from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise UnavailableError(
            f"{server_folder / 'server.json'} does not contain the address of the local server.", START_LOCAL
        ) from None
    url = validate_url(str(said), said_by="server.json")
    if not is_loopback(urlsplit(url).hostname or ""):
        raise UnavailableError(f"The address in {server_folder} is not on this machine: {url}", f"Pass --host {url}.")
    return url
