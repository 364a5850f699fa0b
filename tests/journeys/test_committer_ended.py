"""The thread that stores ends, which it never should: the process says so and ends, for another to take its place."""

import json
import subprocess
import sys
from pathlib import Path

from tests.processes import Bridge, configuration

WITHOUT_ITS_COMMITTER = """
import json, sys
from bridge import log
from bridge.store.arrival import Arrival
from bridge.web import app, server
from bridge.wiring.environment import port
from bridge.wiring.opened import open_bridge
from bridge.wiring.receiving import Receiving

log.setup(terminal=False)
receiving = Receiving(open_bridge())
receiving.start()
client = app.create_app(receiving).test_client()
before = client.get("/readyz").status_code
receiving.committer.submit(Arrival("smarterbot", []), sys.exit)  # ends the thread that calls it
receiving.committer._thread.join()
print(json.dumps([before, client.get("/readyz").status_code]), flush=True)
server.run(receiving, host="127.0.0.1", port=port(), grace_s=1.0)
"""


def test_a_web_process_that_can_store_nothing_any_more_is_not_ready_and_ends_with_an_error(tmp_path: Path) -> None:
    bridge = Bridge(tmp_path, configuration({}))
    assert 0 == bridge.call("migrate").returncode

    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_ITS_COMMITTER],
        env=bridge.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert [200, 503] == json.loads(done.stdout)
    assert 1 == done.returncode
    assert "cannot receive any more" in done.stderr
