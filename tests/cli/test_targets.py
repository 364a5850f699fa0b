"""targets at the command line: readable on a small terminal, and a pause that is remembered."""

import json
from pathlib import Path

import pytest

from bridge.model.record import Reject
from bridge.model.rules import TargetRule
from bridge.store.database import Database
from bridge.store.targets import register
from tests.cli.test_show import on_a_terminal
from tests.processes import Bridge, configuration, http_target
from tests.store.rows import Store, lead

LONG = "bookkeeping-of-all-that-was-ever-sold-00"


@pytest.fixture
def bridge(tmp_path: Path, database: Database) -> Bridge:
    config = configuration({"crm": http_target("https://crm.example.com/leads")})
    return Bridge(tmp_path, config, database_url=database.url.render_as_string(hide_password=False))


def test_a_list_of_targets_fits_80_columns_and_cuts_nothing_off(bridge: Bridge, database: Database) -> None:
    with database.write() as connection:
        register(connection, [TargetRule(name, "http") for name in ("crm", LONG)])
    store = Store(database, "crm", LONG)
    store.receive(*[lead(1, second=second) for second in range(3)], lead(2))
    bridge.call("targets", "pause", "crm", "--why", "maintenance until noon, says the administrator of the CRM")

    lines = on_a_terminal(bridge, "targets", "list", columns=80).splitlines()
    (crm,) = [row for row in bridge.rows("targets", "list") if row["name"] == "crm"]

    assert all(len(line) <= 80 for line in lines)
    columns = [lines[0].index(name) for name in ("name", "state", "why", "held until", "deliveries")]
    cells = [" ".join(line[start:end].strip() for line in lines).split()
             for start, end in zip(columns, [*columns[1:], 80], strict=True)]  # fmt: skip
    assert LONG in "".join(cells[0])
    assert "maintenance until noon, says the administrator of the CRM" in " ".join(cells[2])
    assert "2 waiting, 2 queued" in " ".join(cells[4])
    assert "0" not in cells[4]
    assert (2, 0, 0, "paused") == (crm["waiting"], crm["dead"], crm["delivered"], crm["state"])


def test_a_second_pause_tells_of_the_first_and_keeps_its_reason(bridge: Bridge) -> None:
    bridge.call("migrate")
    first, second, third = (
        bridge.call("targets", "pause", "crm", "--why", "maintenance"),
        bridge.call("targets", "pause", "crm"),
        bridge.call("targets", "pause", "crm", "--why", "longer"),
    )

    assert "already" not in first.stdout
    assert "crm was paused already, since 20" in second.stdout
    assert "its reason stays: maintenance" in second.stdout
    assert "its reason is now: longer (it was: maintenance)" in third.stdout
    (line,) = bridge.call("targets", "list").stdout.splitlines()
    assert "longer" == json.loads(line)["why"]


def test_what_is_replayed_to_a_target_that_rests_is_said_to_wait(bridge: Bridge, database: Database) -> None:
    store = Store(database)
    store.receive(lead(1), lead(2))
    for claim in store.claim():
        store.settle(claim, Reject("bad mapping"))

    active = bridge.call("replay", "1")
    bridge.call("targets", "pause", "crm")
    paused = bridge.call("replay", "2")

    assert ("1 on the way again, 0 left alone\n", "") == (active.stdout, active.stderr)
    assert "1 on the way again, 0 left alone\n" == paused.stdout
    assert paused.stderr.startswith("crm is paused, and what it gets waits: `bridge targets resume crm`")
    assert 0 == paused.returncode
