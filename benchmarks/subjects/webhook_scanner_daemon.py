"""scanner-daemon: a whole lane whose one listener is a webhook, signed as always."""

import asyncio
import gc
import os

from pydantic import SecretStr

from benchmarks.subjects import telling
from benchmarks.subjects.scanner_daemon_lane import Programme, source
from scanner_daemon import logs
from scanner_daemon.displays.webhook import Webhook
from scanner_daemon.event_loop import new_event_loop
from scanner_daemon.lane import Lane
from scanner_daemon.pipeline import DuplicateFilter, Pipeline

SECRET = SecretStr("whsec_YmVuY2htYXJrLWJlbmNobWFyay1iZW5jaG1hcms=")


async def main() -> None:
    logs.configure(level="error")
    webhook = Webhook(url=os.environ["WEBHOOK_URL"], secret=SECRET, events=("scan_passed_through",))
    lane = Lane(
        name="bench",
        sources=[source("0", telling.scanners()[0])],
        pipeline=Pipeline(cards=[], duplicates=DuplicateFilter(2.0)),
        loyalty=Programme(),
        listeners={"webhook": webhook},
        services={"webhook": webhook},
    )
    asyncio.get_running_loop().add_reader(0, os._exit, 0)
    async with asyncio.TaskGroup() as group:
        group.create_task(lane.run())
        await lane.ready.wait()
        gc.freeze()  # as ``scanner-daemon run`` does
        telling.ready()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_event_loop) as runner:  # as ``scanner-daemon run`` does
        runner.run(main())
