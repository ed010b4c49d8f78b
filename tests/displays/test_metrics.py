from collections.abc import Mapping
from typing import TYPE_CHECKING

from scanner_daemon.displays.metrics import Metrics
from scanner_daemon.model import LaneEvent, RejectReason
from tests.serving import new_server, running

if TYPE_CHECKING:
    from tests.displays.conftest import Events


async def scraped(metrics: Metrics, *events: LaneEvent) -> dict[str, float]:
    """Tell ``events``, and return what Prometheus would read."""
    server = new_server()
    server.routes += metrics.routes
    for event in events:
        await metrics.tell(event)
    async with running(server) as client:
        response = await client.get("/metrics")
        assert (await client.get("/metrics", headers={"Authorization": ""})).status_code == 401
    assert response.headers["content-type"].startswith("text/plain; version=")
    assert "0412345678901" not in response.text
    lines = [line for line in response.text.splitlines() if not line.startswith("#")]
    read = {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}
    return {name.removeprefix("scanner_daemon_"): value for name, value in read.items() if "_created" not in name}


def of(read: Mapping[str, float], name: str) -> dict[str, float]:
    """Return the values of one metric by their labels."""
    return {key.removeprefix(name).strip("{}"): value for key, value in read.items() if key.partition("{")[0] == name}


async def test_scans_are_counted_once_by_what_became_of_them(events: "Events") -> None:
    read = await scraped(
        Metrics(),
        events.accepted(1),
        events.rejected(1, reason=RejectReason.UNKNOWN_CUSTOMER),
        events.passed_through(2),
        events.passed_through(3),
        events.rejected(4, reason=RejectReason.CHECK_DIGIT),
        events.discarded(5),
    )
    assert of(read, "scans_total") == {
        'outcome="accepted",scanner="counter"': 1,
        'outcome="passed_through",scanner="counter"': 2,
        'outcome="rejected",scanner="counter"': 1,
        'outcome="torn",scanner="counter"': 1,
    }
    assert of(read, "scans_rejected_total") == {'reason="check_digit",scanner="counter"': 1}
    assert of(read, "scans_torn_total") == {'reason="idle_gap",scanner="counter"': 1}


async def test_look_ups_are_counted_and_timed(events: "Events") -> None:
    read = await scraped(
        Metrics(),
        *(events.accepted(number) for number in range(1, 6)),
        events.member(1),
        events.member(2, created=True),
        events.member(3, stale=True),
        events.failed(4),
        events.rejected(5, reason=RejectReason.UNKNOWN_CUSTOMER),
        events.member(5, created=True),  # enrolled later: its look-up has been answered
    )
    assert of(read, "lookups_total") == {
        'outcome="member"': 1,
        'outcome="new_member"': 1,
        'outcome="last_known"': 1,
        'outcome="unavailable"': 1,
        'outcome="unknown"': 1,
    }
    assert read["lookup_seconds_count"] == 5
    assert 0 < read["lookup_seconds_sum"] < 5


async def test_scanners_are_up_or_not(events: "Events") -> None:
    metrics = Metrics()
    assert of(await scraped(metrics, events.online()), "scanner_up") == {'scanner="counter"': 1}
    assert of(await scraped(metrics, events.offline()), "scanner_up") == {'scanner="counter"': 0}


async def test_what_is_asked_for_at_the_moment() -> None:
    async def outbox() -> Mapping[str, int]:
        return {"waiting": 3, "refused": 1}

    read = await scraped(Metrics(breaker=lambda: "half_open", outbox=outbox))
    assert of(read, "breaker") == {
        'scanner_daemon_breaker="closed"': 0,
        'scanner_daemon_breaker="half_open"': 1,
        'scanner_daemon_breaker="open"': 0,
    }
    assert of(read, "outbox") == {'state="waiting"': 3, 'state="refused"': 1}


async def test_look_ups_that_are_never_answered_are_forgotten(events: "Events") -> None:
    metrics = Metrics()
    for number in range(5000):
        await metrics.tell(events.accepted(number))
    assert len(metrics._asked) == 1000  # nothing outside shows what is remembered
