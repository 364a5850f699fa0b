"""docs/sandbox.md: every example on it is run, in its order, against one inbox."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bridge.sandbox.inbox import Inbox

PAGE = Path(__file__).parents[2] / "docs" / "sandbox.md"


def examples() -> list[tuple[str, str]]:
    """Each command of the page, and what it is said to print."""
    text = "\n".join(re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE))
    found = re.findall(r"((?:^[^#\n].*\n)+)((?:^# .*\n)+)", text, re.MULTILINE)
    return [(command, "".join(line[2:] for line in said.splitlines(keepends=True)).strip()) for command, said in found]


def printed(command: str, inbox: Inbox) -> str:
    environment = os.environ | {"INBOX": inbox.url}
    done = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, text=True, timeout=30)
    return done.stdout.strip()


@pytest.mark.skipif(shutil.which("curl") is None, reason="the examples need curl")
def test_each_example_prints_what_the_page_says() -> None:
    with Inbox() as inbox:
        found = [(command, printed(command, inbox)) for command, _ in examples()]

    assert examples() == found
    assert len(found) == PAGE.read_text().count("curl -s")
