"""A Gameball-compatible server to develop and test against. It also misbehaves, in every way the real one may.

::

    async with Sandbox() as sandbox:
        programme = Gameball(base_url=sandbox.url, …)
        sandbox.change(latency=200, fail_next=1)
        …
        assert len(sandbox.requests) == 3

While it runs it is controlled over HTTP too: see :mod:`scanner_daemon.loyalty.sandbox.control`.
"""

from scanner_daemon.loyalty.sandbox.customers import Customer, Customers
from scanner_daemon.loyalty.sandbox.options import SandboxOptions
from scanner_daemon.loyalty.sandbox.server import Sandbox
from scanner_daemon.loyalty.sandbox.service import LoggedRequest

__all__ = ["Customer", "Customers", "LoggedRequest", "Sandbox", "SandboxOptions"]
