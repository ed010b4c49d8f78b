"""Safety, then cards, then duplicates."""

import pytest

from scanner_daemon.model import Accepted, Decision, PassedThrough, Rejected, RejectReason, Scan, ScanDataType
from scanner_daemon.pipeline import DuplicateFilter, Pipeline
from scanner_daemon.pipeline.cards import PatternCard
from scanner_daemon.pipeline.check_digits import CheckDigit

CARDS = (
    PatternCard(name="plastic", pattern=r"04\d{11}", check_digit=CheckDigit.EAN),
    PatternCard(name="any", pattern=r"0\d{12}"),
    PatternCard(name="path", pattern=r"P(?P<id>.+)", customer_id="{id}"),
)


def a_scan(label: str, *, at: float = 0.0, scanner: str = "counter") -> Scan:
    return Scan(
        scanner=scanner,
        scan_data=label.encode(),
        scan_data_label=label,
        scan_data_type=ScanDataType.UNKNOWN,
        symbology_identifier=None,
        at=at,
    )


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline(cards=CARDS, duplicates=DuplicateFilter(2.0), cards_only=["cards"])


def decided(decision: Decision) -> tuple[str, object]:
    match decision:
        case Accepted():
            return decision.card, decision.customer_id
        case Rejected():
            return "rejected", decision.reason
        case PassedThrough():
            return "passed", decision.scan.scan_data_label


def test_the_first_scheme_that_recognises_a_label_decides(pipeline: Pipeline) -> None:
    assert decided(pipeline.process(a_scan("0412345678903"))) == ("plastic", "0412345678903")
    assert decided(pipeline.process(a_scan("0912345678903"))) == ("any", "0912345678903")
    assert decided(pipeline.process(a_scan("0412345678904"))) == ("rejected", RejectReason.CHECK_DIGIT)


def test_products_are_never_debounced(pipeline: Pipeline) -> None:
    assert [decided(pipeline.process(a_scan("4006381333931"))) for _ in range(3)] == [("passed", "4006381333931")] * 3


def test_the_same_card_at_another_scanner_of_the_lane_is_a_duplicate(pipeline: Pipeline) -> None:
    pipeline.process(a_scan("0412345678903", at=0.0))
    again = pipeline.process(a_scan("0412345678903", at=1.0, scanner="cards"))
    assert decided(again) == ("rejected", RejectReason.DUPLICATE)
    assert isinstance(again, Rejected)
    assert again.customer_id == "0412345678903"


def test_a_scanner_for_cards_only_passes_nothing_on(pipeline: Pipeline) -> None:
    decision = pipeline.process(a_scan("4006381333931", scanner="cards"))
    assert decided(decision) == ("rejected", RejectReason.NOT_A_MEMBER_LABEL)


def test_safety_comes_before_cards() -> None:
    greedy = Pipeline(cards=[PatternCard(name="all", pattern=".*")], duplicates=DuplicateFilter(2.0))
    assert decided(greedy.process(a_scan("4111111111111111"))) == ("rejected", RejectReason.PAYMENT_CARD)
    assert decided(greedy.process(a_scan("a\x1bb"))) == ("rejected", RejectReason.UNSAFE_CHARACTERS)


@pytest.mark.parametrize("customer_id", ["../balance", "a/b", "50%", ".", "..", " ", "a\x1db", "x" * 101])
def test_an_id_that_could_address_somebody_else_is_refused(pipeline: Pipeline, customer_id: str) -> None:
    assert decided(pipeline.process(a_scan(f"P{customer_id}"))) == ("rejected", RejectReason.UNSAFE_CHARACTERS)
