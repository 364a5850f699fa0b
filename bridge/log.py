"""Logs: one JSON object a line on stderr, or a readable line on a terminal. Ids, states and durations only:
never a body, a token, a name or an address of a visitor. A line that cannot be written is lost, and nothing else is.
"""

import logging
import sys
from typing import Any, TextIO

import structlog

from bridge.errors import BridgeError

LEVELS = ("debug", "info", "warning", "error")


def setup(*, terminal: bool, level: str = "") -> None:
    """Makes every logger of this process write through structlog; client libraries only warn. Raises BridgeError for an
    unknown level.
    """
    level = level.strip().lower() or "info"
    if level not in LEVELS:
        raise BridgeError(f"BRIDGE_LOG is {level!r}: it must be one of {', '.join(LEVELS)}")
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    last: Any = structlog.processors.JSONRenderer()
    if terminal:  # a traceback with its variables would show leads and tokens
        last = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, last] if not terminal else [*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=_Stderr(sys.stderr)),  # type: ignore[arg-type]
        cache_logger_on_first_use=True,
    )
    for name in ("urllib3", "zeep", "simple_salesforce", "hubspot", "alembic", "werkzeug", "requests"):
        logging.getLogger(name).setLevel(logging.WARNING)


def logger(area: str) -> structlog.typing.FilteringBoundLogger:
    """The logger of one area: `log = logger("worker")`, then `log.info("delivered", delivery=17, took_s=0.2)`."""
    found: structlog.typing.FilteringBoundLogger = structlog.get_logger(area=area)
    return found


class _Stderr:
    """The standard error. Whoever logs never learns that the disk is full, or that nobody reads the pipe any more: that
    is no reason to refuse a lead.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        try:
            self._file.write(text)
        except (OSError, ValueError):  # ValueError: the file is closed
            pass

    def flush(self) -> None:
        try:
            self._file.flush()
        except (OSError, ValueError):
            pass
