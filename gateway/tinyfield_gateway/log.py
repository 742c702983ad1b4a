"""Logs: for people on a terminal, ``key=value`` for a journal. Always on stderr."""

from __future__ import annotations

import logging
import sys

import structlog


def setup(verbose: bool = False) -> None:
    """Set the log's level and its form."""
    level = logging.DEBUG if verbose else logging.INFO
    renderer: structlog.typing.Processor
    if sys.stderr.isatty():
        renderer = structlog.dev.ConsoleRenderer()
    else:
        renderer = structlog.processors.LogfmtRenderer(
            key_order=["timestamp", "level", "event"], bool_as_flag=False
        )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    # The libraries' own chatter: only what went wrong, and of the broker nothing, since it logs
    # a traceback for every client that hangs up.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    for name in ("amqtt", "transitions"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def get(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger whose lines say which room they come from."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(room=name)
    return logger
