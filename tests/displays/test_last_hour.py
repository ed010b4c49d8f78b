from collections import Counter
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.displays.last_hour import MINUTES, Fate, LastHour, picture
from scanner_daemon.model import RejectReason

if TYPE_CHECKING:
    from tests.displays.conftest import Events


def test_a_scan_is_counted_at_its_end_and_once(events: "Events") -> None:
    hour = LastHour()
    for event in (
        events.online(),
        events.accepted(1),
        events.member(1),
        events.accepted(2),
        events.failed(2),
        events.accepted(3),
        events.rejected(3, reason=RejectReason.UNKNOWN_CUSTOMER),
        events.passed_through(4),
        events.discarded(5),
        events.member(6, stale=True),
    ):
        hour.feed(event, minute=7)
    assert hour.counts(minute=7)[-1] == dict.fromkeys(Fate, 1)


def test_an_hour_later_it_is_forgotten(events: "Events") -> None:
    hour = LastHour()
    for minute in range(200):
        hour.feed(events.passed_through(minute), minute=minute)
    assert [column.total() for column in hour.counts(minute=199)] == [1] * MINUTES
    assert [column.total() for column in hour.counts(minute=229)] == [1] * 30 + [0] * 30
    assert hour.counts(minute=500) == [{}] * MINUTES
    assert len(hour._minutes) == MINUTES  # nothing outside shows what is remembered


@given(st.lists(st.dictionaries(st.sampled_from(Fate), st.integers(0, 10**6)), min_size=MINUTES, max_size=MINUTES))
def test_any_hour_is_a_picture_that_fits(minutes: list[dict[Fate, int]]) -> None:
    counts: list[Counter[Fate]] = [Counter(minute) for minute in minutes]
    drawing = ET.fromstring(picture(counts))  # noqa: S314  our own
    drawn = [rect.attrib for rect in drawing.iter("rect")]
    assert len(drawn) == sum(1 for minute in minutes for count in minute.values() if count)
    assert all(-0.1 <= float(one["y"]) <= 160 and int(one["x"]) < 720 for one in drawn)
