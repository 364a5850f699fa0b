"""demo: the main job on this machine, from nothing: a real bridge, a real inbox, real HTTP, nothing kept.

What stands in the last column is read from the inbox's own ledger, not from the bridge.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import requests
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bridge.cli.samples import TESTED, Sample, demo_samples, other_visitor
from bridge.cli.supervise import free_port
from bridge.core.signature import HEADER, sign
from bridge.sandbox.inbox import Inbox
from bridge.store import look
from bridge.store.codec import Codec
from bridge.store.database import Database

KEY = b"the-demo's-signing-key"
PATIENCE_S = 30.0
CONFIG = """\
version: 1
sources:
  smarterbot:
    preset: newoaks
    signing_keys: ["${DEMO_SIGNING_KEY}"]
targets:
  inbox:
    connector: http
    settings: {url: "%s/leads", allow_private_addresses: true}
    delivery: {timeout: 2s, retry: [400ms, 800ms, 2s, 5s]}
"""


@dataclass
class _Line:
    """One sample and what became of it."""

    sample: Sample
    status: int | None = None
    answer: str = ""
    way: str = ""
    rests: bool = False
    stored: int = 0
    arrived: int | None = None  # requests at the target; None until counted

    @property
    def kept(self) -> bool:
        """Whether it is as promised."""
        answered = self.status == self.sample.status and self.answer.startswith(self.sample.answer)
        return answered and self.stored == self.sample.new


@click.command()
@click.option("--exit", "end", is_flag=True, help="End when the table is drawn, also on a terminal.")
def demo(end: bool) -> None:  # noqa: FBT001
    """Watch the main job: ten requests in, five records at the target, each once, whatever happens on the way."""
    console = Console()
    with tempfile.TemporaryDirectory(prefix="bridge-demo-") as folder, Inbox() as inbox:
        url = f"http://127.0.0.1:{free_port('127.0.0.1')}"
        console.print(f"A bridge at [b]{url}[/b], an inbox at [b]{inbox.url}[/b], a SQLite file in {folder}")
        with _bridge(Path(folder), inbox.url, url) as log:
            lines = [_Line(sample) for sample in demo_samples()]
            _follow(console, lines, lambda redraw: _run(lines, url, inbox, f"sqlite:///{folder}/bridge.db", redraw))
            _count(lines, inbox)
            console.print(_table(lines))
            kept = _verdict(console, lines, inbox, log)
            if kept and not end and sys.stdout.isatty():
                _stay(console, url, inbox.url)
    sys.exit(0 if kept else 1)


def _follow(console: Console, lines: list[_Line], run: Callable[[Callable[[], None]], None]) -> None:
    """Draws each one's way as it happens: as a table where that fits the screen, else line by line."""
    height = len(console.render_lines(_table(lines))) + 2 * len(lines)  # ways that are longer than one row
    if console.is_terminal and height < console.height:
        with Live(_table(lines), console=console, refresh_per_second=12, transient=True) as live:
            run(lambda: live.update(_table(lines)))
        return
    told: set[str] = set()

    def redraw() -> None:
        for line in lines:
            if line.rests and line.sample.name not in told:
                told.add(line.sample.name)
                console.print(Text(f"{line.sample.name}: {line.status} {_words(line.answer)}; {line.way}"))

    run(redraw)
    redraw()


@contextmanager
def _bridge(folder: Path, inbox_url: str, url: str) -> Iterator[Path]:
    """`bridge serve` on the demo's configuration, ready; stopped at the end."""
    (folder / "config.yaml").write_text(CONFIG % inbox_url)
    environment = os.environ | {
        "BRIDGE_CONFIG": str(folder / "config.yaml"),
        "DATABASE_URL": f"sqlite:///{folder}/bridge.db",
        "DEMO_SIGNING_KEY": KEY.decode(),
        "BRIDGE_ALLOW_EPHEMERAL_SQLITE": "1",  # nothing is kept, and that is meant
    }
    command = [sys.executable, "-m", "bridge", "serve", "--host", "127.0.0.1", "--port", url.rpartition(":")[2]]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: S603
    try:
        _wait_ready(url, process, folder / "log")
        yield folder / "log"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=40)


def _wait_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        try:
            if requests.get(f"{url}/readyz", timeout=1).ok:
                return
        except requests.RequestException:
            time.sleep(0.05)
    raise click.ClickException(f"the bridge did not start:\n{log.read_text()}")


def _run(lines: list[_Line], url: str, inbox: Inbox, database_url: str, redraw: Callable[[], None]) -> None:
    database = Database(database_url)
    try:
        for line in lines:
            _send(line, url, inbox, database, redraw)
    finally:
        database.close()


def _send(line: _Line, url: str, inbox: Inbox, database: Database, redraw: Callable[[], None]) -> None:
    """Sends the sample and follows its way until it is at rest."""
    sample = line.sample
    if sample.fault:
        inbox.add_fault(**sample.fault)
    before = _last_event(database)
    headers = {HEADER: signature(sample), "Content-Type": "application/json"}
    answer = requests.post(f"{url}/webhooks/smarterbot", data=sample.body, headers=headers, timeout=10)
    line.status, line.answer = answer.status_code, answer.text
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        line.way, line.rests = _way(line, database, before)
        redraw()
        if line.rests:
            return
        time.sleep(0.05)


def signature(sample: Sample) -> str:
    key = b"somebody else's key" if sample.forged else KEY
    return sign(sample.body, key=key, at=int(time.time()))


def _last_event(database: Database) -> int:
    with database.read() as connection:
        newest = next(look.list_events(connection, codec=Codec(), limit=1), None)
    return int(newest["id"]) if newest else 0


def _way(line: _Line, database: Database, before: int) -> tuple[str, bool]:
    """The sample's way as the bridge tells it, and whether it is at rest."""
    if line.status != 200:
        return "refused, not stored", True
    with database.read() as connection:
        new = [row for row in look.list_events(connection, codec=Codec(), limit=20) if row["id"] > before]
        if not new:
            return _without_event(line), True
        found = [row for row in look.list_deliveries(connection, codec=Codec(), limit=20) if row["event_id"] > before]
        whole = [look.show_delivery(connection, row["id"], codec=Codec()) or {} for row in found]
    steps = ["stored" if new[0]["revision"] == 1 else f"revision {new[0]['revision']}"]
    for delivery in whole:
        steps += [_step(attempt) for attempt in delivery["attempts_made"]]
    rests = bool(whole) and all(delivery["state"] in ("delivered", "dead", "discarded") for delivery in whole)
    return " → ".join(steps if rests else [*steps, "…"]), rests


def _without_event(line: _Line) -> str:
    if line.answer == TESTED:
        return "a test: nothing to store"
    return "kept in quarantine" if "unreadable" in line.sample.name else "known already"


def _step(attempt: dict[str, Any]) -> str:
    if attempt["outcome"] == "delivered":
        return f"delivered ({attempt['took_ms']} ms)"
    return f"{attempt['reason'].partition(': {')[0]}{', uncertain' if attempt['uncertain'] else ''}"


def _count(lines: list[_Line], inbox: Inbox) -> None:
    """What the inbox's ledger says of each sample."""
    keys = inbox.keys()
    for line in lines:
        mine = [item for item in inbox.items() if line.sample.is_mine(item)]
        line.stored = len(mine)
        line.arrived = sum(keys[f"{item['key']}-{item['revision']}"].arrivals for item in mine)


def _table(lines: list[_Line]) -> Table:
    table = Table(title="Sent, answered, at the target", title_justify="left", expand=False)
    for column in ("sent", "answered", "its way", "at the target"):
        table.add_column(column, overflow="fold")
    table.add_column("")
    for line in lines:
        table.add_row(
            line.sample.name,
            Text(f"{line.status} {_words(line.answer)}" if line.status else ""),
            Text(line.way),
            _at_the_target(line),
            "" if line.arrived is None else "[green]✓[/green]" if line.kept else "[red]✗ not as promised[/red]",
        )
    return table


def _words(answer: str) -> str:
    """What the answer says, without its JSON."""
    said = json.loads(answer)
    return str(said.get("error") or said["status"])


def _at_the_target(line: _Line) -> str:
    if line.arrived is None:
        return ""
    if not line.sample.new:
        return "nothing new" if not line.stored else f"{line.stored} too many"
    times = "once" if line.stored == 1 else f"{line.stored} times"
    return times if line.arrived <= line.stored else f"{times} ({line.arrived} requests, one key)"


def _verdict(console: Console, lines: list[_Line], inbox: Inbox, log: Path) -> bool:
    """Whether every line is as promised and nothing else is at the target."""
    expected = sum(line.sample.new for line in lines)
    found = len(inbox.items())
    if all(line.kept for line in lines) and found == expected:
        console.print(f"[green]{len(lines)} requests sent, {found} records at the target, each once.[/green]")
        return True
    console.print(f"[red]Not as promised: {found} records at the target, {expected} were to be.[/red]")
    console.print(Text(log.read_text()[-4000:]))
    return False


def _stay(console: Console, url: str, inbox_url: str) -> None:
    """Leaves the bridge running for play, until ctrl-C."""
    body = json.dumps(other_visitor("Edsger Dijkstra"), separators=(",", ":")).encode()
    console.print(f"\nStill running. Look at what arrived: {inbox_url}/   Send one more (good for ten minutes):\n")
    console.print(
        Text(f"curl -H '{HEADER}: {sign(body, key=KEY, at=int(time.time()))}' \\\n  -d '{body.decode()}' \\\n"
             f"  {url}/webhooks/smarterbot\n"), soft_wrap=True,
    )  # fmt: skip
    console.print("ctrl-C ends it.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        console.print("Bye.")
