"""Apple Wallet passes: a ZIP file of ``pass.json``, pictures, their SHA-1 sums, and the shop's signature of these.

Source: Apple, Wallet Passes, "Creating the source for a pass" and "Building a pass".
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder
from cryptography.x509.oid import NameOID
from PIL import Image, ImageDraw, ImageFont

from scanner_daemon.cards.lettering import bold
from scanner_daemon.cards.logo import logo
from scanner_daemon.cards.template import Template
from scanner_daemon.cards.wallet import APPLE, MemberCard
from scanner_daemon.cards.wallet_settings import AppleSettings
from scanner_daemon.colours import channels, ink_on

T = TypeVar("T")


def apple_pass(card: MemberCard, template: Template, settings: AppleSettings, *, at: datetime) -> bytes:
    """Return ``card`` as a signed ``.pkpass``, whose bar code is its number and nothing else; ``at`` is now.

    Raises ``OSError`` when a file cannot be read, ``ValueError`` when no telephone would take what is signed with it.
    """
    files = {"pass.json": json.dumps(_content(card, template, settings), ensure_ascii=False).encode()}
    files |= _pictures(template)
    manifest = json.dumps({name: hashlib.sha1(data).hexdigest() for name, data in files.items()}).encode()  # noqa: S324  Apple's format
    signature = _signature(manifest, settings, at)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**files, "manifest.json": manifest, "signature": signature}.items():
            archive.writestr(zipfile.ZipInfo(name, date_time=_NO_TIME), data)
    return out.getvalue()


def _content(card: MemberCard, template: Template, settings: AppleSettings) -> Mapping[str, object]:
    shop = template.shop or template.title
    member = (
        [{"key": "member", "label": template.title, "value": card.name}] if card.name and template.show_name else []
    )
    return {
        "formatVersion": 1,
        "passTypeIdentifier": settings.pass_type_identifier,
        "teamIdentifier": settings.team_identifier,
        "serialNumber": card.customer_id,
        "organizationName": shop,
        "description": f"{shop}: {template.title}" if template.shop else shop,
        "logoText": shop,
        "backgroundColor": _rgb(template.colour),
        "foregroundColor": _rgb(ink_on(template.colour)),
        "labelColor": _rgb(ink_on(template.colour)),
        "userInfo": {"customerId": card.customer_id},
        "storeCard": {"secondaryFields": member, "backFields": _small_print(template)},
        "barcodes": [
            {
                "format": APPLE[card.symbology],
                "message": card.number,
                "messageEncoding": "iso-8859-1",
                "altText": card.number,
            }
        ],
    }


def _small_print(template: Template) -> list[Mapping[str, str]]:
    return [{"key": "note", "label": template.shop or template.title, "value": template.note}] if template.note else []


def _rgb(colour: str) -> str:
    return "rgb({}, {}, {})".format(*channels(colour))


def _pictures(template: Template) -> Mapping[str, bytes]:
    """Return the icon and the logo in all sizes: the shop's logo, or its first letter."""
    picture = logo(template.logo) if template.logo else _letter(template)
    places = {"icon": (29, 29), "logo": (160, 50)} if template.logo else {"icon": (29, 29), "logo": (50, 50)}
    return {
        f"{name}{'' if scale == 1 else f'@{scale}x'}.png": _fitted(picture, width * scale, height * scale)
        for name, (width, height) in places.items()
        for scale in (1, 2, 3)
    }


def _letter(template: Template) -> Image.Image:
    size = 174
    image = Image.new("RGBA", (size, size), template.colour)
    font = ImageFont.truetype(bold(())[0], size * 0.6)
    letter = (template.shop or template.title)[:1]
    ImageDraw.Draw(image).text((size / 2, size / 2), letter, fill=ink_on(template.colour), font=font, anchor="mm")
    return image


def _fitted(picture: Image.Image, width: int, height: int) -> bytes:
    """Return ``picture``, as large as its place allows, as a PNG."""
    scale = min(width / picture.width, height / picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    out = io.BytesIO()
    picture.resize(size, Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()


def _signature(manifest: bytes, settings: AppleSettings, at: datetime) -> bytes:
    """Return the detached PKCS #7 signature of ``manifest``, with both certificates in it."""
    certificate = _read(settings.certificate_file, "a certificate in PEM", x509.load_pem_x509_certificate)
    intermediate = _read(settings.intermediate_file, "a certificate in PEM", x509.load_pem_x509_certificate)
    key = _read(settings.key_file, "a private key in PEM without a passphrase", _private_key)
    _check(certificate, intermediate, key, settings, at)
    builder = PKCS7SignatureBuilder().set_data(manifest).add_signer(certificate, key, SHA256())
    options = [PKCS7Options.DetachedSignature, PKCS7Options.Binary]
    return builder.add_certificate(intermediate).sign(Encoding.DER, options)


def _check(
    certificate: x509.Certificate,
    intermediate: x509.Certificate,
    key: RSAPrivateKey,
    settings: AppleSettings,
    at: datetime,
) -> None:
    """Raise ``ValueError`` for what Apple's telephones would refuse without a word."""
    for oid, expected in (
        (NameOID.USER_ID, settings.pass_type_identifier),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, settings.team_identifier),
    ):
        got = [str(part.value) for part in certificate.subject.get_attributes_for_oid(oid)]
        if got != [expected]:
            raise ValueError(f"expected the certificate of {expected}, got one of {' '.join(got) or 'nobody'}")
    if certificate.public_key() != key.public_key():
        raise ValueError("expected the private key of the certificate, got another one")
    if not certificate.not_valid_before_utc <= at.astimezone(UTC) <= certificate.not_valid_after_utc:
        raise ValueError(f"expected a valid certificate, got one that ends {certificate.not_valid_after_utc:%Y-%m-%d}")
    try:
        certificate.verify_directly_issued_by(intermediate)
    except Exception as error:  # noqa: BLE001  it raises what its signature algorithm likes
        raise ValueError(f"expected the intermediate that issued the certificate, got another one ({error})") from None


def _read(file: Path, expected: str, load: Callable[[bytes], T]) -> T:
    try:
        return load(file.read_bytes())
    except (ValueError, TypeError):
        raise ValueError(f"expected {expected}, got {file}") from None


def _private_key(data: bytes) -> RSAPrivateKey:
    key = load_pem_private_key(data, password=None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("an RSA key")
    return key


_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)
