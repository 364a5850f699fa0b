"""quarantine at the command line: looked at, shown whole, read again."""

from pathlib import Path

import pytest

from bridge.store.database import Database
from tests.processes import Bridge, configuration, http_target
from tests.store.rows import Store, lead


@pytest.fixture
def store(database: Database) -> Store:
    found = Store(database)
    found.quarantine(lead(1, email="a@x.io"))
    found.quarantine({"Type": "Talk", "Content": "hello"})
    return found


@pytest.fixture
def bridge(tmp_path: Path, store: Store) -> Bridge:
    config = configuration({"crm": http_target("https://crm.example.com/leads")})
    return Bridge(tmp_path, config, database_url=store.database.url.render_as_string(hide_password=False))


def test_what_is_kept_is_listed_and_shown_whole_without_a_configuration(bridge: Bridge) -> None:
    (bridge.folder / "config.yaml").unlink()

    listed, page, whole = (
        bridge.rows("quarantine", "list"),
        bridge.rows("quarantine", "list", "--before", "2"),
        bridge.rows("quarantine", "show", "2"),
    )

    assert [2, 1] == [row["id"] for row in listed]
    assert [1] == [row["id"] for row in page]
    assert listed == bridge.rows("events", "quarantined")
    assert ['{"Type": "Talk", "Content": "hello"}', "older", "[3]", "smarterbot"] == [
        whole[0][name] for name in ("body", "reason", "path", "source")
    ]


def test_what_is_an_event_by_now_goes_on_its_way_and_the_rest_says_why_not(bridge: Bridge, store: Store) -> None:
    first = bridge.call("quarantine", "replay", "--all")
    second = bridge.call("quarantine", "replay", "1")

    assert (3, "quarantined 1: 1 new, on its way\n1 read, 1 left alone\n", "quarantined 2: unknown Type\n") == (
        first.returncode, first.stdout, first.stderr
    )  # fmt: skip
    assert 1 == second.returncode
    assert "was read again before" in second.stderr
    assert ["queued"] == store.states()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("replay",), 2, "--all"),
        (("replay", "1", "--all"), 2, "one of them"),
        (("show", "7"), 1, "`bridge quarantine list`"),
        (("replay", "7"), 1, "`bridge quarantine list`"),
        (("show", "abc"), 2, "'abc' is no quarantined body's id"),
    ],
)
def test_what_cannot_be_meant_is_said_so(bridge: Bridge, arguments: tuple[str, ...], code: int, says: str) -> None:
    done = bridge.call("quarantine", *arguments)

    assert code == done.returncode
    assert says in done.stderr
    assert "Traceback" not in done.stderr
