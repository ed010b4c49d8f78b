"""Check digits, by vectors of the standards and of the libraries that serve as their reference."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.pipeline.check_digits import CheckDigit

VECTORS = [
    (CheckDigit.EAN, "4006381333931"),
    (CheckDigit.EAN, "96385074"),
    (CheckDigit.EAN, "806101000000000013"),  # a GSRN: the same rule at 18 digits
    (CheckDigit.LUHN, "79927398713"),
    (CheckDigit.MOD97, "79444"),  # ISO/IEC 7064, the standard's own example
    (CheckDigit.VERHOEFF, "2363"),
    (CheckDigit.DAMM, "5724"),
    (CheckDigit.CODE39, "CODE39W"),
]


@pytest.mark.parametrize(("kind", "number"), VECTORS)
def test_a_right_check_digit_holds(kind: CheckDigit, number: str) -> None:
    assert kind.holds(number)


@pytest.mark.parametrize(("kind", "number"), VECTORS)
def test_every_single_wrong_digit_is_found(kind: CheckDigit, number: str) -> None:
    for place, right in enumerate(number):
        for wrong in set("0123456789") - {right}:
            assert not kind.holds(number[:place] + wrong + number[place + 1 :])


@pytest.mark.parametrize("kind", [kind for kind in CheckDigit if kind is not CheckDigit.NONE])
@pytest.mark.parametrize("number", ["", "0", "0000000000000", "４００６３８１３３３９３１", "A B\n", "-1"])
def test_what_is_no_number_never_holds(kind: CheckDigit, number: str) -> None:
    assert not kind.holds(number)


@given(st.sampled_from(list(CheckDigit)), st.text(max_size=30))
def test_any_text_gets_an_answer(kind: CheckDigit, number: str) -> None:
    assert kind.holds(number) in {True, False}
