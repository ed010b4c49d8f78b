"""What may be typed, for each scanner."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.model import RejectReason, Scan, ScanDataType, SymbologyIdentifier
from scanner_daemon.pos.firewall import Firewall, FirewallRules


def a_scan(label: str, *, at: float = 0.0, scanner: str = "counter", identifier: str = "") -> Scan:
    return Scan(
        scanner=scanner,
        scan_data=label.encode("utf-8", "replace"),
        scan_data_label=label,
        scan_data_type=ScanDataType.UNKNOWN,
        symbology_identifier=SymbologyIdentifier(code=identifier[1], modifier=identifier[2]) if identifier else None,
        at=at,
    )


@pytest.fixture
def typed() -> list[str]:
    return []


@pytest.fixture
def to_till(typed: list[str]) -> Callable[[str], RejectReason | None]:
    def to_till(text: str) -> RejectReason | None:
        typed.append(text)
        return None

    return to_till


@given(st.text())
def test_by_default_printable_ascii_passes_and_nothing_else(label: str) -> None:
    text = FirewallRules(max_length=1024).text(a_scan(label))
    assert text == (label if all(" " <= character <= "~" for character in label) else RejectReason.UNSAFE_CHARACTERS)


@pytest.mark.parametrize(
    ("allow", "passing", "refused"),
    [
        ("0-9", "0918", "A -"),
        ("0-9A-F", "09AF", "G-"),
        ("-0-9", "0-9", "A"),
        ("0-9-", "0-9", "A"),
        ("ab", "abba", "c-"),
        (" -~", " ~-", "\x1b\x7f"),
    ],
)
def test_a_list_of_characters_and_ranges(allow: str, passing: str, refused: str) -> None:
    rules = FirewallRules(allow=allow)
    assert rules.text(a_scan(passing)) == passing
    for character in refused:
        assert rules.text(a_scan(passing + character)) is RejectReason.UNSAFE_CHARACTERS


@pytest.mark.parametrize("allow", ["\x00-~", "é", "9-0", "0-9\x1d", "\x1b"])
def test_no_list_can_hold_what_commands(allow: str) -> None:
    with pytest.raises(ValueError, match=r"allow: expected characters of printable ASCII"):
        FirewallRules(allow=allow)


def test_the_longest_label() -> None:
    rules = FirewallRules(max_length=4)
    assert rules.text(a_scan("1234")) == "1234"
    assert rules.text(a_scan("12345")) is RejectReason.TOO_LONG


def test_the_group_separator_is_typed_as_something_typable_or_not_at_all() -> None:
    element_string = "0104006381333931\x1d10ABC"
    assert FirewallRules().text(a_scan(element_string)) is RejectReason.UNSAFE_CHARACTERS
    assert FirewallRules(group_separator="|").text(a_scan(element_string)) == "0104006381333931|10ABC"
    with pytest.raises(ValueError, match=r"group_separator: expected a character in allow, got '\|'"):
        FirewallRules(allow="0-9", group_separator="|")


def test_the_symbology_identifier_is_typed_where_the_till_wants_it() -> None:
    scan = a_scan("4006381333931", identifier="]E0")
    assert FirewallRules().text(scan) == "4006381333931"
    assert FirewallRules(symbology_identifier=True).text(scan) == "]E04006381333931"
    assert FirewallRules(symbology_identifier=True).text(a_scan("1")) == "1"
    digits = FirewallRules(allow="0-9", symbology_identifier=True)
    assert digits.text(scan) is RejectReason.UNSAFE_CHARACTERS


def test_products_are_never_debounced(typed: list[str], to_till: Callable[[str], RejectReason | None]) -> None:
    firewall = Firewall({}, to_till=to_till)
    assert [firewall.pass_on(a_scan("4006381333931", at=0.0)) for _ in range(3)] == [None] * 3
    assert typed == ["4006381333931"] * 3


def test_so_many_labels_a_second_and_each_scanner_for_itself(
    typed: list[str], to_till: Callable[[str], RejectReason | None]
) -> None:
    firewall = Firewall({"counter": FirewallRules(max_rate=2)}, to_till=to_till)
    times = [0.0, 0.4, 0.5, 0.9, 1.0, 1.3, 1.5, 3.0]
    answers = [firewall.pass_on(a_scan(str(at), at=at)) for at in times]
    assert [at for at, answer in zip(times, answers, strict=True) if answer is None] == [0.0, 0.4, 1.0, 1.5, 3.0]
    assert set(answers) == {None, RejectReason.TOO_FAST}
    assert firewall.pass_on(a_scan("5", at=3.0, scanner="second")) is None
    assert typed == ["0.0", "0.4", "1.0", "1.5", "3.0", "5"]


def test_a_till_that_refuses_is_heard() -> None:
    firewall = Firewall({"counter": FirewallRules(max_rate=1)}, to_till=lambda _: RejectReason.TILL_BUSY)
    assert [firewall.pass_on(a_scan("1")) for _ in range(2)] == [RejectReason.TILL_BUSY] * 2


@given(st.lists(st.tuples(st.floats(0, 10), st.text(max_size=3)), max_size=60).map(sorted), st.integers(1, 5))
def test_never_more_than_the_rate_in_any_second(labels: list[tuple[float, str]], max_rate: int) -> None:
    firewall = Firewall({"counter": FirewallRules(max_rate=max_rate)}, to_till=lambda _: None)
    passed = [at for at, label in labels if firewall.pass_on(a_scan(label, at=at)) is None]
    for first, after in zip(passed, passed[max_rate:], strict=False):
        assert after - first >= 1.0
