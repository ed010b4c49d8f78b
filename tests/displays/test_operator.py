from collections.abc import Mapping
from typing import TYPE_CHECKING

from scanner_daemon.displays.operator import Operator
from tests.serving import new_server, running

if TYPE_CHECKING:
    from tests.displays.conftest import Events


async def page(operator: Operator) -> str:
    server = new_server()
    server.routes += operator.routes
    async with running(server) as client:
        assert (await client.get("/operator", headers={"Authorization": ""})).status_code == 401
        response = await client.get("/operator")
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "style=" not in response.text, "the policy allows no style but the one it names"
    return response.text


async def test_the_last_hour_and_how_the_parts_are(events: "Events") -> None:
    async def outbox() -> Mapping[str, int]:
        return {"waiting": 3, "refused": 0}

    operator = Operator(lane="lane-1", breaker=lambda: "open", outbox=outbox)
    for event in (events.online(), events.member(1), events.passed_through(2), events.passed_through(3)):
        await operator.tell(event)
    shown = await page(operator)
    assert "<title>0 minutes ago: 2 for the till, 1 members shown</title>" in shown
    assert "<tr><th>counter</th><td>online</td></tr>" in shown
    assert "does not answer; last known balances are shown" in shown
    assert "3 waiting, 0 refused" in shown
    assert "0412345678901" not in shown


async def test_what_a_device_calls_itself_is_text(events: "Events") -> None:
    operator = Operator(lane="lane-1")
    await operator.tell(events.offline("<script>alert(1)</script>{lane}"))
    shown = await page(operator)
    assert "<script" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{lane}" in shown
