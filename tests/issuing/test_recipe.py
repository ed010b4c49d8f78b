"""What numbers look like, held against published check digits and the lane's own pipeline."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.cards.symbol import Symbology
from scanner_daemon.issuing.recipe import Recipe
from scanner_daemon.pipeline.check_digits import CheckDigit


@pytest.mark.parametrize(
    ("recipe", "place", "number"),
    [
        (Recipe(), 1234567890, "0412345678903"),
        (Recipe(prefix="2099"), 7, "2099000000071"),
        (Recipe(scheme="gsrn", prefix="9501101"), 123, "950110100000001237"),
        (
            Recipe(scheme="number", prefix="CARD-", digits=10, check_digit=CheckDigit.LUHN),
            7992739871,
            "CARD-79927398713",
        ),
        (Recipe(scheme="number", prefix="", digits=3, check_digit=CheckDigit.VERHOEFF), 236, "2363"),
        (Recipe(scheme="number", prefix="", digits=3, check_digit=CheckDigit.DAMM), 572, "5724"),
        (Recipe(scheme="number", prefix="", digits=3, check_digit=CheckDigit.MOD97), 794, "79444"),
        (Recipe(scheme="number", prefix="99", digits=6), 4, "99000004"),
    ],
)
def test_numbers_with_their_check_digits(recipe: Recipe, place: int, number: str) -> None:
    assert recipe.number(place) == number


def test_all_zeros_are_no_number() -> None:
    assert Recipe(scheme="number", prefix="0", digits=5, check_digit=CheckDigit.LUHN).number(0) is None


@given(check=st.sampled_from(CheckDigit), place=st.integers(1, 10**8 - 1), prefix=st.sampled_from(["", "04", "99"]))
def test_the_lane_takes_every_check_digit_back(check: CheckDigit, place: int, prefix: str) -> None:
    number = Recipe(scheme="number", prefix=prefix, digits=8, check_digit=check).number(place)
    if number is None:  # Code 39's may be a character that scanners shift the next one with
        assert check is CheckDigit.CODE39
        return
    assert check.holds(number)
    assert number.startswith(f"{prefix}{place:08}")


@given(places=st.sets(st.integers(1, 10**10 - 1), min_size=2, max_size=2))
def test_two_places_are_two_numbers(places: set[int]) -> None:
    assert len({Recipe().number(place) for place in places}) == 2


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"prefix": "0x"}, "prefix: expected 2 to 9 digits, got '0x'"),
        ({"prefix": "0412345678"}, "prefix: expected 2 to 9 digits"),
        ({"prefix": "4/"}, "prefix: expected letters, digits, '-' and '.', got '4/'"),
        ({"prefix": "٠٤"}, "prefix: expected letters, digits"),
        ({"scheme": "gsrn"}, "prefix: expected 4 to 14 digits, got '04'"),
        ({"scheme": "number"}, "digits: expected how many digits follow the prefix, got nothing"),
        ({"digits": 4}, "expected no digits and no check_digit, which ean13 has of its own, got some"),
        ({"first": 10**10}, "first: expected less than 10000000000"),
    ],
)
def test_what_is_no_recipe(settings: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match="expected") as raised:
        Recipe(**settings)  # type: ignore[arg-type]  # as a configuration would
    assert sentence in str(raised.value)


def test_each_scheme_has_its_bar_code() -> None:
    assert Recipe().bar_code is Symbology.EAN13
    assert Recipe(scheme="gsrn", prefix="9501101").bar_code is Symbology.GS1_128
    assert Recipe(symbology=Symbology.QR).bar_code is Symbology.QR
