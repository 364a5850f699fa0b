"""Disk: the mount of a file, read from what Linux tells of its mounts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.store.disk import free_bytes, location_of

MOUNTS = r"""
22 1 0:21 / / rw,relatime shared:1 - overlay overlay rw,lowerdir=/l
23 22 0:22 / /proc rw - proc proc rw
30 22 254:1 / /data rw,relatime shared:5 master:2 - ext4 /dev/vdb rw
31 22 254:2 / /data\040of\040ours rw - xfs /dev/vdc rw
32 22 0:40 / /tmp rw - ext4 /dev/vdd rw
33 22 0:41 / /tmp rw - tmpfs tmpfs rw
a line of nonsense - x
- - -
"""


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    found = tmp_path / "mountinfo"
    found.write_text(MOUNTS)
    return found


@pytest.mark.parametrize(
    ("file", "mount", "kind"),
    [
        ("/app/bridge.db", "/", "overlay"),
        ("/data/bridge.db", "/data", "ext4"),
        ("/data/deep/er/bridge.db", "/data", "ext4"),
        ("/database/bridge.db", "/", "overlay"),
        ("/data of ours/bridge.db", "/data of ours", "xfs"),
        ("/tmp/bridge.db", "/tmp", "tmpfs"),
    ],
)
def test_the_innermost_and_latest_mount_counts(mounts: Path, file: str, mount: str, kind: str) -> None:
    place = location_of(file, mounts=mounts)

    assert (file, mount, kind) == (place.path, place.mount, place.kind)


def test_a_link_is_followed(mounts: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to("/data")

    assert "/data" == location_of(f"{tmp_path}/linked/bridge.db", mounts=mounts).mount


def test_a_system_that_tells_nothing_is_not_guessed_about(tmp_path: Path) -> None:
    place = location_of("bridge.db", mounts=tmp_path / "none")

    assert (os.path.abspath("bridge.db"), "", "", False) == (place.path, place.mount, place.kind, place.main)


def test_free_room_is_that_of_the_folder_also_where_there_is_no_file_yet(tmp_path: Path) -> None:
    found = os.statvfs(tmp_path)

    assert free_bytes(f"{tmp_path}/bridge.db") == pytest.approx(found.f_bavail * found.f_frsize, rel=0.2)
    assert free_bytes(f"{tmp_path}/none/bridge.db") is None


@pytest.mark.skipif(sys.platform != "linux", reason="other systems tell no mounts")
def test_the_mount_of_this_machine_is_the_one_that_the_system_names(tmp_path: Path) -> None:
    said = subprocess.run(
        ["stat", "--format=%m", str(tmp_path)], capture_output=True, text=True, check=True
    ).stdout.strip()

    assert said == location_of(f"{tmp_path}/bridge.db").mount
