"""Answers: reads what a peer sends, up to its final answer, and takes no more time or lines for it than a call has."""

import io
import socket
from http.client import CONTINUE, SWITCHING_PROTOCOLS, HTTPException, HTTPResponse, IncompleteRead
from typing import Any

from bridge.outbound.attempted import Attempted

MAX_LINES_BYTES = 1 << 20  # in a row: of interim answers, headers, trailers; http.client knows no end of them


class Reader(io.RawIOBase):
    """A socket's bytes; each read gets only the time that is left, so that no dripping server outlives the deadline."""

    def __init__(self, sock: socket.socket, call: Attempted) -> None:
        self._sock = sock
        self._call = call
        self._raw = sock.makefile("rb", buffering=0)

    def makefile(self, _mode: str) -> io.BufferedReader:  # what `HTTPResponse` asks of a socket
        return Lines(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._call.rest_s())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class EndlessAnswer(HTTPException):
    """The peer sends line after line and no body."""


class Lines(io.BufferedReader):
    """The bytes of an answer, which must have a body between lines that are not too long altogether: `readline` is for
    all the others.
    """

    _lines_bytes = 0
    in_head = False

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if self.in_head and not line.endswith(b"\n") and len(line) != size and (line or self._lines_bytes):
            raise IncompleteRead(line)
        self._lines_bytes += len(line)
        if self._lines_bytes > MAX_LINES_BYTES:
            raise EndlessAnswer
        return line

    def read(self, size: int | None = -1, /) -> bytes:
        self._lines_bytes = 0
        return super().read(size)


class Whole(HTTPResponse):
    """The final answer, whose head came to its end: http.client takes 103, which says that it is still to come, for the
    answer itself, and "HTTP/1.1 200" and a closed connection, too.
    """

    fp: Lines

    def begin(self) -> None:
        self.fp.in_head = True
        super().begin()
        if self.fp is not None:  # it is where no body can follow
            self.fp.in_head = False

    def _read_status(self) -> tuple[str, int, str]:
        """An interim status (RFC 9110 §15.2) as 100, whose head http.client skips; not 101: what follows is no HTTP."""
        version, status, reason = super()._read_status()  # type: ignore[misc]
        interim = status < 200 and status != SWITCHING_PROTOCOLS
        return version, CONTINUE if interim else status, reason
