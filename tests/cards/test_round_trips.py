"""The long run, made short: it counts what is right, and finds what is wrong."""

from pathlib import Path

import pytest
from PIL import Image

from scanner_daemon.cards.form import Form
from scanner_daemon.cards.symbol import Symbology
from tests.cards.round_trips import go_on, tally_of


@pytest.mark.parametrize("symbology", Symbology)
def test_every_card_of_a_short_run_is_right(symbology: Symbology, tmp_path: Path) -> None:
    tally = tally_of(symbology)
    go_on(tally, 10, tmp_path)
    assert (tally.made, tally.wrong) == (10, [])
    assert [tally.right[form] for form in Form] == [10 - tally.refused] * len(Form)


def test_a_page_that_reads_as_nothing_is_wrong() -> None:
    tally = tally_of(Symbology.QR)
    tally.judge(Form.PNG, "0412345678903", Image.new("L", (100, 100), 255), read_already=Image.new("1", (100, 100), 0))
    assert (tally.right[Form.PNG], len(tally.wrong)) == (0, 1)
