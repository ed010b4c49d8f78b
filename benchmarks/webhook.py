"""How soon a webhook's handler has the label: from right before the write of the terminator's bytes to its last byte.

A wedge types into a pipe, 1 ms a key. This project sends through its whole lane, signed; barcode-server, the closest
peer, through its HTTP notifier, unsigned; the floor writes the same bytes each time to an open connection. Each is a
process of its own and so is the handler, on the same clock (``CLOCK_MONOTONIC``), which answers at once. All run during
the whole of it and are asked in turns.

Then the handler answers one request of each program badly, and the next label follows right after.
"""

import asyncio
import multiprocessing
import os
import time
from collections import deque
from contextlib import ExitStack
from multiprocessing.connection import Connection
from typing import Final

from benchmarks import report
from benchmarks.report import FLOOR, OURS, Findings, Goal, Row, ratios_in_parts
from benchmarks.scanners import keys
from benchmarks.subject import PEERS_PYTHON, Running, Subject, SubjectFailed, started

WHAT: Final = "terminator → HTTP handler"
KEY: Final = 0.001
PAUSE: Final = 0.02
PEER: Final = "barcode-server"
TIMES_FASTER: Final = 3.0
WITHIN: Final = 5.0
SLOW: Final = 2.0
"""Seconds that a slow answer takes."""

RETRIED: Final = 2.5
"""Seconds within which every program has tried again, with the settings it comes with."""

GOOD: Final = (0.0, "204 No Content")
BAD: Final = {
    f"while an answer takes {SLOW:g} s": (SLOW, "204 No Content"),
    "after HTTP 500": (0.0, "500 Internal Server Error\r\nContent-Length: 0"),
}
"""Seconds until the answer, and its status."""

SUBJECTS: Final = (
    Subject(name=FLOOR, module="benchmarks.subjects.webhook_floor"),
    Subject(name=OURS, module="benchmarks.subjects.webhook_scanner_daemon"),
    Subject(name=PEER, module="benchmarks.subjects.webhook_barcode_server", python=PEERS_PYTHON),
)


def measure(short: bool) -> Findings:
    """Return the milliseconds of every sender that is here."""
    findings = Findings(title="From the terminator to a webhook's handler on this machine")
    handler, far_end = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=handle, args=(far_end,), daemon=True)
    process.start()
    os.environ["WEBHOOK_URL"] = f"http://127.0.0.1:{handler.recv()}/"
    with ExitStack() as stack:
        running = {}
        for subject in SUBJECTS:
            try:
                running[subject.name] = stack.enter_context(started(subject, wedges=1))
            except SubjectFailed as why:
                findings.leave_out(str(why))
        times = in_turns(running, handler, scans=20 if short else 400)
        findings.rows = [Row.of_times(WHAT, taken, of=name) for name, taken in times.items()]
        findings.goals.append(goal(times))
        del running[FLOOR]
        for what, answer in BAD.items():
            times = after_bad_answers(running, handler, answer, times=1 if short else 5)
            findings.rows += [Row.of_times(f"the next label, {what}", taken, of=name) for name, taken in times.items()]
    process.kill()
    return findings


def in_turns(running: dict[str, Running], handler: Connection, *, scans: int) -> dict[str, list[float]]:
    """Return the milliseconds of each subject's scans, without the first two, which find everything cold."""
    times: dict[str, list[float]] = {name: [] for name in running}
    for number in range(scans + 2):
        for name, subject in running.items():
            sent = typed(subject.scanners[0], f"4006381{number:06}")
            times[name].append((told(name, handler, "") - sent) / 1e6)
            time.sleep(PAUSE)
    return {name: taken[2:] for name, taken in times.items()}


def after_bad_answers(
    running: dict[str, Running], handler: Connection, answer: tuple[float, str], *, times: int
) -> dict[str, list[float]]:
    """Return the milliseconds of each subject's label that comes right after one with such an ``answer``."""
    taken: dict[str, list[float]] = {name: [] for name in running}
    for number in range(times):
        for name, subject in running.items():
            handler.send(answer)
            first, second = f"4006381{number:05}1", f"4006381{number:05}2"
            typed(subject.scanners[0], first)
            told(name, handler, first)
            time.sleep(PAUSE)
            sent = typed(subject.scanners[0], second)
            taken[name].append((told(name, handler, second) - sent) / 1e6)
            time.sleep(RETRIED)
            while handler.poll():
                handler.recv()
    return taken


def told(name: str, handler: Connection, label: str) -> int:
    """Return when the handler had a request of ``name`` with ``label``, in nanoseconds."""
    while handler.poll(WITHIN):
        at, body = handler.recv()
        if label in body:
            return int(at)
    raise SystemExit(f"{name}: expected a request within {WITHIN:g} s, got none")


def typed(fd: int, label: str) -> int:
    """Type ``label`` and Enter; return the moment right before Enter was written, in nanoseconds."""
    now = 0
    for stroke in keys(label):
        time.sleep(KEY)
        now = time.monotonic_ns()
        os.write(fd, stroke.data(now))
    return now


def goal(times: dict[str, list[float]]) -> Goal:
    """Return whether we are so many times faster than the peer, in each part of the run."""
    wanted = f"{TIMES_FASTER:g} times faster than {PEER}, in each part of the run"
    if OURS not in times or PEER not in times:
        return Goal(what=WHAT, wanted=wanted, measured="not all are here", met=None)
    faster = ratios_in_parts(times[PEER], times[OURS])
    return Goal(
        what=WHAT, wanted=wanted, measured=f"{faster[0]:.2f} to {faster[-1]:.2f} times", met=faster[0] >= TIMES_FASTER
    )


def handle(line: Connection) -> None:
    """Serve HTTP/1.1; tell when each request was there."""
    asyncio.run(_handle(line))


class Handler(asyncio.Protocol):
    """Answers a request as soon as its last byte is there, the next ones as ``answers`` say."""

    def __init__(self, line: Connection, answers: deque[tuple[float, str]]) -> None:
        self._line = line
        self._answers = answers
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102  asyncio's own
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  for mypy
        self._transport = transport

    def data_received(self, data: bytes) -> None:  # noqa: D102  same
        at = time.monotonic_ns()
        self._received += data
        head, _, body = self._received.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if length and len(body) >= int(length):
            self._received = b""
            self._line.send((at, body.decode()))
            delay, status = self._answers.popleft() if self._answers else GOOD
            answer = f"HTTP/1.1 {status}\r\n\r\n"
            asyncio.get_running_loop().call_later(delay, self._transport.write, answer.encode())


async def _handle(line: Connection) -> None:
    answers = deque[tuple[float, str]]()
    server = await asyncio.get_running_loop().create_server(lambda: Handler(line, answers), "127.0.0.1")
    line.send(server.sockets[0].getsockname()[1])
    asyncio.get_running_loop().add_reader(line.fileno(), lambda: answers.append(line.recv()))
    await server.serve_forever()


if __name__ == "__main__":
    report.alone(measure)
