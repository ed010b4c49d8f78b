"""Serve browser.html beside the lane's own pages.

    python browser.py config.toml      # with a [server]; then http://127.0.0.1:8770/points?token=…

A browser gives the lane's events to pages of the lane's own server only. A page may do no more than its policy says:
this one may run its script, named by hash, and talk to its server.
"""

import asyncio
import sys
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from scanner_daemon import Lane, load_config

PAGE = Path(__file__).with_name("browser.html").read_text(encoding="utf-8")
SCRIPT = PAGE.partition("<script>")[2].partition("</script>")[0]
HASH = b64encode(sha256(SCRIPT.encode()).digest()).decode()
POLICY = f"default-src 'none'; script-src 'sha256-{HASH}'; connect-src 'self'"


async def points(_: Request) -> HTMLResponse:
    return HTMLResponse(PAGE, headers={"content-security-policy": POLICY})


lane = Lane.from_config(load_config(sys.argv[1]))
if lane.server is None:
    sys.exit("expected a table [server] in the configuration, got none")
lane.server.routes.append(Route("/points", points))
asyncio.run(lane.run())
