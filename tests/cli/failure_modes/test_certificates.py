"""TLS: certificates that are not to be trusted, authorities of one's own, and ports that speak something else."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cryptography import x509

from tests.cli.cli_runner import CliRunner
from tests.cli.failure_modes.authority import DAY, Authority
from tests.cli.failure_modes.error_assertions import Program, Told, told
from tests.cli.failure_modes.sockets import answering, listening
from tests.requirements import require

OWN_AUTHORITY = (
    "If the authority belongs to your organization or its proxy, add it to the system's "
    "trusted certificates, or set SSL_CERT_FILE to a file that contains it."
)
STRICT = (
    "Python 3.13 and later verify certificates strictly (RFC 5280). Ask the authority for a "
    "compliant certificate. Until then, run mtribes on Python 3.12 or 3.11."
)
CERT_FILE = "Set it to a PEM file with the certificates of trusted authorities, or unset it."


def test_an_authority_that_is_not_known_is_told(ada: CliRunner, authority: Authority) -> None:
    with listening(answering(), authority.serving()) as port:
        said = told(ada("space", "list", "--host", f"https://127.0.0.1:{port}"))
    what = "127.0.0.1 cannot be trusted: its certificate is signed by an unknown authority."
    assert said == Told(1, what, OWN_AUTHORITY)
    assert ada.clock.pauses == []


OUT_OF_TIME = {
    "has expired": (-2 * DAY, -DAY, "Ask the server's administrator to renew it, and"),
    "is not valid yet": (DAY, 2 * DAY, "First,"),
}


@pytest.mark.parametrize("fault", OUT_OF_TIME)
def test_a_certificate_out_of_its_time_names_the_clock(
    ada: CliRunner, authority: Authority, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    begins, ends, first = OUT_OF_TIME[fault]
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with listening(answering(), authority.serving(begins=begins, ends=ends)) as port:
        said = told(ada("space", "list", "--host", f"https://127.0.0.1:{port}"))
    assert said.what == f"127.0.0.1 cannot be trusted: its certificate {fault}."
    assert said.advice.startswith(f"{first} check this machine's clock, which shows {time.gmtime().tm_year}-")


@pytest.mark.parametrize(("certified", "asked"), [("mtribes.test", "127.0.0.1"), ("127.0.0.1", "localhost")])
def test_a_certificate_for_another_name_is_told(
    ada: CliRunner, authority: Authority, monkeypatch: pytest.MonkeyPatch, certified: str, asked: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with listening(answering(), authority.serving(certified)) as port:
        said = told(ada("space", "list", "--host", f"https://{asked}:{port}"))
    assert said == Told(
        1,
        f"{asked} cannot be trusted: its certificate is for a different name.",
        f"Check the host. If it is correct, the server needs a certificate for {asked}.",
    )


def test_plain_http_on_the_port_is_told(ada: CliRunner) -> None:
    with listening(answering()) as port:
        said = told(ada("space", "list", "--host", f"https://127.0.0.1:{port}"))
    what = "127.0.0.1 does not support TLS on that port."
    assert said == Told(1, what, "Check the port. Plain http:// is only allowed for a server on this machine.")


def test_tls_that_is_too_old_is_told(ada: CliRunner, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    old = authority.serving()
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version = ssl.TLSVersion.TLSv1
    with listening(answering(), old) as port:
        said = told(ada("space", "list", "--host", f"https://127.0.0.1:{port}"))
    assert said.exit_code == 1
    assert said.what == "Could not establish a secure connection to 127.0.0.1: tlsv1 alert protocol version."


def test_ssl_cert_file_makes_an_authority_known(
    ada: CliRunner, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with listening(answering(), authority.serving()) as port:
        assert ada("space", "list", "--host", f"https://127.0.0.1:{port}").exit_code == 0


LACKING = {
    x509.AuthorityKeyIdentifier: "the Authority Key Identifier extension",
    x509.SubjectKeyIdentifier: "the Subject Key Identifier extension",
    x509.KeyUsage: "the keyCertSign usage in its Key Usage",
}
VERIFIES_STRICTLY = sys.version_info >= (3, 13)


@pytest.mark.parametrize("extension", LACKING)
def test_what_strict_verification_misses_is_named(
    ada: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extension: type[x509.ExtensionType]
) -> None:
    authority = Authority(tmp_path, lacks=frozenset({extension}))
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with listening(answering(), authority.serving()) as port:
        outcome = ada("space", "list", "--host", f"https://127.0.0.1:{port}")
    what = f"127.0.0.1 cannot be trusted: its certificate or its authority's certificate lacks {LACKING[extension]}."
    assert (told(outcome) == Told(1, what, STRICT)) if VERIFIES_STRICTLY else (outcome.exit_code == 0)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "which cannot be read: No such file or directory."),
        ("", "which contains no certificates."),
        ("not a certificate", "which contains no certificates."),
    ],
)
def test_an_ssl_cert_file_of_no_use_is_told_and_not_passed_over(
    ada: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, fault: str
) -> None:
    path = tmp_path / "authorities.pem"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    said = told(ada("space", "list", "--host", "https://mtribes.invalid"))
    assert said == Told(2, f"SSL_CERT_FILE is set to {path}, {fault}", CERT_FILE)


def test_an_authority_in_the_systems_store_is_known(program: Program, authority: Authority, tmp_path: Path) -> None:
    """In a mount namespace where the system's folder of authorities is one that holds ours."""
    store = Path(os.path.realpath(ssl.get_default_verify_paths().openssl_capath))
    require(sys.platform == "linux" and _may_mount(), "leave to mount", "run the tests as root")
    require(shutil.which("openssl"), "openssl", "your system's package openssl")
    ours = tmp_path / "store"
    ours.mkdir()
    shutil.copy(authority.file, ours / "authority.pem")
    subprocess.run(["openssl", "rehash", str(ours)], check=True, capture_output=True)
    within = ("unshare", "--mount", "sh", "-c", f'mount --bind {ours} {store} && exec "$@"', "sh")
    with listening(answering(), authority.serving()) as port:
        words = ("space", "list", "--host", f"https://127.0.0.1:{port}")
        assert program(*words).exit_code == 1
        assert program(*words, prefix=within).exit_code == 0


def _may_mount() -> bool:
    return subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode == 0
