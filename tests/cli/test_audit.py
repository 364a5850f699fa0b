"""audit at the command line: what was done by hand, by whom, newest first."""

import getpass
from pathlib import Path

import pytest

from bridge.model.record import Reject
from bridge.store.database import Database
from tests.cli.test_show import on_a_terminal
from tests.processes import Bridge, configuration, http_target
from tests.store.rows import Store, lead


@pytest.fixture
def bridge(tmp_path: Path, database: Database) -> Bridge:
    config = configuration({"crm": http_target("https://crm.example.com/leads")})
    return Bridge(tmp_path, config, database_url=database.url.render_as_string(hide_password=False))


def test_what_is_done_by_hand_is_listed_newest_first_with_who_and_when(bridge: Bridge, database: Database) -> None:
    store = Store(database)
    store.receive(lead(1))
    for claim in store.claim():
        store.settle(claim, Reject("bad mapping"))
    assert [] == bridge.rows("audit")

    bridge.call("targets", "pause", "crm", "--why", "maintenance")
    bridge.call("replay", "1")
    bridge.call("replay", "1")  # is queued by now: nothing is done
    bridge.call("targets", "resume", "crm")
    rows = bridge.rows("audit")

    assert [
        ("resume", "target crm", ""),
        ("replay", "deliveries 1", ""),
        ("pause", "target crm", "maintenance"),
    ] == [(row["action"], row["subject"], row["detail"]) for row in rows]
    assert {getpass.getuser()} == {row["who"] for row in rows}
    assert sorted((row["at"] for row in rows), reverse=True) == [row["at"] for row in rows]
    assert all(isinstance(row["at"], int) for row in rows)


def test_the_list_goes_on_before_an_id(bridge: Bridge) -> None:
    bridge.call("migrate")
    for why in ("one", "two", "three"):
        bridge.call("targets", "pause", "crm", "--why", why)

    first = bridge.rows("audit", "--limit", "2")
    rest = bridge.rows("audit", "--limit", "2", "--before", str(first[-1]["id"]))

    assert ["three", "two"] == [row["detail"] for row in first]
    assert ["one"] == [row["detail"] for row in rest]


def test_on_a_terminal_it_is_a_table_that_cuts_nothing_off(bridge: Bridge) -> None:
    bridge.call("migrate")
    assert "Nothing was done by hand." == on_a_terminal(bridge, "audit", columns=80).strip()
    why = "maintenance until noon, says the administrator of the CRM, who was asked on the telephone"
    bridge.call("targets", "pause", "crm", "--why", why)

    for columns in (80, 200):
        head, *lines = on_a_terminal(bridge, "audit", columns=columns).splitlines()

        assert ["id", "at", "who", "action", "subject"] == head.split()[:5]
        assert all(len(line) <= columns for line in lines)
        assert f"{getpass.getuser()}" in lines[0]
        assert "pause" in lines[0]
        assert all(word in " ".join(lines) for word in why.split())
