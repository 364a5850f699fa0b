"""`python -m tests.chaos [--seed N]`: every kind of kill on both databases. Exit code 1 if a promise was broken."""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.chaos import campaign, crowd, lanes
from tests.postgres import Postgres, postgres

KINDS = ("sqlite", "postgres")
VICTIMS = ("web", "committer", "worker", "supervisor", "database")


def main() -> int:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--seed", type=int, help="repeats a run's stories, faults and kills; else a new one")
    parser.add_argument("--seconds", type=float, default=12.0, help="how long senders and killers are at work")
    parser.add_argument("--rounds", type=int, default=1, help="so many times, each with the next seed")
    parser.add_argument("--database", choices=KINDS, action="append", help="only this kind")
    parser.add_argument("--kill", choices=VICTIMS, action="append", help="only this victim")
    given = parser.parse_args()
    first = given.seed if given.seed is not None else time.time_ns() % 1_000_000
    kinds, victims = given.database or KINDS, given.kill or VICTIMS
    broken = 0
    with postgres() as server:
        for seed in range(first, first + given.rounds):
            print(f"seed {seed}", flush=True)
            broken += _round(server, kinds, victims, seed, given.seconds)
        if not given.kill:
            broken += lanes.run(seed=first, postgres=server).tell()
            broken += sum(crowd.run(kind, server).tell() for kind in kinds)
    print("everything as promised" if not broken else f"{broken} campaigns broke a promise")
    return 1 if broken else 0


def _round(server: Postgres, kinds: Sequence[str], victims: Sequence[str], seed: int, seconds: float) -> int:
    broken = 0
    for kind in kinds:
        for victim in victims:
            if (kind, victim) == ("sqlite", "database"):
                continue  # a file cannot be killed
            folder = Path(tempfile.mkdtemp(prefix=f"chaos-{kind}-{victim}-"))
            report = campaign.run(folder, kind=kind, victim=victim, seed=seed, seconds=seconds, postgres=server)
            broken += report.tell(folder)
            if not report.broken:
                shutil.rmtree(folder)
    return broken


if __name__ == "__main__":
    sys.exit(main())
