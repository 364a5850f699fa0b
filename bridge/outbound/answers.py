"""Answers: reads what a peer sends, and gets no more time or lines for it than the call has."""

import io
import socket
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import Any

from bridge.outbound.attempted import Attempted

MAX_LINES = 300  # that an answer may have in a row: of interim answers, headers, trailers; http.client knows no end


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
    """The bytes of an answer, which must have a body between not too many lines: `readline` is for all the others."""

    _lines = 0
    in_head = False

    def readline(self, size: int | None = -1, /) -> bytes:
        self._lines += 1
        if self._lines > MAX_LINES:
            raise EndlessAnswer
        line = super().readline(size)
        if self.in_head and not line.endswith(b"\n") and len(line) != size and (line or self._lines > 1):
            raise IncompleteRead(line)
        return line

    def read(self, size: int | None = -1, /) -> bytes:
        self._lines = 0
        return super().read(size)


class Whole(HTTPResponse):
    """An answer whose head came to its end: http.client takes "HTTP/1.1 200" and a closed connection for one, too."""

    fp: Lines

    def begin(self) -> None:
        self.fp.in_head = True
        super().begin()
        if self.fp is not None:  # it is where no body can follow
            self.fp.in_head = False
