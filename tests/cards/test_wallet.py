"""Passes for telephones: signed so that others can check it, and scanning as the member they are of."""

import base64
import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from PIL import Image

from scanner_daemon.cards.apple_pass import apple_pass
from scanner_daemon.cards.form import Form
from scanner_daemon.cards.google_pass import ADDRESS, google_link
from scanner_daemon.cards.layout import CR80
from scanner_daemon.cards.proof import read
from scanner_daemon.cards.rendering import render
from scanner_daemon.cards.symbol import Symbology
from scanner_daemon.cards.template import Template
from scanner_daemon.cards.wallet import APPLE, GOOGLE, MemberCard, shown_as
from scanner_daemon.cards.wallet_settings import AppleSettings, GoogleSettings
from scanner_daemon.issuing.taken_back import taken_back
from scanner_daemon.pipeline.cards import PatternCard
from scanner_daemon.pipeline.check_digits import CheckDigit
from tests.cards.certificates import NOW, PASS_TYPE, TEAM, Chain, make_chain, make_service_account

CARD = MemberCard(customer_id="0412345678903", number="0412345678903", symbology=Symbology.QR, name="Zoë")
TEMPLATE = Template(shop="Corner Bakery", note="Thank you.")


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    return make_chain(tmp_path_factory.mktemp("chain"))


def at_apple(chain: Chain) -> AppleSettings:
    return AppleSettings(
        pass_type_identifier=PASS_TYPE,
        team_identifier=TEAM,
        certificate_file=chain.file("shop"),
        key_file=chain.file("shop-key"),
        intermediate_file=chain.file("intermediate"),
    )


def opened(made: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_pass_holds_what_apple_asks_for(chain: Chain) -> None:
    files = opened(apple_pass(CARD, TEMPLATE, at_apple(chain), at=NOW))
    content = json.loads(files["pass.json"])
    assert (content["formatVersion"], content["passTypeIdentifier"], content["teamIdentifier"]) == (1, PASS_TYPE, TEAM)
    assert content["serialNumber"] == content["userInfo"]["customerId"] == CARD.customer_id
    assert (content["organizationName"], content["backgroundColor"]) == ("Corner Bakery", "rgb(10, 107, 78)")
    assert content["storeCard"]["secondaryFields"][0]["value"] == "Zoë"
    assert {"icon.png", "icon@2x.png", "icon@3x.png", "logo.png", "logo@2x.png"} < set(files)
    assert Image.open(io.BytesIO(files["icon@3x.png"])).size == (87, 87)
    listed = {name: hashlib.sha1(data).hexdigest() for name, data in files.items()}  # noqa: S324  Apple's format
    del listed["manifest.json"], listed["signature"]
    assert json.loads(files["manifest.json"]) == listed


@pytest.mark.skipif(shutil.which("openssl") is None, reason="checks the signature: apt-get install openssl")
def test_others_can_check_the_signature(chain: Chain, tmp_path: Path) -> None:
    files = opened(apple_pass(CARD, TEMPLATE, at_apple(chain), at=NOW))
    for name in ("manifest.json", "signature"):
        (tmp_path / name).write_bytes(files[name])

    def checked() -> subprocess.CompletedProcess[bytes]:
        command = ["openssl", "smime", "-verify", "-inform", "DER", "-in", "signature", "-content", "manifest.json"]
        time = ["-attime", str(int(NOW.timestamp())), "-purpose", "any"]
        trusted = ["-CAfile", str(chain.file("root"))]
        return subprocess.run([*command, *time, *trusted], cwd=tmp_path, capture_output=True, check=False, timeout=60)

    done = checked()
    assert done.returncode == 0, done.stderr
    assert done.stdout == files["manifest.json"]
    (tmp_path / "manifest.json").write_bytes(files["manifest.json"].replace(b"icon", b"idol", 1))
    assert checked().returncode != 0, "what was changed is not signed"


def test_a_pass_is_not_made_that_no_telephone_takes(chain: Chain, tmp_path: Path) -> None:
    settings = at_apple(chain)
    expired = at_apple(make_chain(tmp_path, days=-1))
    wrong = {
        "expected the certificate of pass.other, got one of pass.com": replace(
            settings, pass_type_identifier="pass.other"
        ),
        "expected the certificate of Z9, got one of A1B2C3D4E5": replace(settings, team_identifier="Z9"),
        "expected the private key of the certificate": replace(settings, key_file=chain.file("root-key")),
        "expected the intermediate that issued": replace(settings, intermediate_file=chain.file("root")),
        "expected a valid certificate, got one that ends 2026-11-22": expired,
        "expected a private key in PEM": replace(settings, key_file=chain.file("shop")),
        "expected a certificate in PEM": replace(settings, certificate_file=chain.file("shop-key")),
    }
    for said, mistaken in wrong.items():
        with pytest.raises(ValueError, match=said):
            apple_pass(CARD, TEMPLATE, mistaken, at=NOW)


@pytest.mark.parametrize("symbology", [Symbology.EAN13, Symbology.CODE128, Symbology.QR])
def test_both_passes_scan_as_the_member(symbology: Symbology, chain: Chain, tmp_path: Path) -> None:
    schemes = [PatternCard(name="plastic", pattern=r"04\d{11}", check_digit=CheckDigit.EAN)]
    account = tmp_path / "account.json"
    make_service_account(account)
    at_google = GoogleSettings(issuer_id="3388", class_id="members", service_account_file=account)

    card = replace(CARD, symbology=shown_as(symbology, APPLE))
    (barcode,) = json.loads(opened(apple_pass(card, TEMPLATE, at_apple(chain), at=NOW))["pass.json"])["barcodes"]
    assert barcode["format"] == APPLE[card.symbology]
    assert barcode["message"] == barcode["altText"] == CARD.number
    on_google = replace(CARD, symbology=shown_as(symbology, GOOGLE))
    _, claims, _, _ = token(google_link(on_google, at_google, show_name=True, at=NOW))
    shown = claims["payload"]["loyaltyObjects"][0]["barcode"]
    assert (shown["type"], shown["value"]) == (GOOGLE[on_google.symbology], CARD.number)

    for message, kind in ((barcode["message"], card.symbology), (shown["value"], on_google.symbology)):
        picture = render(kind, message, Form.PNG, page=CR80, dpi=300)
        (reading,) = read(Image.open(io.BytesIO(picture)))
        assert taken_back(reading.data.decode(), kind, schemes) == CARD.customer_id


def test_a_save_link_is_signed_by_the_service_account(tmp_path: Path) -> None:
    account = tmp_path / "account.json"
    public_key = make_service_account(account)
    settings = GoogleSettings(issuer_id="3388", class_id="members", service_account_file=account)
    head, claims, signed, signature = token(google_link(CARD, settings, show_name=True, at=NOW))
    assert head == {"alg": "RS256", "typ": "JWT"}
    assert (claims["aud"], claims["typ"]) == ("google", "savetowallet")
    assert (claims["iss"], claims["iat"]) == ("cards@bakery.iam.gserviceaccount.com", int(NOW.timestamp()))
    (loyalty,) = claims["payload"]["loyaltyObjects"]
    assert (loyalty["id"], loyalty["classId"]) == ("3388.0412345678903", "3388.members")
    assert (loyalty["accountId"], loyalty["accountName"], loyalty["state"]) == (CARD.customer_id, "Zoë", "ACTIVE")
    public_key.verify(signature, signed, PKCS1v15(), SHA256())
    with pytest.raises(InvalidSignature):
        public_key.verify(signature, signed + b"x", PKCS1v15(), SHA256())

    _, claims, _, _ = token(google_link(replace(CARD, customer_id="a/b"), settings, show_name=False, at=NOW))
    (loyalty,) = claims["payload"]["loyaltyObjects"]
    assert loyalty["id"] == f"3388.sha256_{hashlib.sha256(b'a/b').hexdigest()}"
    assert "accountName" not in loyalty


def test_a_file_that_is_no_service_account(tmp_path: Path) -> None:
    account = tmp_path / "account.json"
    settings = GoogleSettings(issuer_id="3388", class_id="members", service_account_file=account)
    for content in ("{}", "no JSON", '{"client_email": "a", "private_key": "b"}'):
        account.write_text(content)
        with pytest.raises(ValueError, match="expected a service account's key"):
            google_link(CARD, settings, show_name=True, at=NOW)


def token(link: str) -> tuple[dict[str, str], dict[str, Any], bytes, bytes]:
    """Return a link's head, claims, what of it is signed, and the signature."""
    head, claims, signature = link.removeprefix(ADDRESS).split(".")
    decoded = [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in (head, claims, signature)]
    return json.loads(decoded[0]), json.loads(decoded[1]), f"{head}.{claims}".encode(), decoded[2]
