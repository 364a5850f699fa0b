"""The command line, as its users meet it: help, mistakes, exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.sandbox.inbox import Inbox
from tests.processes import Bridge, configuration, http_target

COMMANDS = ("serve", "web", "worker", "migrate", "check", "send", "events", "deliveries", "quarantine",
            "targets", "replay", "audit", "demo",
            "sandbox")  # fmt: skip


@pytest.fixture
def bridge(tmp_path: Path) -> Bridge:
    return Bridge(tmp_path, configuration({"crm": http_target("https://crm.example.com/leads")}))


def test_help_names_every_command_and_imports_nothing_heavy() -> None:
    code = (
        "import sys, bridge.cli\n"
        "try: bridge.cli.cli(['--help'], prog_name='bridge')\n"
        "except SystemExit: pass\n"
        "heavy = {'sqlalchemy', 'flask', 'pydantic', 'requests', 'rich', 'granian', 'alembic', 'hubspot'}\n"
        "print(sorted(heavy & sys.modules.keys()), file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)

    assert "[]" == done.stderr.strip()
    assert all(f"\n  {command} " in done.stdout for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(bridge: Bridge, command: str) -> None:
    done = bridge.run(command, "--help")

    assert 0 == done.returncode
    assert "Usage: bridge" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (("chekc",), "check"),
        (("targets", "puase", "crm"), "pause"),
        (("deliveries", "list", "--state", "deda"), "dead"),
        (("send", "leed"), "lead"),
        (("replay",), "--dead"),
        (("replay", "1", "--dead"), "one of them"),
        (("deliveries", "list", "--config", "x.yaml"), "bridge --config FILE deliveries list"),
    ],
)
def test_a_typing_mistake_is_usage_and_gets_advice(bridge: Bridge, arguments: tuple[str, ...], advice: str) -> None:
    done = bridge.call(*arguments)

    assert 2 == done.returncode
    assert advice in done.stderr
    assert "Traceback" not in done.stderr


def test_check_lists_all_mistakes_with_their_places_and_exits_with_1(bridge: Bridge) -> None:
    (bridge.folder / "config.yaml").write_text(
        "version: 1\nsources:\n  smarterbot:\n    presett: newoaks\ntargets:\n  crm:\n    connector: htpp\n"
    )

    done = bridge.call("check")

    assert 1 == done.returncode
    assert "config.yaml:4:5" in done.stderr
    assert "preset" in done.stderr
    assert "config.yaml:7:16" in done.stderr
    assert "http" in done.stderr
    assert "Traceback" not in done.stderr


def test_check_of_a_good_configuration_says_so(bridge: Bridge) -> None:
    done = bridge.run("check")

    assert 0 == done.returncode
    assert "the configuration is good" in done.stdout


def test_check_connect_asks_every_target_and_says_which_refuses_us(bridge: Bridge) -> None:
    with Inbox() as inbox:
        targets = {
            "good": http_target(inbox.url, settings={"probe": {"url": f"{inbox.url}/_/healthz"}}),
            "gone": http_target(inbox.url, settings={"probe": {"url": "http://127.0.0.1:9/"}}),
            "mute": http_target(inbox.url),
        }
        targets["good"]["delivery"] = {"rate": "20/s"}
        (bridge.folder / "config.yaml").write_text(configuration(targets))

        done = bridge.call("check", "--connect")

    assert 1 == done.returncode
    assert "target gone cannot be used: probe: connect: refused" in done.stderr
    assert "target good: usable" in done.stdout
    assert (
        "target mute: not asked: no probe is configured; add `probe: {url: …}` under targets.mute.settings"
        in done.stdout
    )
    assert 1 == done.stdout.count("probe:")
    assert 0 == inbox.counts().arrivals
    assert [] == [*bridge.folder.glob("*.db*")]  # whoever only looks makes no database


@pytest.mark.parametrize("command", ["serve", "web", "worker", "check"])
def test_a_missing_configuration_is_named_and_nothing_starts(bridge: Bridge, command: str) -> None:
    (bridge.folder / "config.yaml").unlink()

    done = bridge.run(command)

    assert 1 == done.returncode
    assert "config.yaml" in done.stderr
    assert "`bridge init` writes one" in done.stderr


def test_commands_that_need_the_database_say_how_to_make_it(bridge: Bridge) -> None:
    done = bridge.call("events", "list")

    assert 4 == done.returncode
    assert "bridge migrate" in done.stderr


def test_an_unusable_database_url_is_explained(bridge: Bridge) -> None:
    bridge.environment["DATABASE_URL"] = "mysql://somewhere/db"

    done = bridge.call("migrate")

    assert 4 == done.returncode
    assert "only Postgres and SQLite" in done.stderr


def test_migrate_may_be_repeated(bridge: Bridge, database_url: str) -> None:
    bridge.environment["DATABASE_URL"] = database_url

    first, second = bridge.call("migrate"), bridge.call("migrate")

    assert "brought to version" in first.stdout
    assert "already at version" in second.stdout


def test_unknown_things_are_named_with_what_there_is(bridge: Bridge) -> None:
    bridge.call("migrate")

    pause, event, delivery = (
        bridge.call("targets", "pause", "crn"),
        bridge.call("events", "show", "17"),
        bridge.call("deliveries", "show", "17"),
    )

    assert (1, 1, 1) == (pause.returncode, event.returncode, delivery.returncode)
    assert "crm" in pause.stderr
    assert "bridge events list" in event.stderr
    assert "bridge deliveries list" in delivery.stderr


def test_targets_list_prints_json_lines_when_nobody_watches(bridge: Bridge) -> None:
    bridge.call("migrate")
    bridge.call("targets", "pause", "crm", "--why", "noon")

    (line,) = bridge.call("targets", "list").stdout.splitlines()

    assert ("crm", "paused", "noon") == tuple(json.loads(line)[name] for name in ("name", "state", "why"))


def test_send_says_that_nothing_is_running(bridge: Bridge) -> None:
    done = bridge.call("send", "lead")

    assert 4 == done.returncode
    assert "bridge serve" in done.stderr


def test_the_demo_keeps_every_promise(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bridge", "demo", "--exit"], capture_output=True, text=True, timeout=110, cwd=tmp_path
    )

    assert 0 == done.returncode, done.stdout
    told = "10 requests sent; 5 records at the inbox, 4 records in Salesforce, 4 records in HubSpot, each once."
    assert told in " ".join(done.stdout.split())
