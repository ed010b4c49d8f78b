"""What no lane would take back is not made."""

import pytest

from scanner_daemon.cards.encoding import encode
from scanner_daemon.cards.symbol import Symbology


@pytest.mark.parametrize("symbology", Symbology)
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "expected a member's number, got nothing"),
        ("0000", "expected a member's number, got only zeros"),
        ("müller", "expected printable ASCII characters, as lanes refuse others, got 'ü'"),
        ("a\x1bb", r"got '\\x1b'"),
        ("٣٤", "expected printable ASCII"),
        ("7" * 1025, "expected at most 1024 characters, as lanes refuse more, got 1025"),
    ],
)
def test_refused_by_every_symbology(symbology: Symbology, text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        encode(symbology, text)


@pytest.mark.parametrize("symbology", [Symbology.CODE128, Symbology.QR, Symbology.CODE39, Symbology.DATA_MATRIX])
def test_the_number_of_a_payment_card_is_refused_and_not_told(symbology: Symbology) -> None:
    with pytest.raises(ValueError, match="payment card") as refused:
        encode(symbology, "4111111111111111")
    assert "4111" not in str(refused.value)


def test_too_much_for_a_symbol() -> None:
    with pytest.raises(ValueError, match="expected as much as the symbol can hold, got 40 characters"):
        encode(Symbology.MICRO_QR, "x" * 40)


def test_micro_qr_corrects_errors() -> None:
    assert encode(Symbology.MICRO_QR, "12").width == 13, "M2: M1, of 11 modules, could not"
