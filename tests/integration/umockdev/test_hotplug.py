from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from scanner_daemon.sources.hotplug import HotPlug

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.umockdev.conftest import Testbed, Wedge


async def seconds_until_changed(hotplug: HotPlug, *, longest: float) -> float:
    loop = asyncio.get_running_loop()
    start = loop.time()
    await hotplug.changed(timeout=longest)
    return loop.time() - start


async def test_all_who_wait_wake_when_a_device_is_plugged_in(plug_in: Callable[..., Wedge]) -> None:
    async with HotPlug() as hotplug:
        waiting = [asyncio.create_task(seconds_until_changed(hotplug, longest=30)) for _ in range(3)]
        await asyncio.sleep(0)
        plug_in(number=1)

        assert max(await asyncio.gather(*waiting)) < 5


async def test_other_permissions_are_news(plug_in: Callable[..., Wedge], testbed: Testbed) -> None:
    wedge = plug_in(number=1)
    async with HotPlug() as hotplug:
        waiting = asyncio.create_task(seconds_until_changed(hotplug, longest=30))
        await asyncio.sleep(0)
        testbed.uevent(wedge.sysfs_path, "change")

        assert await waiting < 5


async def test_what_happened_just_before_the_wait_is_not_missed(plug_in: Callable[..., Wedge]) -> None:
    async with HotPlug() as hotplug:
        plug_in(number=1)

        assert await seconds_until_changed(hotplug, longest=30) < 5


async def test_what_was_told_is_not_told_again(plug_in: Callable[..., Wedge]) -> None:
    async with HotPlug() as hotplug:
        plug_in(number=1)
        await hotplug.changed(timeout=30)

        assert await seconds_until_changed(hotplug, longest=0.1) >= 0.1


async def test_a_device_that_nothing_can_be_read_from_is_no_news(testbed: Testbed) -> None:
    async with HotPlug() as hotplug:
        testbed.add("P: /devices/virtual/input/input9\nE: SUBSYSTEM=input\n")
        testbed.add("P: /devices/virtual/mem/null\nN: null\nE: DEVNAME=/dev/null\nE: SUBSYSTEM=mem\n")

        assert await seconds_until_changed(hotplug, longest=0.1) >= 0.1
