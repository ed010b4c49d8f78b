"""Google Wallet: a link that saves a card, which is a JSON Web Token signed by the shop's service account.

Source: Google Wallet API, "Working with JSON Web Tokens" and LoyaltyObject; RFC 7515 and RFC 7518, 3.3 (RS256).
"""

import base64
import hashlib
import json
import re
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from scanner_daemon.cards.wallet import GOOGLE, MemberCard
from scanner_daemon.cards.wallet_settings import GoogleSettings

ADDRESS: Final = "https://pay.google.com/gp/v/save/"


def google_link(card: MemberCard, settings: GoogleSettings, *, show_name: bool, at: datetime) -> str:
    """Return the address that saves ``card``, whose bar code is its number and nothing else; ``at`` is now.

    Raises ``OSError`` when the service account's file cannot be read, ``ValueError`` when it is no such file.
    """
    account, key = _service_account(settings)
    claims = {
        "iss": account,
        "aud": "google",
        "typ": "savetowallet",
        "iat": int(at.timestamp()),
        "origins": [],
        "payload": {"loyaltyObjects": [_loyalty_object(card, settings, show_name=show_name)]},
    }
    signed = f"{_encoded({'alg': 'RS256', 'typ': 'JWT'})}.{_encoded(claims)}"
    signature = key.sign(signed.encode("ascii"), PKCS1v15(), SHA256())
    return f"{ADDRESS}{signed}.{_base64url(signature)}"


def _loyalty_object(card: MemberCard, settings: GoogleSettings, *, show_name: bool) -> dict[str, object]:
    name = {"accountName": card.name} if card.name and show_name else {}
    return {
        "id": f"{settings.issuer_id}.{_identifier(card.customer_id)}",
        "classId": f"{settings.issuer_id}.{settings.class_id}",
        "state": "ACTIVE",
        "accountId": card.customer_id,
        **name,
        "barcode": {"type": GOOGLE[card.symbology], "value": card.number, "alternateText": card.number},
    }


def _identifier(customer_id: str) -> str:
    """Return what names the card at Google, which allows few characters: the id, or else its SHA-256 sum."""
    plain = _PLAIN.fullmatch(customer_id)
    return customer_id if plain else "sha256_" + hashlib.sha256(customer_id.encode()).hexdigest()


def _service_account(settings: GoogleSettings) -> tuple[str, RSAPrivateKey]:
    file = settings.service_account_file
    try:
        account = json.loads(file.read_bytes())
        address, key = account["client_email"], load_pem_private_key(account["private_key"].encode(), password=None)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ValueError(f"expected a service account's key as Google gives it, got {file}") from None
    if not (isinstance(address, str) and isinstance(key, RSAPrivateKey)):
        raise ValueError(f"expected a service account's RSA key, got {file}")  # noqa: TRY004  the file is wrong
    return address, key


def _encoded(part: object) -> str:
    return _base64url(json.dumps(part, separators=(",", ":"), ensure_ascii=False).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


_PLAIN: Final = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
