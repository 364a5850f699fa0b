"""Looking and acting with ids that do not exist: named in words, on both databases, never a traceback."""

from pathlib import Path

import pytest

from bridge.cli import cli
from bridge.store.database import Database
from tests.processes import Bridge, configuration, http_target
from tests.store.rows import Store, lead

TOO_LARGE = str(2**63)
LARGEST = str(2**63 - 1)


@pytest.fixture
def bridge(tmp_path: Path, database: Database) -> Bridge:
    config = configuration({"crm": http_target("https://crm.example.com/leads")})
    return Bridge(tmp_path, config, database_url=database.url.render_as_string(hide_password=False))


@pytest.mark.parametrize(
    "arguments",
    [
        ("replay", TOO_LARGE),
        ("replay", "--", "-1"),
        ("replay", "0"),
        ("replay", "--event", TOO_LARGE),
        ("events", "show", TOO_LARGE),
        ("events", "list", "--before", TOO_LARGE),
        ("deliveries", "show", TOO_LARGE),
        ("deliveries", "list", "--before", TOO_LARGE),
        ("audit", "--before", TOO_LARGE),
    ],
    ids=" ".join,
)
def test_a_number_that_is_no_id_is_wrong_usage(bridge: Bridge, arguments: tuple[str, ...]) -> None:
    done = bridge.call(*arguments)

    assert 2 == done.returncode
    assert "is not in the range" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("replay", LARGEST), f"delivery {LARGEST}: no such delivery"),
        (("replay", LARGEST, "--as-new", "--yes"), f"delivery {LARGEST}: no such delivery"),
        (("replay", "--event", LARGEST), f"no event {LARGEST}"),
        (("events", "show", LARGEST), f"no event {LARGEST}"),
        (("deliveries", "show", LARGEST), f"no delivery {LARGEST}"),
    ],
    ids=str,
)
def test_an_id_that_does_not_exist_is_said_so(bridge: Bridge, arguments: tuple[str, ...], says: str) -> None:
    done = bridge.call(*arguments)

    assert 1 == done.returncode
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("replay", "2", "--target", "crm"), "--target goes with --dead"),
        (("replay", "--event", "1", "--as-new"), "--as-new goes with deliveries"),
        (("replay", "--dead", "--yes", "--target", "crn"), "no target 'crn': there are crm"),
        (("deliveries", "list", "--target", "crn"), "no target 'crn': there are crm"),
    ],
)
def test_an_option_that_cannot_be_meant_is_never_passed_over(
    bridge: Bridge, arguments: tuple[str, ...], said: str
) -> None:
    bridge.call("migrate")
    bridge.call("targets", "resume", "crm")

    done = bridge.call(*arguments)

    assert 0 != done.returncode
    assert said in done.stderr


@pytest.mark.parametrize(
    ("arguments", "listed_by"),
    [
        (("events", "show", "abc"), "bridge events list"),
        (("events", "list", "--before", "abc"), "bridge events list"),
        (("deliveries", "show", "abc"), "bridge deliveries list"),
        (("replay", "abc"), "bridge deliveries list"),
        (("audit", "--before", "abc"), "bridge audit"),
        (("replay", "--event", "abc"), "bridge events list"),
    ],
    ids=" ".join,
)
def test_what_is_no_number_is_told_where_such_ids_are_listed(
    arguments: tuple[str, ...], listed_by: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        cli([*arguments], prog_name="bridge")

    assert 2 == end.value.code
    assert "'abc' is no " in (said := capsys.readouterr().err)
    assert f"expected a whole number from 1, as `{listed_by}` shows them" in said


@pytest.mark.parametrize(
    "command",
    [("events", "list"), ("events", "rejected"), ("deliveries", "list"), ("deliveries", "show", "1"),
     ("targets", "list"), ("audit",)],
    ids=" ".join,
)  # fmt: skip
def test_who_only_looks_needs_the_database_and_no_configuration(
    bridge: Bridge, database: Database, command: tuple[str, ...]
) -> None:
    Store(database).receive(lead(1))
    (bridge.folder / "config.yaml").write_text("targets: {crm: {settings: ${NO_SUCH_SECRET}}}")
    del bridge.environment["TEST_SIGNING_KEY"]

    done = bridge.call(*command)

    assert (0, "") == (done.returncode, done.stderr)


def test_nothing_is_asked_where_nothing_is_dead(bridge: Bridge) -> None:
    bridge.call("migrate")

    done = bridge.call("replay", "--dead")

    assert (0, "Nothing is dead.\n") == (done.returncode, done.stdout)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("BRIDGE_LOG", "loud", "BRIDGE_LOG is 'loud': it must be one of debug"),
        ("DATABASE_URL", "postgres://u:p@h:abc/d", "in a password, write"),
        ("DATABASE_URL", "postgres://u:p@ss@127.0.0.1:1/d", "in a password, write"),
        ("DATABASE_URL", "sqlite:///bridge.db\r", "has a blank or a line end behind the address: write it without"),
        ("DATABASE_URL", " sqlite:///bridge.db", "has a blank or a line end before the address: write it without"),
        ("DATABASE_URL", "sqlite:///bridge\x1b.db", "has '\\x1b' in it: write it without"),
        ("DATABASE_URL", "sqlite:///bridge.db?mode=ro", "of SQLite name the file alone"),
        ("DATABASE_URL", "sqlite:///file::memory:?cache=shared&uri=true", "of SQLite name the file alone"),
        ("DATABASE_URL", "localhost:5432/db", "there is no ://"),
        ("DATABASE_URL", "sqlite:////nowhere/bridge.db", "/nowhere/bridge.db"),
        ("DATABASE_URL", "sqlite:////nowhere/bridge.db", "there is no folder /nowhere"),
        ("DATABASE_URL", "sqlite://nowhere/bridge.db", "lacks a slash: write sqlite:///bridge.db"),
        ("DATABASE_URL", "sqlite://bridge.db", "lacks a slash: write sqlite:///bridge.db"),
        ("DATABASE_URL", "postgres://u:p@127.0.0.1:1/d", "does it run there"),
    ],
)
def test_an_environment_that_cannot_be_meant_is_explained(bridge: Bridge, variable: str, value: str, said: str) -> None:
    bridge.environment[variable] = value

    done = bridge.call("migrate")

    assert 0 != done.returncode
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "ss@127" not in done.stderr  # the end of a password
