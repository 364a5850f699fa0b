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

from bridge.sandbox.crm.app import Crm
from bridge.sandbox.hubspot.portal import Portal
from bridge.sandbox.inbox import Inbox
from bridge.sandbox.salesforce.org import Org

DOCS = Path(__file__).parents[2] / "docs"
INBOX, ORG, PORTAL = DOCS / "sandbox-inbox.md", DOCS / "sandbox-salesforce.md", DOCS / "sandbox-hubspot.md"


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
@pytest.mark.parametrize(
    ("page", "name", "made"), [(INBOX, "INBOX", Inbox), (ORG, "ORG", Org), (PORTAL, "PORTAL", Portal)]
)
def test_each_example_prints_what_the_page_says(page: Path, name: str, made: Callable[[], Inbox | Crm]) -> None:
    with made() as sandbox:
        found = [(command, printed(command, **{name: sandbox.url})) for command, _ in examples(page)]

    assert examples(page) == found
    assert len(found) == page.read_text().count("curl -s")


@pytest.mark.parametrize("page", [ORG, PORTAL])
def test_the_example_of_a_test_prints_what_the_page_says(page: Path) -> None:
    [code] = re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)

    assert (re.findall(r"print\(.*\)  # (.*)", code), 0) == (done.stdout.splitlines(), done.returncode), done.stderr


@pytest.mark.parametrize(("page", "made"), [(ORG, Org), (PORTAL, Portal)])
def test_the_settings_that_are_shown_can_be_set(page: Path, made: type[Crm]) -> None:
    [text] = re.findall(r"^```json\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
    [(name, value)] = json.loads(text).items()

    with made(**{name: value}) as sandbox:
        assert value == sandbox.settings[name]


@pytest.mark.parametrize(("page", "made"), [(ORG, Org), (PORTAL, Portal)])
def test_every_setting_and_every_named_fault_is_on_the_page(page: Path, made: type[Crm]) -> None:
    first_cells = "\n".join(re.findall(r"^\| (`.*?) \|", page.read_text(), re.MULTILINE))

    assert {*made.defaults, *made.faults} <= set(re.findall(r"`(\w+)`", first_cells))
