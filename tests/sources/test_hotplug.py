import asyncio

from scanner_daemon.sources.hotplug import HotPlug


async def test_where_nothing_is_heard_only_time_passes() -> None:
    loop = asyncio.get_running_loop()
    start = loop.time()

    await HotPlug().changed(timeout=0.05)

    assert 0.05 <= loop.time() - start < 5


async def test_it_can_be_entered_where_udev_is_and_where_it_is_not() -> None:
    async with HotPlug() as hotplug:
        await hotplug.changed(timeout=0.01)
