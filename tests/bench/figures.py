"""Figures: lines of the table, each with its ratio per round and its goal; and what machine they were taken on."""

import os
import platform
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

HEADS = ("figure", "ours", "baseline", "ratio (median [min–max])", "goal", "met")


@dataclass(frozen=True)
class Line:
    """One row of the table."""

    figure: str
    ours: str
    baseline: str = "–"
    ratio: str = "–"
    goal: str = "–"
    met: bool | None = field(default=None)  # None: there is no goal, or nothing was measured

    def cells(self) -> tuple[str, ...]:
        return (self.figure, self.ours, self.baseline, self.ratio, self.goal, _WORDS[self.met])


_WORDS = {True: "yes", False: "NO", None: "–"}


def ratio(
    figure: str,
    ours: Sequence[float],
    baseline: Sequence[float],
    unit: str,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Line:
    """Ours against the baseline's, round by round."""
    found = [mine / other if other else float("inf") for mine, other in zip(ours, baseline, strict=True)]
    goal, met = _goal(statistics.median(found), at_least, at_most, "")
    return Line(figure, _median(ours, unit), _median(baseline, unit), _spread(found, "", "{:.2f}"), goal, met)


def value(figure: str, found: Sequence[float], unit: str, *, at_most: float | None = None) -> Line:
    """A figure that stands for itself; one for each round."""
    goal, met = _goal(statistics.median(found), None, at_most, unit)
    return Line(figure, _spread(found, unit, "{:,.1f}" if max(found) < 100 else "{:,.0f}"), goal=goal, met=met)


def skipped(figure: str, why: str) -> Line:
    return Line(figure, f"skipped: {why}")


def table(lines: Sequence[Line]) -> str:
    """The lines under their heads, in columns."""
    rows = [HEADS, *(line.cells() for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def machine(folder: Path) -> str:
    """What the figures were taken on, and how busy it was with other things."""
    load = ", ".join(f"{average:.1f}" for average in os.getloadavg())
    return (
        f"{_cpu()}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} "
        f"{platform.release()}; fdatasync of 4 KiB {_fsync_ms(folder):.2f} ms; load average before {load}"
    )


def quantile(found: Sequence[float], share: float) -> float:
    ordered = sorted(found)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def _goal(found: float, at_least: float | None, at_most: float | None, unit: str) -> tuple[str, bool | None]:
    if at_least is not None:
        return f"≥ {at_least:g}{unit}", found >= at_least
    if at_most is not None:
        return f"≤ {at_most:g}{unit}", found <= at_most
    return "–", None


def _median(found: Sequence[float], unit: str) -> str:
    middle = statistics.median(found)
    return f"{middle:,.0f}{unit}" if middle >= 100 else f"{middle:,.2f}{unit}"


def _spread(found: Sequence[float], unit: str, form: str) -> str:
    low, middle, high = (form.format(number) for number in (min(found), statistics.median(found), max(found)))
    return f"{middle}{unit} [{low}–{high}]"


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _fsync_ms(folder: Path, times: int = 100) -> float:
    took = []
    file = os.open(folder / "fsync", os.O_RDWR | os.O_CREAT)
    try:
        for _ in range(times):
            os.write(file, b"x" * 4096)
            began = time.perf_counter()
            getattr(os, "fdatasync", os.fsync)(file)
            took.append(time.perf_counter() - began)
    finally:
        os.close(file)
    return statistics.median(took) * 1000
