"""Disk: on what kind of file system a database's file lies, as Linux tells it, and how much room is left there."""

import os
import re
from pathlib import Path

from bridge.core.hosting import Location

MOUNTS = Path("/proc/self/mountinfo")
_INITS = ("tini", "docker-init", "dumb-init", "catatonit")  # that only start what the container is for
_ESCAPE = re.compile(r"\\([0-7]{3})")


def location_of(file: str, *, mounts: Path = MOUNTS) -> Location:
    """Where the file lies, or would. Of another system than Linux nothing is told."""
    path = os.path.realpath(file)
    best, kind = "", ""
    for mount, its_kind in _mounts(mounts):
        if _holds(mount, path) and len(mount) >= len(best):  # of two at one point the later one counts
            best, kind = mount, its_kind
    return Location(path, best, kind, main=_is_main())


def free_bytes(file: str) -> int | None:
    """What this user may still write beside the file; None where that cannot be told."""
    found = _disk_of(file)
    return found.f_bavail * found.f_frsize if found and found.f_blocks else None  # some systems tell 0 of all


def total_bytes(file: str) -> int | None:
    """How large the disk is that the file lies on; None where that cannot be told."""
    found = _disk_of(file)
    return (found.f_blocks * found.f_frsize or None) if found else None


def id_of(file: str) -> tuple[int, int] | None:
    """Device and inode of a file; None where there is none."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def is_read_only(file: str) -> bool:
    """Whether nobody may write where the file lies."""
    found = _disk_of(file)
    return bool(found and found.f_flag & os.ST_RDONLY)


def _disk_of(file: str) -> os.statvfs_result | None:
    try:
        return os.statvfs(file)
    except OSError:
        pass
    try:
        return os.statvfs(os.path.dirname(os.path.realpath(file)))  # its folder, where it is not there yet
    except OSError:
        return None


def _mounts(file: Path) -> list[tuple[str, str]]:
    try:
        lines = file.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        before, separator, after = line.partition(" - ")
        fields = before.split(" ")
        if separator and len(fields) > 4 and after:
            found.append((_ESCAPE.sub(lambda octal: chr(int(octal[1], 8)), fields[4]), after.split(" ")[0]))
    return found


def _holds(mount: str, path: str) -> bool:
    return path == mount or path.startswith(mount.rstrip("/") + "/")


def _is_main() -> bool:
    """Whether a container was started for this very process: it is the first one there, or the child of a first one
    that does nothing else.
    """
    return os.getpid() == 1 or (os.getppid() == 1 and _name_of_first() in _INITS)


def _name_of_first() -> str:
    try:
        return Path("/proc/1/comm").read_text().strip()
    except OSError:
        return ""
