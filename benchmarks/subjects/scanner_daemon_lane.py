"""scanner-daemon: a whole lane as the daemon runs it, with the settings it has by default.

From the read through decoder, pipeline, look-up and fan-out to a listener. The label told is a product's, which is all
that peers know, or the customer id of a member that was identified. The look-up's answer is there at once; what a real
one takes is measured elsewhere. A serial port is read by its own source. A pipe cannot be found,
opened or grabbed like an input device: only that is left out.
"""

import asyncio
import gc
from dataclasses import dataclass
from datetime import UTC, datetime

from benchmarks.subjects import telling
from scanner_daemon import logs
from scanner_daemon.decoding.layouts import LAYOUTS
from scanner_daemon.decoding.wedge import WedgeDecoder
from scanner_daemon.decoding.wedge_events import WedgeEvents
from scanner_daemon.event_loop import new_event_loop
from scanner_daemon.lane import Lane
from scanner_daemon.model import Claimed, LaneEvent, Member, MemberIdentified, ScanPassedThrough
from scanner_daemon.pipeline import DuplicateFilter, Pipeline
from scanner_daemon.pipeline.cards import PatternCard
from scanner_daemon.pipeline.check_digits import CheckDigit
from scanner_daemon.ports import Deliver, ScannerSource
from scanner_daemon.sources.reading import read_until_gone
from scanner_daemon.sources.serial_port import SerialPort


@dataclass(frozen=True, slots=True, kw_only=True)
class PipedWedge:
    """A keyboard wedge whose events come through a pipe, stamped with ``CLOCK_MONOTONIC``."""

    name: str
    fd: int

    async def read(self, deliver: Deliver) -> None:
        """See :class:`scanner_daemon.ports.ScannerSource`."""
        deliver(Claimed(scanner=self.name, device=f"pipe:{self.fd}", at=asyncio.get_running_loop().time()))
        decoder = WedgeDecoder(scanner=self.name, layout=LAYOUTS["us"])
        await read_until_gone(self.fd, WedgeEvents(decoder, kernel_time=True), deliver)


class Programme:
    """Knows everybody, at once."""

    async def get_or_create(self, customer_id: str) -> Member | None:
        """See :class:`scanner_daemon.ports.LoyaltyProgram`."""
        return Member(customer_id=customer_id, created=False, balance=None, as_of=datetime.now(UTC))


class Callback:
    """Tells each product, and the customer id of each member. A scanner's name is its index."""

    async def tell(self, event: LaneEvent) -> None:
        """See :class:`scanner_daemon.ports.LaneListener`."""
        if isinstance(event, MemberIdentified):
            telling.tell(int(event.scanner), event.member.customer_id)
        elif isinstance(event, ScanPassedThrough):
            telling.tell(int(event.scanner), event.label)


async def main() -> None:
    logs.configure(level="error")
    lane = Lane(
        name="bench",
        sources=[source(str(index), scanner) for index, scanner in enumerate(telling.scanners())],
        pipeline=Pipeline(
            cards=[PatternCard(name="plastic", pattern=r"04\d{11}", check_digit=CheckDigit.EAN)],
            duplicates=DuplicateFilter(2.0),
        ),
        loyalty=Programme(),
        listeners={"callback": Callback()},
    )
    asyncio.get_running_loop().add_reader(0, lane.stop)
    async with asyncio.TaskGroup() as group:
        group.create_task(lane.run())
        await lane.ready.wait()
        gc.freeze()  # as ``scanner-daemon run`` does
        telling.ready()


def source(name: str, scanner: str) -> ScannerSource:
    if scanner.isdigit():
        return PipedWedge(name=name, fd=int(scanner))
    return SerialPort(name=name, port=scanner)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_event_loop) as runner:  # as ``scanner-daemon run`` does
        runner.run(main())
