"""Logging: one line an event on standard error, JSON unless a person watches.

Nothing that reaches a logger holds a whole customer id, a key or a token: values are masked where they are logged.
"""

import atexit
import logging
import queue
import sys
import threading
from contextlib import suppress
from typing import Final, TextIO

import stamina
import structlog

CAPACITY: Final = 1000
"""Lines that are kept for a reader who does not keep up; what comes then is counted only."""

FINISH_WITHIN: Final = 1.0
"""Seconds that the last lines get when the process ends."""


def configure(*, level: str = "info") -> None:
    """Set structlog up for the process; ``level`` is a name of the standard library's.

    A log that nobody takes (a pipe that is full, a journal that hangs) holds nobody up: lines are dropped, and how many
    is the next thing that is said (``log_lines_dropped``).
    """
    stamina.instrumentation.set_on_retry_hooks([])  # what is tried again is no news; what fails in the end is
    for_people = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if for_people else [structlog.processors.format_exc_info]),
            structlog.dev.ConsoleRenderer() if for_people else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=_Writer(sys.stderr)),  # type: ignore[arg-type]  # all it uses
        cache_logger_on_first_use=True,
    )


class _Writer:
    """The two methods of a file that a logger uses; the writing is done in a thread, begun with the first line."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._lines: queue.Queue[str] = queue.Queue(CAPACITY)
        self._dropped = 0
        self._thread = threading.Thread(target=self._write_on, name="log", daemon=True)
        self._starting = threading.Lock()

    def write(self, line: str) -> None:
        with self._starting:
            if self._thread.ident is None:
                atexit.register(self._finish)
                self._thread.start()
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self._dropped += 1

    def flush(self) -> None:
        """Do nothing: the thread does, after each line."""

    def _write_on(self) -> None:
        while True:
            line = self._lines.get()
            with suppress(OSError, ValueError):  # nobody reads any more
                self._file.write(line)
                self._file.flush()
            self._lines.task_done()
            if self._dropped and self._lines.empty():
                dropped, self._dropped = self._dropped, 0
                structlog.get_logger().warning("log_lines_dropped", count=dropped)

    def _finish(self) -> None:
        with self._lines.all_tasks_done:
            self._lines.all_tasks_done.wait_for(lambda: not self._lines.unfinished_tasks, timeout=FINISH_WITHIN)
