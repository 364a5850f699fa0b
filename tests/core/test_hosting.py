"""Hosting: which hosts lose a file, which addresses want encryption. Values in, verdicts out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.hosting import (
    HOSTS,
    VANISHING,
    Host,
    Location,
    host_of,
    is_allowed,
    may_be_lost,
    needs_tls,
    refusal,
    why_not_sqlite,
)

ROOT = Location("/app/bridge.db", mount="/", kind="ext4")
VOLUME = Location("/data/bridge.db", mount="/data", kind="ext4")


@pytest.mark.parametrize(
    "environment",
    [
        {"DYNO": "web.1"},
        {"RENDER": "true"},
        {"FLY_APP_NAME": "bridge"},
        {"RAILWAY_ENVIRONMENT_ID": "x"},
        {"RAILWAY_PROJECT_ID": "x"},
        {"K_SERVICE": "bridge"},
        {"VCAP_APPLICATION": "{}"},
        {"KOYEB_APP_NAME": "bridge"},
    ],
)
def test_a_file_on_the_root_of_a_known_host_is_lost_and_the_fix_is_said(environment: dict[str, str]) -> None:
    why_not = why_not_sqlite(environment, ROOT, alone=True) or ""

    assert "/app/bridge.db would be lost" in why_not
    assert "Postgres" in why_not
    assert "DATABASE_URL" in why_not


def test_heroku_has_no_disk_that_stays_whatever_is_mounted() -> None:
    why_not = why_not_sqlite({"DYNO": "web.1"}, VOLUME, alone=True) or ""

    assert "heroku addons:create heroku-postgresql:essential-0" in why_not


@pytest.mark.parametrize(
    ("environment", "fix"),
    [({"RENDER": "true"}, "disk"), ({"FLY_APP_NAME": "b"}, "fly volumes create"), ({"KOYEB_APP_NAME": "b"}, "volume")],
)
def test_a_file_on_a_volume_is_kept_and_one_beside_it_is_not(environment: dict[str, str], fix: str) -> None:
    assert why_not_sqlite(environment, VOLUME, alone=True) is None
    assert fix in (why_not_sqlite(environment, ROOT, alone=True) or "")


@pytest.mark.parametrize("mount", ["/tmp", "/opt/render/project/src"])
def test_a_mount_of_the_hosts_own_is_no_volume(mount: str) -> None:
    place = Location(f"{mount}/bridge.db", mount=mount, kind="ext4")

    assert why_not_sqlite({"RENDER": "true"}, place, alone=True) is not None


@pytest.mark.parametrize(("folder", "kept"), [("/data", True), ("/database", False), ("/app", False)])
def test_railway_says_where_its_volume_is(folder: str, kept: bool) -> None:
    environment = {"RAILWAY_PROJECT_ID": "x", "RAILWAY_VOLUME_MOUNT_PATH": "/data"}
    place = Location(f"{folder}/bridge.db", mount=folder, kind="ext4")

    assert kept == (why_not_sqlite(environment, place, alone=True) is None)


@given(st.sampled_from([host for host in HOSTS if host.volume]), st.sampled_from(VANISHING))
def test_no_file_in_memory_or_in_a_layer_is_kept(host: Host, kind: str) -> None:
    environment = {host.signs[0]: "x"}

    assert why_not_sqlite(environment, Location("/data/b", mount="/data", kind=kind), alone=True) is not None


@given(st.sampled_from(HOSTS), st.sampled_from([ROOT, VOLUME]))
def test_processes_that_are_started_apart_share_no_file_on_a_known_host(host: Host, place: Location) -> None:
    environment = {host.signs[0]: "x", "RAILWAY_VOLUME_MOUNT_PATH": "/data"}

    assert "`bridge serve`" in (why_not_sqlite(environment, place, alone=False) or "")


@given(st.sampled_from(["ext4", "xfs", "btrfs", "", *VANISHING]), st.booleans())
def test_a_machine_of_ones_own_may_keep_its_file_anywhere(kind: str, alone: bool) -> None:
    assert why_not_sqlite({}, Location("/tmp/x/bridge.db", mount="/tmp", kind=kind), alone=alone) is None


@pytest.mark.parametrize(("kind", "kept"), [("overlay", False), ("tmpfs", False), ("ext4", True), ("btrfs", True)])
def test_a_container_that_is_started_for_the_bridge_needs_a_volume(kind: str, kept: bool) -> None:
    place = Location("/data/bridge.db", mount="/", kind=kind, main=True)

    why_not = why_not_sqlite({}, place, alone=True)

    assert kept == (why_not is None)
    assert kept or "docker run -v bridge:/data" in (why_not or "")


@pytest.mark.parametrize(("value", "allowed"), [(None, False), ("", False), ("0", False), ("1", True), (" 1\n", True)])
def test_an_operator_may_allow_it(value: str | None, allowed: bool) -> None:
    assert allowed == is_allowed({} if value is None else {"BRIDGE_ALLOW_EPHEMERAL_SQLITE": value})


@pytest.mark.parametrize("value", ["yes", "true", "2"])
def test_what_is_neither_yes_nor_no_is_told(value: str) -> None:
    with pytest.raises(ValueError, match="must be 1, or unset"):
        is_allowed({"BRIDGE_ALLOW_EPHEMERAL_SQLITE": value})


def test_an_operator_who_allows_it_is_warned_and_not_refused() -> None:
    environment = {"DYNO": "web.1", "BRIDGE_ALLOW_EPHEMERAL_SQLITE": "1"}

    assert refusal(environment, ROOT, alone=True) is None
    assert may_be_lost(environment, ROOT)
    assert "BRIDGE_ALLOW_EPHEMERAL_SQLITE=1" in (refusal({"DYNO": "web.1"}, ROOT, alone=True) or "")


@pytest.mark.parametrize(("kind", "warned"), [("overlay", True), ("tmpfs", True), ("ext4", False), ("", False)])
def test_a_layer_elsewhere_is_warned_of_unless_it_is_allowed(kind: str, warned: bool) -> None:
    place = Location("/tmp/bridge.db", mount="/tmp", kind=kind)

    assert refusal({}, place, alone=True) is None
    assert warned == may_be_lost({}, place)
    assert not may_be_lost({"BRIDGE_ALLOW_EPHEMERAL_SQLITE": "1"}, place)


# TLS


@pytest.mark.parametrize("address", ["ec2-1-2-3-4.compute-1.amazonaws.com", "host", "10.0.0.5", "2001:db8::1", "db."])
@pytest.mark.parametrize("sign", ["DYNO", "RENDER", "FLY_APP_NAME"])
def test_a_far_database_of_a_known_host_is_spoken_to_in_cipher(sign: str, address: str) -> None:
    assert needs_tls({sign: "x"}, address)


@pytest.mark.parametrize(
    "address",
    ["", "/var/run/postgresql", "@socket", "localhost", "LOCALHOST.", "db.localhost", "127.0.0.1", "127.9.9.9", "::1"],
)
def test_a_socket_and_this_machine_are_not(address: str) -> None:
    assert not needs_tls({"DYNO": "web.1"}, address)


@pytest.mark.parametrize(
    "address", ["postgres.railway.internal", "top1.nearest.of.pg.internal", "pg.flycast", "dpg-a1-a"]
)
def test_nor_is_the_hosts_own_network(address: str) -> None:
    assert not needs_tls({"RAILWAY_PROJECT_ID": "x"}, address)


def test_libpqs_own_variables_count() -> None:
    assert not needs_tls({"DYNO": "web.1", "PGSSLMODE": "disable"}, "db.example.com")
    assert needs_tls({"DYNO": "web.1", "PGHOST": "db.example.com"}, "")
    assert not needs_tls({"DYNO": "web.1", "PGHOST": "/run/postgresql"}, "")


@given(st.text())
def test_no_address_is_too_strange(address: str) -> None:
    assert needs_tls({"DYNO": "web.1"}, address) in (True, False)
    assert not needs_tls({}, address)


@given(st.dictionaries(st.sampled_from(["HOME", "PATH", "PORT", "FLY_API_TOKEN", "RAILWAY_TOKEN"]), st.text()))
def test_a_developers_machine_is_no_host(environment: dict[str, str]) -> None:
    assert host_of(environment) is None
