"""Report: what came of one campaign."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

SHOWN = 20


@dataclass
class Report:
    """`what` tells what happened; `broken` names every promise that was not kept."""

    name: str
    what: str = ""
    kept: int = 0  # how many promises there were to keep
    took_s: float = 0.0
    broken: list[str] = field(default_factory=list)

    def tell(self, remains: Path | None = None) -> int:
        """Prints it; gives 1 where a promise was broken. `remains`: where the database, the log and the ledger are."""
        verdict = "as promised" if not self.broken else f"{len(self.broken)} PROMISES BROKEN"
        print(f"{self.name:30} {self.what}, {self.took_s:.0f} s: {verdict}", flush=True)
        for line in self.broken[:SHOWN]:
            print(f"    {line}", file=sys.stderr, flush=True)
        if self.broken and remains:
            print(f"    look into {remains}", file=sys.stderr, flush=True)
        return bool(self.broken)
