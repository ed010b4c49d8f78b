"""Any number, as any bar code, in any form, at any resolution: it scans as itself."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, reject, settings
from hypothesis import strategies as st

from scanner_daemon.cards.encoding import encode
from scanner_daemon.cards.form import Form
from scanner_daemon.cards.layout import CR80, lay_out
from scanner_daemon.cards.proof import read
from scanner_daemon.cards.rendering import proven, render
from scanner_daemon.cards.symbol import Symbology
from scanner_daemon.cards.vector import pdf
from scanner_daemon.decoding.label import read_label
from scanner_daemon.errors import PrinterError
from scanner_daemon.model import Accepted, Scan
from scanner_daemon.pipeline import DuplicateFilter, Pipeline
from scanner_daemon.pipeline.cards import GsrnCard, PatternCard
from scanner_daemon.pipeline.check_digits import CheckDigit
from tests.cards import interpreters
from tests.cards.numbers import checked, digits, numbers, scanned

EXAMPLES = int(os.environ.get("CARDS_EXAMPLES", "10"))
"""Cards a bar code and form; CARDS_EXAMPLES=10000 for the long run."""

DPIS = (203, 300, 600)

thorough = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="CARDS_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.timeout(0 if EXAMPLES > 1000 else 120)
@pytest.mark.parametrize("symbology", Symbology)
@pytest.mark.parametrize("form", [form for form in Form if form is not Form.PDF])
@thorough
@given(data=st.data())
def test_a_card_scans_as_its_number(symbology: Symbology, form: Form, tmp_path: Path, data: st.DataObject) -> None:
    number = data.draw(numbers(symbology))
    dpi = data.draw(st.sampled_from(DPIS))
    bare = data.draw(st.booleans())
    title = "" if bare else data.draw(st.sampled_from(["", "Corner Bakery"]))
    try:
        made = render(symbology, number, form, page=form.page, dpi=dpi, title=title, symbol_only=bare)
    except PrinterError:
        event("refused by the proof")  # seldom, and nothing was made
        reject()
    found = read(interpreters.drawn(form, made, dpi=dpi, folder=tmp_path))
    assert [reading.data for reading in found] == [scanned(symbology, number)]


@pytest.mark.parametrize("dpi", DPIS)
@pytest.mark.parametrize("symbology", Symbology)
@settings(thorough, max_examples=max(1, EXAMPLES // 10))
@given(data=st.data())
def test_a_pdf_scans_as_its_numbers(symbology: Symbology, dpi: int, tmp_path: Path, data: st.DataObject) -> None:
    some = data.draw(st.lists(numbers(symbology), min_size=5, max_size=5, unique=True))
    drawings = [lay_out(encode(symbology, number), CR80, dpi=dpi, title="Corner Bakery") for number in some]
    for number, page in zip(some, interpreters.pdf(pdf(drawings), dpi=dpi, folder=tmp_path), strict=True):
        assert [reading.data for reading in read(page)] == [scanned(symbology, number)]


@pytest.mark.parametrize("symbology", [Symbology.CODE128, Symbology.EAN13, Symbology.QR, Symbology.PDF417])
@thorough
@given(body=digits(10, 10))
def test_a_lane_takes_the_card_for_its_member(symbology: Symbology, body: str) -> None:
    number = checked(f"04{body}")
    pattern = PatternCard(name="plastic", pattern=r"04\d{11}", check_digit=CheckDigit.EAN)
    assert _decided(symbology, number, pattern) == number


@thorough
@given(body=digits(17, 17).filter(lambda body: body.strip("0") != ""))
def test_a_lane_takes_a_gsrn_for_its_member(body: str) -> None:
    number = checked(body)
    assert _decided(Symbology.GS1_128, number, GsrnCard(name="gsrn")) == number


def _decided(symbology: Symbology, number: str, scheme: PatternCard | GsrnCard) -> str | None:
    """Return whose card a lane takes the picture for."""
    drawing = lay_out(encode(symbology, number), CR80, dpi=300)
    (reading,) = read(proven(drawing).convert("L"))
    pipeline = Pipeline(cards=[scheme], duplicates=DuplicateFilter(2.0))
    scan = read_label(scanner="counter", scan_data=reading.identifier.encode() + reading.data, at=1.0)
    assert isinstance(scan, Scan)
    decision = pipeline.process(scan)
    return decision.customer_id if isinstance(decision, Accepted) else None
