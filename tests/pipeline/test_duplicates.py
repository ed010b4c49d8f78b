"""Debounce: per card, restarting at each sighting."""

from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.pipeline.duplicates import DuplicateFilter


def test_the_time_restarts_at_each_sighting() -> None:
    duplicates = DuplicateFilter(2.0)
    seen = [duplicates.seen_again("A", at) for at in (0.0, 1.5, 3.0, 4.9, 7.0)]
    assert seen == [False, True, True, True, False]


def test_another_card_is_never_held_up() -> None:
    duplicates = DuplicateFilter(2.0)
    assert [duplicates.seen_again(card, 0.0) for card in "ABAB"] == [False, False, True, True]


def test_no_time_out_means_no_debounce() -> None:
    duplicates = DuplicateFilter(0.0)
    assert [duplicates.seen_again("A", 1.0) for _ in range(3)] == [False, False, False]


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.floats(0, 5)), max_size=60))
def test_it_agrees_with_the_rule_written_out(sightings: list[tuple[str, float]]) -> None:
    duplicates, last, now = DuplicateFilter(2.0), dict[str, float](), 0.0
    for card, later in sightings:
        now += later
        expected = card in last and now - last[card] < 2.0
        assert duplicates.seen_again(card, now) is expected
        last[card] = now


def test_memory_is_bounded_by_the_time_out() -> None:
    duplicates = DuplicateFilter(2.0)
    for n in range(10_000):
        duplicates.seen_again(str(n), n * 0.1)
    assert len(duplicates) <= 21
