from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.loyalty.rate_limits import FOR_LATER, RateLimit, Window

CUSTOMERS_GET = (Window(100, 1.0), Window(1200, 30.0))

gaps = st.lists(st.floats(min_value=0.0, max_value=2.0), max_size=300)


def sent_by(limit: RateLimit, wishes: Sequence[float], *, share: float = 1.0) -> list[float]:
    """Send a request at each wish, as early as the limit lets it; return the moments."""
    now, sent = 0.0, []
    for wish in wishes:
        now = max(now, wish)
        while wait := limit.wait(now, share=share):
            now += wait
        sent.append(now)
    return sent


def most_within(seconds: float, sent: Sequence[float]) -> int:
    """Return the most requests in any window of this length."""
    return max(sum(start <= moment < start + seconds for moment in sent) for start in sent)


def test_a_backlog_keeps_both_windows_and_is_not_much_slower_than_they_allow() -> None:
    sent = sent_by(RateLimit(CUSTOMERS_GET), [0.0] * 3000)
    assert most_within(1.0, sent) <= 100
    assert most_within(30.0, sent) <= 1200
    assert sent[-1] < 3000 / 1200 * 30


@given(gaps, st.sampled_from([1.0, 0.5, FOR_LATER]))
def test_no_window_is_ever_full(gaps: list[float], share: float) -> None:
    wishes = [sum(gaps[:n]) for n in range(len(gaps))]
    limit = RateLimit((Window(10, 1.0), Window(40, 8.0)))
    sent = sent_by(limit, wishes, share=share)
    if sent:
        assert most_within(1.0, sent) <= max(1, 10 * share)
        assert most_within(8.0, sent) <= max(1, 40 * share)


def test_what_is_asked_for_now_goes_before_what_can_wait() -> None:
    limit = RateLimit(CUSTOMERS_GET)
    sent_by(limit, [0.0] * 9)
    assert limit.wait(0.0, share=FOR_LATER) > 0.0
    assert limit.wait(0.0) == 0.0


def test_to_ask_is_not_to_send() -> None:
    limit = RateLimit((Window(10, 1.0),))
    sent_by(limit, [0.0] * 9)
    for _ in range(100):
        assert limit.wait(0.5) > 0.0
    assert limit.wait(1.0) == 0.0
