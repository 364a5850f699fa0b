"""Environment: the port, the clocks and the dice: nobody below asks for them."""

import os
import random
import time
from collections.abc import Mapping

from bridge.engine.clock import Clock
from bridge.errors import BridgeError

DEFAULT_PORT = 8000
GRACE_S = 20.0  # of the 30 s that a host gives between SIGTERM and SIGKILL


def port(environment: Mapping[str, str] = os.environ) -> int:
    """The port to listen on; raises BridgeError where PORT is none."""
    text = environment.get("PORT", "").strip() or str(DEFAULT_PORT)
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) < 1 << 16):
        raise BridgeError(f"PORT is {text!r}: it must be a whole number from 0 to 65535, such as {DEFAULT_PORT}")
    return int(text)


def url_at(host: str, port: int) -> str:
    """Where a server of ours listens, as a URL; `host` is an address."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def clock() -> Clock:
    boot = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Clock(
        now_ms=lambda: time.time_ns() // 1_000_000,
        boot_s=lambda: time.clock_gettime(boot),
        jitter=random.random,
    )
