"""Listening: where a server of ours listens: what --host and --port say, and whether that can be."""

import errno
import random
import socket
import time

import click

from bridge import log as logs
from bridge.wiring import environment

log = logs.logger("serve")

_ADVICE = {
    errno.EADDRNOTAVAIL: "this machine has no such address: --host 0.0.0.0 is all of its own, 127.0.0.1 itself alone",
    errno.EACCES: "ports below 1024 are not for every user: choose another with --port, or PORT",
}


def _address(_: click.Context, __: click.Parameter, value: str) -> str:
    """The address that a name stands for, its IPv4 one if it has any."""
    try:
        found = socket.getaddrinfo(value, None, type=socket.SOCK_STREAM) if value else []
    except (OSError, UnicodeError):
        found = []
    addresses = sorted([str(place[0]) for *_, place in found], key=_is_ipv6)
    if not addresses:
        raise click.BadParameter(f"{value!r} is no address: 0.0.0.0 is all of this machine's, 127.0.0.1 itself alone")
    return addresses[0]


host_option = click.option(
    "--host",
    default="0.0.0.0",  # noqa: S104
    callback=_address,
    metavar="ADDRESS",
    show_default=True,
    help="Address to listen on.",
)
port_option = click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; else PORT, else 8000.")


def port_for(host: str, port: int | None) -> int:
    """The port that was given, else the environment's; for 0 any free one. Raises ClickException where nobody may
    listen there; somebody else may do so already.
    """
    at = environment.port() if port is None else port
    error = _refusal(host, at)
    if error and error.errno != errno.EADDRINUSE:
        advice = _ADVICE.get(error.errno or 0, "choose another --host or --port")
        raise click.ClickException(f"cannot listen on {environment.url_at(host, at)}: {error.strerror}: {advice}")
    return at or free_port(host)


def free_port(host: str) -> int:
    """A port that nobody listens on; below those that systems give to whoever asks, as another might before we listen.

    Raises OSError where there is none.
    """
    for port in random.sample(range(20_000, 32_768), 20):
        if not _refusal(host, port):
            return port
    with socket.socket(_family(host)) as found:
        found.bind((host, 0))
        return int(found.getsockname()[1])


def wait_for_port(host: str, port: int, *, patience_s: float) -> None:
    """Returns when nobody listens on the port: granian itself would share it silently. Raises ClickException where
    somebody does for longer than the patience.
    """
    until_s = time.monotonic() + patience_s
    if _refusal(host, port):
        log.warning("port in use, waiting", port=port, up_to_s=patience_s)
    while _refusal(host, port):
        if time.monotonic() > until_s:
            raise click.ClickException(f"port {port} is in use: stop what listens there, or choose another with --port")
        time.sleep(0.1)


def _refusal(host: str, port: int) -> OSError | None:
    """Why this process cannot be the one that listens there; None: it can."""
    try:
        with socket.socket(_family(host)) as looking:  # which may have no IPv6 at all
            looking.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            looking.bind((host, port))
            looking.listen()
    except OSError as error:
        return error
    return None


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if _is_ipv6(host) else socket.AF_INET


def _is_ipv6(host: str) -> bool:
    return ":" in host
