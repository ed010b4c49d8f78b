"""Logging: one line an event on standard error, JSON unless a person watches.

Nothing that reaches a logger holds a whole customer id, a key or a token: values are masked where they are logged.
"""

import logging
import sys

import stamina
import structlog


def configure(*, level: str = "info") -> None:
    """Set structlog up for the process; ``level`` is a name of the standard library's."""
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
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
