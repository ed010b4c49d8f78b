"""The two ends of a lane: a scanner on a pseudo terminal, and Gameball."""

from collections.abc import AsyncIterator, Iterator

import pytest

from scanner_daemon.cli.virtual_scanner import VirtualScanner
from scanner_daemon.loyalty.sandbox import Sandbox


@pytest.fixture
def scanner() -> Iterator[VirtualScanner]:
    with VirtualScanner() as scanner:
        yield scanner


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox
