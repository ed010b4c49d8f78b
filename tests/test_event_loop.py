"""The loop is woken no oftener than it should be, loses nothing, and holds up nobody who asks less."""

import asyncio
import os
import selectors
import threading
import time
from collections.abc import Iterator

import pytest

from scanner_daemon.event_loop import AT_ONCE, MOST, ModeratedSelector, new_event_loop


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    inlet, outlet = os.pipe()
    os.set_blocking(inlet, False)
    yield inlet, outlet
    os.close(inlet)
    os.close(outlet)


def test_many_small_writes_are_read_several_at_a_time(pipe: tuple[int, int]) -> None:
    inlet, outlet = pipe
    sent = 20_000
    reads: list[int] = []

    def write() -> None:
        for _ in range(sent):
            os.write(outlet, b"k")

    async def read_all() -> None:
        done = asyncio.Event()

        def on_readable() -> None:
            reads.append(len(os.read(inlet, 4096)))
            if sum(reads) == sent:
                done.set()

        asyncio.get_running_loop().add_reader(inlet, on_readable)
        await done.wait()

    begun = time.monotonic()
    writer = threading.Thread(target=write)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        writer.start()
        runner.run(read_all())
    writer.join()

    assert sum(reads) == sent
    assert len(reads) <= AT_ONCE + MOST * (time.monotonic() - begun) + 1


def test_a_moment_of_many_wake_ups_is_not_held_up(pipe: tuple[int, int]) -> None:
    inlet, outlet = pipe
    os.write(outlet, b"k")
    moderated_would_be = AT_ONCE / MOST

    def taken() -> float:
        with ModeratedSelector() as selector:
            selector.register(inlet, selectors.EVENT_READ)
            begun = time.monotonic()
            for _ in range(AT_ONCE):
                assert selector.select(1)
            return time.monotonic() - begun

    assert min(taken() for _ in range(5)) < moderated_would_be / 2


def test_to_look_is_not_to_wait() -> None:
    with ModeratedSelector() as selector:
        begun = time.monotonic()
        for _ in range(100 * AT_ONCE):
            assert selector.select(0) == []
        assert time.monotonic() - begun < 99 * AT_ONCE / MOST
