"""Show: what visitors say about themselves never speaks to the operator's terminal."""

import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bridge.cli.show import show_one, show_rows
from tests.processes import Bridge, configuration, http_target, lead, running, wait_until

NASTY = {
    "\x1b]0;mine\x07": r"\x1b]0;mine\x07",  # sets the window's title
    "\x1b[2J": r"\x1b[2J",  # clears the screen
    "a\x9b2Kb": r"a\x9b2Kb",  # the same introducer in one character
    "a\u202eb": r"a\u202eb",  # turns the direction of writing
    "a\nstate: delivered": r"a\nstate: delivered",
    "a\u2028b": r"a\u2028b",
    "a\x7fb": r"a\x7fb",
}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What a function of `show` writes to a terminal."""
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb"), ("COLUMNS", "200")):
        monkeypatch.setenv(name, value)

    def write(show: Callable[..., None], *arguments: Any, **named: Any) -> str:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", terminal := Terminal())
            show(*arguments, **named)
        return terminal.getvalue()

    return write


@pytest.mark.parametrize(("said", "escape"), NASTY.items())
def test_a_table_shows_what_cannot_be_printed_by_its_escape(shown: Callable[..., str], said: str, escape: str) -> None:
    text = shown(show_rows, [{"id": 7, "name": said}], ("id", "name"), as_json=False, empty="")

    assert f"7   {escape}" == text.splitlines()[-1].strip()
    assert all(sign.isprintable() or sign == "\n" for sign in text)


@pytest.mark.parametrize(("said", "escape"), NASTY.items())
def test_one_thing_whole_shows_it_by_its_escape_in_names_and_lists_too(
    shown: Callable[..., str], said: str, escape: str
) -> None:
    whole = {"id": 7, "fields": {"name": said, said: 1}, "parts": [{"reason": said}, said], "raw": said}

    text = shown(show_one, whole, as_json=False)

    assert [
        "id: 7",
        "fields:",
        f"  name: {escape}",
        f"  {escape}: 1",
        "parts:",
        f"  - reason {escape}",
        f"  - {escape}",
        f"raw: {escape}",
    ] == text.splitlines()


@pytest.mark.parametrize("said", NASTY)
def test_json_lines_on_a_terminal_are_plain_ascii_and_say_the_same(shown: Callable[..., str], said: str) -> None:
    row = {"name": f"Ünal{said}"}

    first = shown(show_rows, [row], (), as_json=True, empty="").rstrip("\n")
    second = shown(show_one, row, as_json=True).rstrip("\n")

    assert [row, row] == [json.loads(first), json.loads(second)]
    assert all(sign.isascii() and sign.isprintable() for sign in first + second)


def test_json_lines_elsewhere_are_utf_8(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows([{"name": "Ünal"}], (), as_json=False, empty="")

    assert '{"name": "Ünal"}\n' == capsys.readouterr().out


REASON = "HTTP 400: CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY: entity type cannot be inserted: Lead"
DEAD = {"id": 17, "target": "salesforce", "state": "dead", "due_at": 1795713342597, "reason": REASON}


def test_a_reason_for_which_the_terminal_is_too_narrow_stands_whole_under_its_row(
    shown: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    fine = DEAD | {"id": 5, "reason": ""}

    text = shown(show_rows, [DEAD, fine], tuple(DEAD), as_json=False, empty="", beneath="reason")

    assert [
        "id  target      state  due at",
        "17  salesforce  dead   2026-11-26 17:15:42Z",
        "    HTTP 400: CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY: entity type cannot be",
        "    inserted: Lead",
        "5   salesforce  dead   2026-11-26 17:15:42Z",
    ] == [line.rstrip() for line in text.splitlines()]


def test_where_that_is_not_enough_the_last_columns_stand_there_too_by_name_and_nothing_is_cut(
    shown: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    row = DEAD | {"email": "a-visitor-with-a-long-name@example.com", "routed": 1, "stale": False, "reason": "HTTP 503"}

    text = shown(show_rows, [row], tuple(row), as_json=False, empty="", beneath="reason")

    assert [
        "id  target      state  due at",
        "17  salesforce  dead   2026-11-26 17:15:42Z",
        "    HTTP 503, email a-visitor-with-a-long-name@example.com, routed 1",
    ] == [line.rstrip() for line in text.splitlines()]


def test_a_reason_for_which_there_is_room_stands_in_its_row(shown: Callable[..., str]) -> None:
    row = DEAD | {"reason": "HTTP 503"}

    text = shown(show_rows, [row], tuple(row), as_json=False, empty="", beneath="reason")

    assert "17  salesforce  dead   2026-11-26 17:15:42Z  HTTP 503" == text.splitlines()[1].rstrip()


def test_an_events_visitor_cannot_speak_to_the_terminal_of_who_lists_it(tmp_path: Path) -> None:
    name = "\x1b]0;owned\x07\x1b[2J\x9bA\u202e"
    with running(tmp_path, configuration({"crm": http_target("http://127.0.0.1:9/")})) as bridge:
        bridge.post(lead(1, FirstName=name, Content="hello\nstate: delivered"))
        wait_until(lambda: bridge.rows("events", "list"))
        seen = [on_a_terminal(bridge, "events", *command) for command in (("list",), ("show", "1"), ("list", "--json"))]

    for text in seen:
        assert "\x1b]" not in text
        assert "\x1b[2J" not in text
        assert not {"\x07", "\x9b", "\u202e"} & set(text)
    assert "hello\\nstate: delivered" in seen[1]


def on_a_terminal(bridge: Bridge, *arguments: str, columns: int = 200) -> str:
    """What a command writes where its output is a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "bridge", *arguments],
        env=bridge.environment | {"COLUMNS": str(columns), "TERM": "dumb"},
        cwd=bridge.folder,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
    )
    os.close(theirs)
    data = b""
    while True:
        try:
            more = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not more:
            break
        data += more
    os.close(ours)
    assert 0 == process.wait(30)
    return data.decode()
