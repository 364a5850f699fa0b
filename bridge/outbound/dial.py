"""Dial: a socket to an address that was vetted. Names are looked up here, and nowhere else."""

import socket
from typing import Any

from bridge.core.addresses import vet
from bridge.outbound.attempted import Attempted


def dial(host: str, port: int, *, call: Attempted) -> socket.socket:
    """A socket connected to a vetted address itself: what DNS says a moment later cannot matter any more."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if not call.door.allow_private_addresses:
        vet(str(address[0]) for *_, address in found)
    clock = call.door.clock
    until_s = clock() + min(call.door.connect_s, call.rest_s())
    failed = OSError("no address")
    for tried, (*kind, _, address) in enumerate(found):
        share_s = (until_s - clock()) / (len(found) - tried)  # so that a dead first address leaves time for the next
        try:
            sock = _connected(kind, address, timeout_s=share_s)
            sock.settimeout(max(until_s - clock(), 0.001))  # what is left for the TLS handshake
            return sock
        except OSError as error:
            failed = error
    raise failed


def _connected(kind: list[Any], address: Any, *, timeout_s: float) -> socket.socket:
    sock = socket.socket(*kind)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(max(timeout_s, 0.001))
        sock.connect(address)
    except OSError:
        sock.close()
        raise
    return sock
