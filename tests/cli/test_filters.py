"""Filters that other packages bring to the mapping."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packages import put
from tests.processes import configuration, http_target, lead

SOURCE = """\
def shout(text: str, sign: str = "!") -> str:
    return text.upper() + sign

def broken(text):
    raise RuntimeError(text)

def nothing():
    return 1

constant = 7
"""


def bridge(folder: Path, expression: str, *arguments: str, entries: str) -> subprocess.CompletedProcess[str]:
    """A command with a package installed beside it, and a mapping with this expression."""
    put(folder, "acme", "bridge.filters", entries, source=SOURCE)
    target = http_target("https://crm.example.com/x") | {"records": [{"name": "a", "fields": {"x": expression}}]}
    (folder / "config.yaml").write_text(configuration({"crm": target}))
    (folder / "event.json").write_text(json.dumps(lead(1)))
    environment = {name: value for name, value in os.environ.items() if name not in ("BRIDGE_CONFIG", "DATABASE_URL")}
    command = [sys.executable, "-m", "bridge", *arguments]  # which finds what is in its folder
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


def test_a_filter_of_a_package_is_one_of_the_language(tmp_path: Path) -> None:
    entries = "shout = acme:shout"

    done = bridge(tmp_path, "{{ first_name | shout('?') }}", "map", "event.json", entries=entries)

    assert {"x": "DAVID?"} == json.loads(done.stdout)["fields"], done.stderr


def test_its_arguments_are_held_against_its_signature(tmp_path: Path) -> None:
    done = bridge(tmp_path, "{{ first_name | shout(mark=1) }}", "check", entries="shout = acme:shout")

    assert (1, True) == (done.returncode, "shout takes no argument 'mark'; it takes sign" in done.stderr), done.stderr


def test_one_that_raises_is_told_without_what_the_visitor_said(tmp_path: Path) -> None:
    done = bridge(tmp_path, "{{ first_name | broken }}", "map", "event.json", entries="broken = acme:broken")

    assert "broken: RuntimeError for a text" in json.loads(done.stdout)["error"]
    assert "David" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("gone = acme:gone", "filter 'gone' of package"),
        ("nothing = acme:nothing", "it takes no value: its first parameter is the value"),
        ("constant = acme:constant", "it is of type int, and no function"),
        ("lower = acme:shout", "there is a filter of this name already"),
        ("Loud = acme:shout", "a filter's name has a-z, 0-9 and _"),
    ],
)
def test_one_that_cannot_be_used_is_told_and_harms_no_other(tmp_path: Path, entry: str, told: str) -> None:
    entries = f"shout = acme:shout\n{entry}"

    done = bridge(tmp_path, "{{ first_name | lower | shout }}", "map", "event.json", entries=entries)

    assert {"x": "DAVID!"} == json.loads(done.stdout)["fields"], done.stderr
    assert told in done.stderr


def test_check_tells_of_a_broken_one_and_the_configuration_that_uses_another_is_good(tmp_path: Path) -> None:
    entries = "shout = acme:shout\ngone = acme:gone"

    done = bridge(tmp_path, "{{ first_name | shout }}", "check", entries=entries)

    assert (0, True) == (done.returncode, "the configuration is good" in done.stdout), done.stderr
    assert "filter 'gone' of package acme 1.0 cannot be imported" in done.stderr


def test_check_refuses_a_configuration_that_uses_the_broken_one(tmp_path: Path) -> None:
    done = bridge(tmp_path, "{{ first_name | gone }}", "check", entries="gone = acme:gone")

    assert (1, True) == (done.returncode, "there is no filter 'gone'" in done.stderr), done.stderr
    assert "filter 'gone' of package acme 1.0 cannot be imported" in done.stderr
