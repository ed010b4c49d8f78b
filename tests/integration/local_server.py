"""A lane with a local server, running."""

import asyncio
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from scanner_daemon.app import Lane
from scanner_daemon.config import parse_config
from scanner_daemon.loyalty.sandbox import Sandbox

TOKEN: Final = "t0ken-of-the-lane"
KEYS: Final = {"GAMEBALL_API_KEY": "s3cret-api", "GAMEBALL_SECRET_KEY": "s3cret-key", "SCANNER_DAEMON_TOKEN": TOKEN}

CONFIGURATION: Final = """
lane = {{ name = "lane-1", state_dir = "{state}" }}
gameball = {{ base_url = "{gameball}" }}
card = [{{ name = "plastic", pattern = '04\\d{{11}}' }}]
display = [{{ driver = "kiosk" }}]
cards = {{ counter = {{ print = true }}, printer = {{ address = "folder:{state}", form = "zpl" }} }}
[server]
listen = "127.0.0.1:0"
"""


@asynccontextmanager
async def a_lane(folder: Path, *, request_within: float = 10.0, more: str = "") -> AsyncIterator[Lane]:
    """Run a lane whose server listens; ``more`` are settings of ``[server]``."""
    async with Sandbox() as sandbox, asyncio.TaskGroup() as group:
        document = tomllib.loads(CONFIGURATION.format(state=folder / "state", gameball=sandbox.url) + more)
        lane = Lane.from_config(parse_config(document, file="c.toml", base=folder, environ=KEYS), environ={})
        assert lane.server is not None
        lane.server._request_within = request_within  # nobody has ten seconds
        lane.server.bind()
        running = group.create_task(lane.run())
        await lane.ready.wait()
        yield lane
        lane.stop()
        await running


def port_of(lane: Lane) -> int:
    assert lane.server is not None
    return int(lane.server.url.rpartition(":")[2])
