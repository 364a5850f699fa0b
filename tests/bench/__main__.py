"""`python -m tests.bench [--quick] [--only NAME]`: takes the figures and prints one table. Fails only if it breaks."""

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tests.bench import accept, crm, deliver, depth, disk, held, latency, mapping, verify
from tests.bench.figures import Line, machine, table
from tests.bench.running import Bench

BENCHES: dict[str, Callable[[Bench], list[Line]]] = {
    "accept": accept.lines,
    "latency": latency.lines,
    "flood": deliver.flood,
    "cpu": deliver.cpu,
    "verify": verify.lines,
    "disk": disk.lines,
    "depth": depth.lines,
    "held": held.lines,
    "mapping": mapping.lines,
    "crm": crm.lines,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter runs, fewer rows")
    parser.add_argument("--only", choices=BENCHES, action="append", help="this one only; may be repeated")
    given = parser.parse_args()
    lines: list[Line] = []
    broken = 0
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        print(machine(Path(folder)), flush=True)
        for name in given.only or BENCHES:
            began = time.monotonic()
            try:
                lines += _taken(BENCHES[name], Path(folder), quick=given.quick)
            except Exception:  # noqa: BLE001  the other figures are worth having
                traceback.print_exc()
                broken += 1
            print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print(table(lines))
    return 1 if broken else 0


def _taken(measure: Callable[[Bench], list[Line]], folder: Path, *, quick: bool) -> list[Line]:
    with ExitStack() as stack:
        return measure(Bench(quick, folder, stack))


if __name__ == "__main__":
    sys.exit(main())
