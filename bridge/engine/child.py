"""Child: a process of the bridge's own. A terminal's ctrl-C goes to all processes of a command at once, and is meant
for the first: it ends the others in its own order.
"""

import signal
import subprocess
from collections.abc import Sequence
from signal import SIGINT, Signals
from typing import Any


def start(command: Sequence[str], *, deaf_to: Sequence[Signals] = (SIGINT,), **options: Any) -> subprocess.Popen[bytes]:
    """As `Popen`; the process never gets these signals, not even while Python is still starting in it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, deaf_to)  # of this thread; the process inherits it
    try:
        return subprocess.Popen(command, **options)  # noqa: S603
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
