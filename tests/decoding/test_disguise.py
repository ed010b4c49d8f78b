import re
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum import damm, ean, luhn, verhoeff
from stdnum.iso7064 import mod_97_10

from scanner_daemon.decoding.disguise import disguised

SEEDS = st.integers().map(Random)


def shape(text: str) -> str:
    return re.sub("[0-9]", "9", re.sub("[a-z]", "a", re.sub("[A-Z]", "A", text)))


@given(st.text(), SEEDS)
def test_structure_stays(text: str, random: Random) -> None:
    assert shape(disguised(text, random)) == shape(text)


@given(st.text("0123456789", min_size=8, max_size=30), SEEDS)
def test_a_long_number_becomes_another_of_its_kind_that_checks_where_it_did(number: str, random: Random) -> None:
    other = disguised(number, random)
    assert other != number
    assert other[:4] == number[:4]
    for check in (luhn, ean) if len(number) in {8, 12, 13, 14} else (luhn,):
        assert check.is_valid(other) == check.is_valid(number)


@pytest.mark.parametrize("scheme", [damm, verhoeff, mod_97_10])
@given(body=st.text("0123456789", min_size=10, max_size=16), random=SEEDS)
def test_rarer_check_digits_stay_right(scheme: object, body: str, random: Random) -> None:
    calculate = getattr(scheme, "calc_check_digit", None) or mod_97_10.calc_check_digits
    number = body + calculate(body)
    assume([each.is_valid(number) for each in (damm, verhoeff, mod_97_10)].count(True) == 1)
    assert scheme.is_valid(disguised(number, random))  # type: ignore[attr-defined]  # three modules of stdnum


def test_it_is_looked_for_until_it_is_found() -> None:
    assert mod_97_10.is_valid(disguised("041234567890366", Random(9124)))  # not among the first thousand


@given(st.text("0123456789", min_size=17, max_size=17), SEEDS)
def test_a_service_relation_stays_one_wherever_it_is_written(body: str, random: Random) -> None:
    number = body + ean.calc_check_digit(body)
    element, link = disguised(f"8018{number}", random), disguised(f"https://id.gs1.org/8018/{number}?a=1", random)
    assert element.startswith("8018")
    assert ean.calc_check_digit(element[4:-1]) == element[-1]
    found = re.fullmatch(r"https://id\.gs1\.org/8018/([0-9]{18})\?[a-z]=[0-9]", link)
    assert found
    assert ean.calc_check_digit(found[1][:-1]) == found[1][-1]
    assert number not in element + link
