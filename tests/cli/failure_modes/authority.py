"""A certificate authority of a test's own, and the certificates that it gives out."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)
KEY_USAGE = x509.KeyUsage(
    digital_signature=True,
    key_cert_sign=True,
    crl_sign=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


@dataclass
class Authority:
    """An authority whose certificate lies in `folder`.

    Its certificates have the extensions that strict verification (RFC 5280), the default since Python 3.13, demands,
    but for those that `lacks` names.
    """

    folder: Path
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    lacks: frozenset[type[x509.ExtensionType]] = frozenset()

    def __post_init__(self) -> None:
        name = _name("Authority of a test")
        built = self._builder(name, self.key.public_key(), timedelta(days=-9), 9 * DAY)
        built = built.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        built = self._add(built, x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()))
        signed = self._add(built, KEY_USAGE, critical=True).sign(self.key, hashes.SHA256())
        self.file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))

    @property
    def file(self) -> Path:
        """Its certificate, as SSL_CERT_FILE wants it."""
        return self.folder / "authority.pem"

    def serving(self, name: str = "127.0.0.1", *, begins: timedelta = -DAY, ends: timedelta = DAY) -> ssl.SSLContext:
        """What a server needs to be `name`, between two times counted from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(_name(name), key.public_key(), begins, ends)
        builder = builder.add_extension(_alternative(name), critical=False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        signed = self._add(builder, issuer).sign(self.key, hashes.SHA256())
        path = self.folder / f"{x509.random_serial_number()}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _add(
        self, builder: x509.CertificateBuilder, extension: x509.ExtensionType, *, critical: bool = False
    ) -> x509.CertificateBuilder:
        return builder if type(extension) in self.lacks else builder.add_extension(extension, critical=critical)

    def _builder(
        self, subject: x509.Name, public_key: ec.EllipticCurvePublicKey, begins: timedelta, ends: timedelta
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(_name("Authority of a test"))
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + begins)
            .not_valid_after(now + ends)
        )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _alternative(name: str) -> x509.SubjectAlternativeName:
    try:
        return x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(name))])
    except ValueError:
        return x509.SubjectAlternativeName([x509.DNSName(name)])
