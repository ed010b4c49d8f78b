"""``webhook_scanner_daemon``, telling when each step began instead of labels: nanoseconds since the first one.

The steps are the program's own functions, each noted the first time it is called for a scan.
"""

import asyncio
import os
import time
from functools import wraps
from typing import Any

from benchmarks.subjects import webhook_scanner_daemon
from scanner_daemon.displays import http_post, webhook
from scanner_daemon.displays.delivery import Delivery
from scanner_daemon.event_loop import new_event_loop
from scanner_daemon.lane import Lane
from scanner_daemon.pipeline import Pipeline

STEPS = (
    (Lane, "_take", "the label is in the lane"),
    (Pipeline, "process", "pipeline"),
    (Lane, "_head", "id and time of the event"),
    (Lane, "publish", "into the mailboxes"),
    (webhook.Webhook, "tell", "the listener, in its own task"),
    (webhook.Webhook, "_headers", "JSON is made, signature"),
    (http_post.HttpPost, "post", "signed, request"),
    (Delivery, "_start", "sent"),  # and a task waits for the answer
)
begun: dict[str, int] = {}


def main() -> None:
    for owner, name, step in STEPS:
        noted(owner, name, step)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(webhook_scanner_daemon.main())


def noted(owner: Any, name: str, step: str) -> None:
    """Have calls of a function note their step; the last step tells of all."""
    function = getattr(owner, name)

    @wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        begun.setdefault(step, time.monotonic_ns())
        if step == STEPS[-1][2]:
            first = min(begun.values())
            lines = [b"0 %d %s\n" % (at - first, word.encode()) for word, at in begun.items()]
            os.write(1, b"".join(lines))
            begun.clear()
        return function(*args, **options)

    setattr(owner, name, call)


if __name__ == "__main__":
    main()
