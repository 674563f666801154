"""Whom TLS trusts: the system's authorities or those of SSL_CERT_FILE; and what a handshake that failed means."""

from __future__ import annotations

import os
import ssl
import time
from pathlib import Path

from mtribes_cli.errors import NetworkError, UsageError
from mtribes_cli.files.bounded_reader import MAX_CERTIFICATES_BYTES, read_regular_file

_NOT_YET_VALID, _EXPIRED = 9, 10  # X509_V_ERR_..., as OpenSSL counts them
_UNKNOWN_AUTHORITY = frozenset({2, 18, 19, 20, 21})
_OTHER_NAME = frozenset({62, 64})
_NOT_STRICT = {  # what RFC 5280 demands, and Python verifies since 3.13, by the X509_V_ERR_... that misses it
    32: "the use keyCertSign in its Key Usage",
    81: "the use keyCertSign in its Key Usage",
    84: "a subject",
    85: "the extension Authority Key Identifier",
    86: "the extension Subject Key Identifier",
    87: "a name in its Subject Alternative Name",
    88: "a Subject Alternative Name that is marked critical",
    89: "Basic Constraints that are marked critical",
    92: "the extension Key Usage",
}
_NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"})
_OWN_AUTHORITY = (
    "If the authority is your organization's (or its proxy's), add it to the system's,"
    " or set SSL_CERT_FILE to a file with it."
)
_REISSUE = (
    "Python 3.13 and later verify certificates strictly (RFC 5280). Have the authority issue a certificate with it;"
    " until then run mtribes on Python 3.12 or 3.11."
)
_SET_CERT_FILE = "Set it to a file with the certificates of authorities (PEM), or unset it."


def trusted_authorities() -> ssl.SSLContext:
    """The system's authorities, or those of SSL_CERT_FILE and SSL_CERT_DIR; where there are none, certifi's.

    Raises UsageError for an SSL_CERT_FILE of no use, which OpenSSL would pass over in silence.
    """
    _check_own_file(os.environ.get("SSL_CERT_FILE"))
    trust = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if not trust.cert_store_stats()["x509_ca"] and not paths.capath:
        import certifi  # noqa: PLC0415 - only where the system has no authorities

        trust.load_verify_locations(certifi.where())
    return trust


def no_authorities() -> ssl.SSLContext:
    """Trusts nobody: for plain http, where making the real one would take time for nothing."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _check_own_file(name: str | None) -> None:
    if not name:
        return
    try:
        read_regular_file(Path(name), MAX_CERTIFICATES_BYTES)
        no_authorities().load_verify_locations(cafile=name)
    except ssl.SSLError:
        raise UsageError(f"SSL_CERT_FILE names {name}, which holds no certificate.", _SET_CERT_FILE) from None
    except OSError as error:
        what = f"SSL_CERT_FILE names {name}, which cannot be read: {error.strerror}."
        raise UsageError(what, _SET_CERT_FILE) from None


def handshake_error(error: ssl.SSLError, name: str) -> NetworkError:
    """What it means that no secure connection to `name` came about."""
    if isinstance(error, ssl.SSLCertVerificationError):
        why, advice = _certificate_fault(error, name)
        return NetworkError(f"{name} cannot be trusted: its certificate {why}.", advice)
    if error.reason in _NOT_TLS:
        what = f"{name} does not speak TLS on that port."
        return NetworkError(what, "See that the port is right; plain http:// is for a server on this machine alone.")
    said = (error.reason or str(error)).replace("_", " ").lower()
    return NetworkError(
        f"No secure connection to {name} comes about: {said}.",
        "See that the host is right, and that nothing stands between you and it (a proxy, a firewall).",
    )


def _certificate_fault(error: ssl.SSLCertVerificationError, name: str) -> tuple[str, str]:
    """What is wrong with a certificate, and what to do."""
    code = error.verify_code
    now = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    see_clock = f"see that this machine's clock is right: it says {now}"
    if code == _EXPIRED:
        return "has expired", f"Have whoever runs the server renew it, and {see_clock}."
    if code == _NOT_YET_VALID:
        return "is not valid yet", f"Before anything else {see_clock}."
    if code in _OTHER_NAME:
        return "is for another name", f"See that the host is right; else the server needs a certificate for {name}."
    if code in _UNKNOWN_AUTHORITY:
        return "is signed by an authority that is not known here", _OWN_AUTHORITY
    if lacks := _NOT_STRICT.get(code):
        return f"or that of its authority lacks {lacks}", _REISSUE
    return f"was refused ({error.verify_message})", "Tell whoever runs the server."
