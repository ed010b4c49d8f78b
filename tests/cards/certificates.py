"""A certificate chain as Apple's, and a service account's key as Google's, made for a test."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

PASS_TYPE: Final = "pass.com.example.bakery"
TEAM: Final = "A1B2C3D4E5"
NOW: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Chain:
    """Root, intermediate and the shop's certificate with its key, as files in ``folder``."""

    folder: Path

    def file(self, name: str) -> Path:
        return self.folder / f"{name}.pem"


def make_chain(folder: Path, *, pass_type: str = PASS_TYPE, days: int = 365) -> Chain:
    root, root_key = _issue(folder, "root", _name("Root"), None)
    intermediate, intermediate_key = _issue(folder, "intermediate", _name("Intermediate"), (root, root_key))
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.USER_ID, pass_type),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Pass Type ID: {pass_type}"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, TEAM),
        ]
    )
    _issue(folder, "shop", subject, (intermediate, intermediate_key), days=days)
    return Chain(folder)


def make_service_account(file: Path) -> rsa.RSAPublicKey:
    key = _key()
    account = {"client_email": "cards@bakery.iam.gserviceaccount.com", "private_key": _pem(key).decode()}
    file.write_text(json.dumps(account))
    return key.public_key()


Issued = tuple[x509.Certificate, rsa.RSAPrivateKey]


def _issue(folder: Path, name: str, subject: x509.Name, issuer: Issued | None, *, days: int = 365) -> Issued:
    key = _key()
    signer_name, signer = (issuer[0].subject, issuer[1]) if issuer else (subject, key)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=400))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=name != "shop", path_length=None), critical=True)
        .sign(signer, SHA256())
    )
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / f"{name}-key.pem").write_bytes(_pem(key))
    return certificate, key


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
