from collections.abc import AsyncIterator, Callable

import pytest
from pydantic import SecretStr

from scanner_daemon.loyalty.gameball import Gameball
from scanner_daemon.loyalty.sandbox import Sandbox


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def programme(sandbox: Sandbox) -> Callable[..., Gameball]:
    """Make a Gameball adapter for the sandbox, with other settings where given."""

    def make(**settings: object) -> Gameball:
        right = {
            "base_url": sandbox.url,
            "api_key": SecretStr(sandbox.api_key),
            "secret_key": SecretStr(sandbox.secret_key),
        }
        return Gameball(**{**right, **settings})  # type: ignore[arg-type]  # settings of many types

    return make
