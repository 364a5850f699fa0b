"""Clock: the times and the chance that `wiring` hands to the engine."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    now_ms: Callable[[], int]  # wall clock, since 1970 UTC
    boot_s: Callable[[], float]  # rises steadily, also while the machine sleeps; for waits and ages
    jitter: Callable[[], float]  # in [0, 1)
