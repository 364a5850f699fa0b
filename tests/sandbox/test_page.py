"""The pages about sandboxes: their examples are run, in their order, against one sandbox; no setting is left out."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.sandbox.inbox import Inbox
from bridge.sandbox.salesforce.org import Org
from bridge.sandbox.salesforce.settings import DEFAULTS, NAMED_FAULTS

DOCS = Path(__file__).parents[2] / "docs"
INBOX, CRMS = DOCS / "sandbox.md", DOCS / "sandboxes.md"


def examples(page: Path) -> list[tuple[str, str]]:
    """Each command of the page, and what it is said to print."""
    text = "\n".join(re.findall(r"^```sh\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE))
    found = re.findall(r"((?:^[^#\n].*\n)+)((?:^# .*\n)+)", text, re.MULTILINE)
    return [(command, "".join(line[2:] for line in said.splitlines(keepends=True)).strip()) for command, said in found]


def printed(command: str, **environment: str) -> str:
    done = subprocess.run(
        ["sh", "-c", command], env=os.environ | environment, capture_output=True, text=True, timeout=30
    )
    return done.stdout.strip()


@pytest.mark.skipif(shutil.which("curl") is None, reason="the examples need curl")
@pytest.mark.parametrize(("page", "name", "made"), [(INBOX, "INBOX", Inbox), (CRMS, "ORG", Org)])
def test_each_example_prints_what_the_page_says(page: Path, name: str, made: Callable[[], Inbox | Org]) -> None:
    with made() as sandbox:
        found = [(command, printed(command, **{name: sandbox.url})) for command, _ in examples(page)]

    assert examples(page) == found
    assert len(found) == page.read_text().count("curl -s")


def test_the_example_of_a_test_prints_what_the_page_says() -> None:
    [code] = re.findall(r"^```python\n(.*?)^```$", CRMS.read_text(), re.DOTALL | re.MULTILINE)

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)

    assert (re.findall(r"print\(.*\)  # (.*)", code), 0) == (done.stdout.splitlines(), done.returncode), done.stderr


def test_the_settings_that_are_shown_can_be_set() -> None:

    [text] = re.findall(r"^```json\n(.*?)^```$", CRMS.read_text(), re.DOTALL | re.MULTILINE)

    with Org(**json.loads(text)) as org:
        assert {"Lead", "Booking__c"} == org.settings["objects"].keys()


def test_every_setting_and_every_named_fault_is_on_the_page() -> None:
    first_cells = "\n".join(re.findall(r"^\| (`.*?) \|", CRMS.read_text(), re.MULTILINE))

    assert {*DEFAULTS, *NAMED_FAULTS} <= set(re.findall(r"`(\w+)`", first_cells))
