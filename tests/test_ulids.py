import re
import time

from scanner_daemon.ulids import new_ulid

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def test_a_ulid_begins_with_the_milliseconds_of_now() -> None:
    before = time.time_ns() // 1_000_000
    ulid = new_ulid()
    after = time.time_ns() // 1_000_000

    assert re.fullmatch(f"[{CROCKFORD}]{{26}}", ulid)
    milliseconds = 0
    for character in ulid[:10]:
        milliseconds = 32 * milliseconds + CROCKFORD.index(character)
    assert before <= milliseconds <= after


def test_no_two_are_alike_and_later_ones_sort_later() -> None:
    first = [new_ulid() for _ in range(1000)]
    time.sleep(0.002)
    second = [new_ulid() for _ in range(1000)]

    assert len({*first, *second}) == 2000
    assert max(first) < min(second)
    assert len({ulid[10:] for ulid in first}) == 1000
