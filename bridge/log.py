"""Logs: one JSON object a line on stderr, or a readable line on a terminal. Ids, states and durations only:
never a body, a token, a name or an address of a visitor. A line that cannot be written is lost, and nothing else is.

Written by hand: the libraries for it cost every process and every command 0.1 s before its first line.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TextIO

from bridge.errors import BridgeError

LEVELS = ("debug", "info", "warning", "error")
_STYLE = re.compile(r"\x1b\[\d*m")
_COLOURS = {"debug": 2, "info": 32, "warning": 33, "error": 31}  # ANSI


class Logger:
    """Writes one area's lines: `log.info("delivered", delivery=17, took_s=0.2)`. Thread-safe; never raises for a line
    that cannot be written.
    """

    def __init__(self, area: str) -> None:
        self._area = area

    def debug(self, event: str, **facts: Any) -> None:
        _write("debug", event, {"area": self._area} | facts)

    def info(self, event: str, **facts: Any) -> None:
        _write("info", event, {"area": self._area} | facts)

    def warning(self, event: str, **facts: Any) -> None:
        _write("warning", event, {"area": self._area} | facts)

    def error(self, event: str, *, raised: BaseException | None = None, **facts: Any) -> None:
        """`raised`: told with its traceback."""
        if raised is not None:
            facts["exception"] = "".join(traceback.format_exception(raised)).rstrip()
        _write("error", event, {"area": self._area} | facts)


@dataclass(frozen=True, slots=True)
class _Lines:
    """How this process's lines look, where they go, and from which level on."""

    form: Callable[[dict[str, Any]], str]
    file: TextIO | None  # None: the standard error of the moment
    least: int


def setup(*, terminal: bool, level: str = "", coloured: bool = True) -> None:
    """How every logger of this process writes from now on, to the standard error as it is now; client libraries only
    warn. Raises BridgeError for an unknown level.
    """
    global _lines
    level = level.strip().lower() or "info"
    if level not in LEVELS:
        raise BridgeError(f"BRIDGE_LOG is {level!r}: it must be one of {', '.join(LEVELS)}")
    form = (_for_people if coloured else _plain) if terminal else _as_json
    _lines = _Lines(form, sys.stderr, LEVELS.index(level))
    for name in ("urllib3", "zeep", "simple_salesforce", "hubspot", "alembic", "werkzeug", "requests"):
        logging.getLogger(name).setLevel(logging.WARNING)


def logger(area: str) -> Logger:
    """The logger of one area: `log = logger("worker")`."""
    return Logger(area)


def _write(level: str, event: str, facts: dict[str, Any]) -> None:
    """Whoever logs never learns that the disk is full, or that nobody reads the pipe any more: that is no reason to
    refuse a lead.
    """
    if LEVELS.index(level) < _lines.least:
        return
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    line = _lines.form(facts | {"event": event, "level": level, "at": at})
    file = _lines.file or sys.stderr
    try:
        file.write(f"{line}\n")  # whole, so that threads do not cut each other's
        file.flush()
    except (OSError, ValueError):  # ValueError: the file is closed
        pass


def _as_json(line: dict[str, Any]) -> str:
    return json.dumps(line, default=repr)


def _for_people(line: dict[str, Any]) -> str:
    """Time, level, what happened, and the facts; a traceback below. No character that a terminal would obey."""
    event, level, at = line.pop("event"), line.pop("level"), line.pop("at")
    exception = line.pop("exception", "")
    facts = " ".join(f"{name}={_fact(value)}" for name, value in line.items())
    trace = "".join(f"\n{printable(part)}" for part in exception.splitlines())
    return f"{at[11:19]} \x1b[{_COLOURS[level]}m{level:7}\x1b[0m \x1b[1m{event:32}\x1b[0m {facts}{trace}"


def _plain(line: dict[str, Any]) -> str:
    return _STYLE.sub("", _for_people(line))


def _fact(value: Any) -> str:
    return value if isinstance(value, str) and value.isprintable() and " " not in value else repr(value)


def printable(text: str) -> str:
    """The text with each character that a terminal would obey, hide or break the line at as its escape."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


_lines = _Lines(_for_people, None, LEVELS.index("info"))  # until `setup`: whoever uses the bridge as a library
