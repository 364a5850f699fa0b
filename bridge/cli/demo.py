"""demo: the main job on this machine, from nothing: a real bridge, real targets, real HTTP, nothing kept.

What stands in the last columns is read from the targets' own ledgers, not from the bridge.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click
import requests
from rich.console import Console
from rich.text import Text

from bridge.cli.demo_places import AtInbox, InHubSpot, InSalesforce, Sandbox
from bridge.cli.demo_table import follow, is_as_promised, table
from bridge.cli.demo_ways import KEY, PATIENCE_S, Line, count, run
from bridge.cli.listening import free_port
from bridge.cli.samples import demo_samples, other_visitor
from bridge.cli.supervise import SUPERVISED
from bridge.core.signature import HEADER
from bridge.core.signing import sign
from bridge.sandbox.hubspot.portal import Portal
from bridge.sandbox.inbox import Inbox
from bridge.sandbox.salesforce.org import Org

CONFIG = """\
version: 1
sources:
  smarterbot:
    preset: newoaks
    signing_keys: ["${DEMO_SIGNING_KEY}"]
targets:
%s"""


@click.command()
@click.option("--exit", "end", is_flag=True, help="End when the table is drawn, also on a terminal.")
def demo(end: bool) -> None:  # noqa: FBT001
    """Watch the main job: ten requests in, and at each target what they say, once, whatever happens on the way."""
    _end_as_by_ctrl_c()
    console = Console()
    with (
        tempfile.TemporaryDirectory(prefix="bridge-demo-") as folder,
        Inbox() as inbox,
        Org() as org,
        Portal() as portal,
    ):
        places: list[Sandbox] = [AtInbox(inbox), InSalesforce(org), InHubSpot(portal)]
        url = f"http://127.0.0.1:{free_port('127.0.0.1')}"
        where = ", ".join(f"a sandbox {place.name} at [b]{place.url}[/b]" for place in places)
        console.print(f"A bridge at [b]{url}[/b], {where}, a SQLite file in {folder}")
        with _bridge(Path(folder), places, url) as log:
            lines = [Line(sample) for sample in demo_samples()]
            follow(console, lines, lambda redraw: run(lines, url, places, f"sqlite:///{folder}/bridge.db", redraw))
            count(lines, places)
            console.print(table(lines))
            kept = is_as_promised(console, lines, places, log)
            if kept and not end and sys.stdout.isatty():
                _stay(console, url, places)
    sys.exit(0 if kept else 1)


def _end_as_by_ctrl_c() -> None:
    """Lets a closed terminal and a `kill` end this process in good order too: bridge stopped, folder removed."""
    deadly = [one for one in (signal.SIGHUP, signal.SIGTERM) if signal.getsignal(one) is signal.SIG_DFL]  # not nohup's

    def end(number: int, _: FrameType | None) -> None:
        for one in deadly:
            signal.signal(one, signal.SIG_IGN)  # the end itself is not to be disturbed
        sys.exit(128 + number)

    for one in deadly:
        signal.signal(one, end)


@contextmanager
def _bridge(folder: Path, places: Sequence[Sandbox], url: str) -> Iterator[Path]:
    """`bridge serve` on the demo's configuration, ready; stopped at the end."""
    (folder / "config.yaml").write_text(CONFIG % "".join(place.target() for place in places))
    environment = os.environ | {
        "BRIDGE_CONFIG": str(folder / "config.yaml"),
        "DATABASE_URL": f"sqlite:///{folder}/bridge.db",
        "DEMO_SIGNING_KEY": KEY.decode(),
        SUPERVISED: "1",  # it ends when its input does: with this process, however that ends
        "BRIDGE_ALLOW_EPHEMERAL_SQLITE": "1",  # nothing is kept, and that is meant
    }
    command = [sys.executable, "-m", "bridge", "serve", "--host", "127.0.0.1", "--port", url.rpartition(":")[2]]
    with (folder / "log").open("wb") as log:
        # In a session of its own: neither ctrl-C nor the end of the terminal is for it, but for this process.
        process = subprocess.Popen(  # noqa: S603
            command, env=environment, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
        )
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


def _stay(console: Console, url: str, places: Sequence[Sandbox]) -> None:
    """Leaves the bridge running for play, until ctrl-C."""
    body = json.dumps(other_visitor("Edsger Dijkstra"), separators=(",", ":")).encode()
    pages = " and ".join(f"{place.url}/" for place in places)
    console.print(f"\nStill running. Look at what arrived: {pages}   Send one more (good for ten minutes):\n")
    console.print(
        Text(f"curl -H '{HEADER}: {sign(body, key=KEY, at=int(time.time()))}' \\\n  -d '{body.decode()}' \\\n"
             f"  {url}/webhooks/smarterbot\n"), soft_wrap=True,
    )  # fmt: skip
    console.print("ctrl-C ends it.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        console.print("Bye.")
