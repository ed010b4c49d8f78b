import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.pipeline.element_strings import GS, element_strings


@pytest.mark.parametrize(
    ("data", "elements"),
    [
        ("8018806101000000000013", ["8018806101000000000013"]),
        (GS + "8018806101000000000013" + GS, ["8018806101000000000013"]),
        ("0104006381333931" + "8018806101000000000013", ["0104006381333931", "8018806101000000000013"]),
        ("0104006381333931" + GS + "10AB", ["0104006381333931", "10AB"]),
        ("21A8018806101000000000013", ["21A8018806101000000000013"]),  # a serial number without its GS
        ("3103001750" + "21A", ["3103001750", "21A"]),
        ("11260101" + "17270101", ["11260101", "17270101"]),
        ("01040063", ["01040063"]),  # cut off
        ("", []),
    ],
)
def test_elements(data: str, elements: list[str]) -> None:
    assert list(element_strings(data)) == elements


@given(st.text("0123456789AB]\x1d", max_size=60))
def test_nothing_is_lost_or_made_up(data: str) -> None:
    assert "".join(element_strings(data)).replace(GS, "") == data.replace(GS, "")
