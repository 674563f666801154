"""The trusted certificate authorities (the system's, or SSL_CERT_FILE), and errors of failed handshakes."""

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
    32: "the keyCertSign usage in its Key Usage",
    81: "the keyCertSign usage in its Key Usage",
    84: "a subject",
    85: "the Authority Key Identifier extension",
    86: "the Subject Key Identifier extension",
    87: "a name in its Subject Alternative Name",
    88: "a Subject Alternative Name marked critical",
    89: "Basic Constraints marked critical",
    92: "the Key Usage extension",
}
_NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"})
_OWN_AUTHORITY = (
    "If the authority belongs to your organization or its proxy, add it to the system's trusted "
    "certificates, or set SSL_CERT_FILE to a file that contains it."
)
_REISSUE = (
    "Python 3.13 and later verify certificates strictly (RFC 5280). Ask the authority for a compliant "
    "certificate. Until then, run mtribes on Python 3.12 or 3.11."
)
_SET_CERT_FILE = "Set it to a PEM file with the certificates of trusted authorities, or unset it."


def trusted_authorities() -> ssl.SSLContext:
    """Return the system's authorities, or those of SSL_CERT_FILE and SSL_CERT_DIR; certifi's if there are none.

    Raises UsageError for an invalid SSL_CERT_FILE, which OpenSSL would silently ignore.
    """
    _check_own_file(os.environ.get("SSL_CERT_FILE"))
    trust = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if not trust.cert_store_stats()["x509_ca"] and not paths.capath:
        import certifi  # noqa: PLC0415 - only where the system has no authorities

        trust.load_verify_locations(certifi.where())
    return trust


def no_authorities() -> ssl.SSLContext:
    """Return a context that trusts nobody: for plain http, where creating the real one would waste time."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _check_own_file(name: str | None) -> None:
    if not name:
        return
    try:
        read_regular_file(Path(name), MAX_CERTIFICATES_BYTES)
        no_authorities().load_verify_locations(cafile=name)
    except ssl.SSLError:
        raise UsageError(f"SSL_CERT_FILE is set to {name}, which contains no certificates.", _SET_CERT_FILE) from None
    except OSError as error:
        what = f"SSL_CERT_FILE is set to {name}, which cannot be read: {error.strerror}."
        raise UsageError(what, _SET_CERT_FILE) from None


def handshake_error(error: ssl.SSLError, name: str) -> NetworkError:
    """Return the error for a failed secure connection to `name`."""
    if isinstance(error, ssl.SSLCertVerificationError):
        why, advice = _certificate_fault(error, name)
        return NetworkError(f"{name} cannot be trusted: its certificate {why}.", advice)
    if error.reason in _NOT_TLS:
        what = f"{name} does not support TLS on that port."
        return NetworkError(what, "Check the port. Plain http:// is only allowed for a server on this machine.")
    said = (error.reason or str(error)).replace("_", " ").lower()
    return NetworkError(
        f"Could not establish a secure connection to {name}: {said}.",
        "Check the host, and whether a proxy or firewall blocks the connection.",
    )


def _certificate_fault(error: ssl.SSLCertVerificationError, name: str) -> tuple[str, str]:
    """Return the problem with a certificate, and what to do about it."""
    code = error.verify_code
    now = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    see_clock = f"check this machine's clock, which shows {now}"
    if code == _EXPIRED:
        return "has expired", f"Ask the server's administrator to renew it, and {see_clock}."
    if code == _NOT_YET_VALID:
        return "is not valid yet", f"First, {see_clock}."
    if code in _OTHER_NAME:
        return (
            "is for a different name",
            f"Check the host. If it is correct, the server needs a certificate for {name}.",
        )
    if code in _UNKNOWN_AUTHORITY:
        return "is signed by an unknown authority", _OWN_AUTHORITY
    if lacks := _NOT_STRICT.get(code):
        return f"or its authority's certificate lacks {lacks}", _REISSUE
    return f"was rejected ({error.verify_message})", "Contact the server's administrator."
