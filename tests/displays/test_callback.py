from typing import TYPE_CHECKING

import pytest

from scanner_daemon.displays.callback import Callback
from scanner_daemon.model import MemberIdentified

if TYPE_CHECKING:
    from tests.displays.conftest import Events


async def test_a_function_hears_the_events_it_asked_for(events: "Events") -> None:
    heard: list[MemberIdentified] = []

    async def hear(event: MemberIdentified) -> None:
        heard.append(event)

    callback = Callback(of=MemberIdentified, function=hear)
    member = events.member(2)
    for event in (events.accepted(1), member, events.failed(3)):
        await callback.tell(event)

    assert heard == [member]


async def test_what_it_raises_is_not_swallowed(events: "Events") -> None:
    async def fail(_: MemberIdentified) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await Callback(of=MemberIdentified, function=fail).tell(events.member(1))
