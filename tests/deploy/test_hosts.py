"""On a host that empties its disk the bridge says so before it takes a single lead; on any other it starts."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.sandbox.inbox import Inbox
from bridge.wiring.databases import open_database
from tests.processes import Bridge, configuration, http_target, lead, running, wait_until

PASSWORD = "hunter2/secret"


def url_of(address: str, **environment: str) -> str:
    return open_database({"DATABASE_URL": address} | environment).url.render_as_string(hide_password=False)


# the address


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_herokus_address_becomes_one_for_our_driver_in_cipher(scheme: str) -> None:
    found = url_of(f"{scheme}://u:hunter2%2Fsecret@ec2-1.amazonaws.com:5432/d1?connect_timeout=9", DYNO="web.1")

    assert (
        "postgresql+psycopg://u:hunter2%2Fsecret@ec2-1.amazonaws.com:5432/d1?connect_timeout=9&sslmode=require" == found
    )


@pytest.mark.parametrize(
    "address",
    [
        "postgres://u:p@far.example.com/d?sslmode=disable",
        "postgres://u:p@far.example.com/d?sslmode=verify-full&sslrootcert=/x",
        "postgres://u:p@localhost/d",
        "postgres:///d?host=/var/run/postgresql",
        "postgres://u:p@far.example.com/d?hostaddr=127.0.0.1",
        "postgres://u:p@/d?service=ours",
    ],
)
def test_what_the_address_says_of_encryption_is_kept(address: str) -> None:
    assert url_of(address) == url_of(address, DYNO="web.1")


def test_off_a_host_nothing_is_added() -> None:
    assert "sslmode" not in url_of("postgres://u:p@far.example.com/d")


def test_one_far_address_of_several_is_enough() -> None:
    assert "sslmode=require" in url_of("postgres:///d?host=localhost,far.example.com", RENDER="true")


def test_an_operator_never_sees_the_password(tmp_path: Path) -> None:
    bridge = Bridge(tmp_path, configuration({}), database_url="postgres://u:hunter2%2Fsecret@127.0.0.1:1/d")

    done = bridge.call("migrate")

    assert 4 == done.returncode
    assert "u:***@127.0.0.1:1/d" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr


# the file


@pytest.fixture
def bridge(tmp_path: Path) -> Bridge:
    return Bridge(tmp_path, configuration({"crm": http_target("https://crm.example.com/leads")}))


@pytest.mark.parametrize("command", ["serve", "web", "worker", "migrate"])
def test_a_host_that_empties_its_disk_is_refused_with_the_fix(bridge: Bridge, command: str) -> None:
    bridge.environment["DYNO"] = f"{command}.1"

    done = bridge.run(command)

    assert 1 == done.returncode
    assert "heroku addons:create heroku-postgresql:essential-0" in done.stderr
    assert 1 == len(done.stderr.splitlines())
    assert done.stderr.startswith("bridge: ")
    assert [] == list(bridge.folder.glob("bridge.db*"))


@pytest.mark.parametrize("command", ["web", "worker"])
def test_processes_apart_are_refused_even_where_the_loss_is_allowed(bridge: Bridge, command: str) -> None:
    bridge.environment |= {"RENDER": "true", "BRIDGE_ALLOW_EPHEMERAL_SQLITE": "1"}

    done = bridge.run(command)

    assert 1 == done.returncode
    assert "`bridge serve`" in done.stderr
    assert "BRIDGE_ALLOW" not in done.stderr


def test_a_loss_that_is_allowed_is_warned_of_and_starts(tmp_path: Path) -> None:
    with Inbox() as inbox:
        config = configuration({"inbox": http_target(inbox.url)})
        with running(tmp_path, config, DYNO="web.1", BRIDGE_ALLOW_EPHEMERAL_SQLITE="1") as bridge:
            assert 200 == bridge.post(lead(1)).status_code

            assert inbox.wait_for(lambda: len(inbox.items()) == 1, 20)

    assert 1 == bridge.log().count("may be lost with the machine")


def test_a_switch_that_is_neither_on_nor_off_is_told(bridge: Bridge) -> None:
    bridge.environment["BRIDGE_ALLOW_EPHEMERAL_SQLITE"] = "yes"

    done = bridge.run("serve")

    assert 1 == done.returncode
    assert "bridge: BRIDGE_ALLOW_EPHEMERAL_SQLITE is 'yes': it must be 1, or unset" == done.stderr.strip()


def test_who_only_looks_is_not_refused(bridge: Bridge) -> None:
    bridge.call("migrate")
    bridge.environment["DYNO"] = "run.1"

    assert 0 == bridge.call("events", "list").returncode


CONTAINER = ("unshare", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc")


@pytest.mark.skipif(
    not shutil.which("unshare") or subprocess.run([*CONTAINER, "true"], capture_output=True).returncode != 0,
    reason="this user may not make a container",
)
def test_a_container_without_a_volume_is_refused(bridge: Bridge) -> None:
    (bridge.folder / "layer").mkdir()
    bridge.environment["DATABASE_URL"] = f"sqlite:///{bridge.folder}/layer/bridge.db"
    script = 'mount -t tmpfs none layer && exec "$0" -m bridge serve'

    done = subprocess.run(
        [*CONTAINER, "sh", "-c", script, sys.executable],
        env=bridge.environment, cwd=bridge.folder, capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    assert 1 == done.returncode
    assert f"docker run -v bridge:{bridge.folder}/layer" in done.stderr


# one dyno


def test_one_process_for_all_takes_the_hosts_port_and_no_advice_on_processes(
    tmp_path: Path, new_postgres: Callable[[], str]
) -> None:
    with Inbox() as inbox:
        config = configuration({"inbox": http_target(inbox.url)})
        bridge = Bridge(
            tmp_path,
            config,
            database_url=new_postgres(),
            environment={"DYNO": "web.1", "WEB_CONCURRENCY": "7", "FORWARDED_ALLOW_IPS": "*"},
        )
        try:
            bridge.start("serve")
            bridge.wait_ready()
            assert 200 == bridge.post(lead(1)).status_code

            wait_until(lambda: len(inbox.items()) == 1)
            assert 1 == bridge.log().count('"event": "listening"')
        finally:
            bridge.stop()
