import pytest

from scanner_daemon.loyalty.breaker import LONGEST_PAUSE, Breaker, BreakerState


@pytest.fixture
def breaker() -> Breaker:
    return Breaker(failures=3, pause=2.0)


def test_it_opens_after_failures_in_a_row(breaker: Breaker) -> None:
    for now in (0.0, 1.0):
        assert breaker.wait(now) == 0.0
        breaker.failed(now)
    assert breaker.state(1.0) is BreakerState.CLOSED
    breaker.failed(2.0)
    assert breaker.state(2.0) is BreakerState.OPEN
    assert breaker.wait(2.5) == 1.5


def test_an_answer_in_between_begins_the_row_anew(breaker: Breaker) -> None:
    for _ in range(2):
        breaker.failed(0.0)
    breaker.answered()
    breaker.failed(0.0)
    assert breaker.state(0.0) is BreakerState.CLOSED


def test_half_open_lets_one_through(breaker: Breaker) -> None:
    breaker.open(0.0, pause=2.0)
    assert breaker.state(2.0) is BreakerState.HALF_OPEN
    assert breaker.wait(2.0) == 0.0
    assert breaker.wait(2.0) > 0.0
    breaker.answered()
    assert breaker.state(2.1) is BreakerState.CLOSED
    assert breaker.wait(2.1) == 0.0


def test_a_probe_in_vain_opens_it_again(breaker: Breaker) -> None:
    breaker.open(0.0, pause=2.0)
    assert breaker.wait(2.0) == 0.0
    breaker.failed(2.5)
    assert breaker.wait(4.4) == pytest.approx(0.1)
    assert breaker.wait(4.5) == 0.0


def test_a_probe_that_was_withdrawn_leaves_its_place(breaker: Breaker) -> None:
    breaker.open(0.0, pause=2.0)
    assert breaker.wait(2.0) == 0.0
    breaker.gave_up()
    assert breaker.wait(2.0) == 0.0


def test_what_the_server_asks_for_is_kept_within_reason(breaker: Breaker) -> None:
    breaker.failed(0.0, retry_after=30.0)
    assert breaker.wait(29.0) == 1.0
    breaker.answered()
    breaker.failed(0.0, retry_after=86400.0)
    assert breaker.left(0.0) == LONGEST_PAUSE


def test_a_late_failure_does_not_shorten_a_pause(breaker: Breaker) -> None:
    breaker.open(0.0, pause=300.0)
    for _ in range(3):
        breaker.failed(1.0)
    assert breaker.left(1.0) == 299.0
