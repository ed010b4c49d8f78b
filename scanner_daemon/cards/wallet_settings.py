"""Who issues wallet passes: the table ``[cards.wallet]``. Data only; keys stay in their files."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class AppleSettings:
    """The shop at Apple: ``pass_type_identifier`` and ``team_identifier``, and three files in PEM.

    ``certificate_file`` is the pass type's, ``key_file`` its private key without a passphrase, and
    ``intermediate_file`` Apple's WWDR certificate that it was issued by.
    """

    pass_type_identifier: str
    team_identifier: str
    certificate_file: Path
    key_file: Path
    intermediate_file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleSettings:
    """The shop at Google: its ``issuer_id``, the loyalty class ``class_id`` of it, and a service account's key."""

    issuer_id: str
    class_id: str
    service_account_file: Path

    def __post_init__(self) -> None:
        for name, value in (("issuer_id", self.issuer_id), ("class_id", self.class_id)):
            if not _IDENTIFIER.fullmatch(value):
                raise ValueError(f"{name}: expected letters, digits, '.', '_' and '-', got {value!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletSettings:
    """The tables ``apple`` and ``google``."""

    apple: AppleSettings | None = None
    google: GoogleSettings | None = None


_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
