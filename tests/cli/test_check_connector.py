"""bridge check, where the connector of a target is at fault: the author is told what and where."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packages import CONNECTORS, put

CONFIG = """\
version: 1
sources: {smarterbot: {}}
targets: {crm: {connector: acme, settings: {api_key: a key that is nobody's business}}}
"""
ACME = """\
from dataclasses import dataclass
from bridge.connector import Secret

@dataclass(frozen=True)
class Settings:
    api_key: Secret

class Acme:
    Settings = Settings
    def __init__(self, settings):
        self.key = settings.api_key.reveal()
    def deliver(self, record, call): ...
    def probe(self, call): ...
"""


def check(folder: Path, acme: str) -> subprocess.CompletedProcess[str]:
    """The command, with this connector installed beside it."""
    (folder / "config.yaml").write_text(CONFIG)
    put(folder, "acme", CONNECTORS, "acme = acme:Acme", source=acme)
    environment = {name: value for name, value in os.environ.items() if name not in ("BRIDGE_CONFIG", "DATABASE_URL")}
    command = [sys.executable, "-m", "bridge", "check"]  # which finds what is in its folder
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


def test_one_that_is_in_order_is_good(tmp_path: Path) -> None:
    done = check(tmp_path, ACME)

    assert (0, "the configuration is good: sources smarterbot; targets crm\n") == (done.returncode, done.stdout)


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("def probe", "def prob", "no connector: acme:Acme has no method probe"),
        ("import Secret", "import Sekret", "cannot import name 'Sekret'"),
        ("class Acme:", "class Acme", "SyntaxError: expected ':' (acme.py, line 8)"),
        ("class Acme:", "assert 1 == 2\nclass Acme:", "AssertionError:  ("),
        ("api_key: Secret", "api_key: bytes", "Settings.api_key is a bytes"),
    ],
)
def test_one_that_cannot_be_used_is_told_where_the_configuration_names_it(
    tmp_path: Path, right: str, wrong: str, told: str
) -> None:
    done = check(tmp_path, ACME.replace(right, wrong, 1))

    assert 1 == done.returncode
    place, _, rest = done.stderr.partition("config.yaml:3:")[2].partition(": targets.crm.connector: ")
    assert place.isdigit()
    assert told in rest


def test_one_that_fails_as_it_is_made_is_told_with_its_line_and_without_what_it_was_given(tmp_path: Path) -> None:
    done = check(tmp_path, ACME.replace("self.key = settings.api_key.reveal()", "int(settings.api_key.reveal())"))

    assert 1 == done.returncode
    assert "target crm: connector 'acme' fails as it is made: ValueError (" in done.stderr
    assert "acme.py, line 11)" in done.stderr
    assert "nobody's business" not in done.stdout + done.stderr
