"""The description of the local server holds: against the routes of a lane, and by what schemathesis tries on one."""

import asyncio
import json
import os
import sys
from importlib import resources
from pathlib import Path
from typing import Final

from starlette.routing import Route

from tests.integration.local_server import TOKEN, a_lane
from tests.serving import new_server, running

EXAMPLES: Final = os.environ.get("SCANNER_DAEMON_SCHEMATHESIS", "10")
"""Requests that schemathesis makes up for each operation, beside those that every description is tried with."""


async def test_all_that_a_lane_serves_is_described_and_nothing_else(tmp_path: Path) -> None:
    async with a_lane(tmp_path) as lane:
        assert lane.server is not None
        served = {
            (route.path, method.lower())
            for route in lane.server._application().routes  # its own table, beside which nothing is served
            if isinstance(route, Route) and route.methods
            for method in route.methods - {"HEAD"}
        }
    whole = json.loads(resources.files("scanner_daemon").joinpath("openapi.json").read_bytes())
    described = {(path, method) for path, operations in whole["paths"].items() for method in operations}
    assert described == served


async def test_what_a_lane_does_not_serve_is_not_described() -> None:
    async with running(new_server()) as client:
        told = (await client.get("/openapi.json")).json()
    assert told["paths"].keys() == {"/health", "/events", "/openapi.json"}


async def test_schemathesis_finds_no_failure_on_a_running_lane(tmp_path: Path) -> None:
    async with a_lane(tmp_path) as lane:
        assert lane.server is not None
        asked = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", str(Path(__file__).with_name("schemathesis.toml"))),
            *("run", f"{lane.server.url}/openapi.json", "--header", f"Authorization: Bearer {TOKEN}"),
            *("--max-examples", EXAMPLES),
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asked.communicate()
    assert (asked.returncode, "10 selected / 13 total" in said.decode()) == (0, True), said.decode()
