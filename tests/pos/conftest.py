"""A till to type to, and the driver plugged into it."""

import os
from collections.abc import Iterator

import pytest

from scanner_daemon.pos.virtual_keyboard import VirtualKeyboard
from tests.pos.recorded import RecordedKeyboard, Till


@pytest.fixture
def till() -> Iterator[Till]:
    receiver, keyboard = os.pipe()
    made = Till(receiver=receiver, keyboard=keyboard)
    yield made
    os.close(receiver)
    if made.keyboard >= 0:
        os.close(made.keyboard)


@pytest.fixture
def keyboard(till: Till) -> VirtualKeyboard:
    """The driver, plugged into ``till``."""
    return RecordedKeyboard(till=till, key_interval=0.002)
