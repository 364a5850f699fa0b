"""Disks of their own for tests; whoever may not mount one here skips the test."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def mounted(folder: Path, *, size_bytes: int) -> Iterator[Path]:
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "none", str(folder)], check=False)
    if done.returncode:
        pytest.skip("may not mount a disk here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def change(disk: Path, options: str) -> None:
    """Mounts it again, with other options such as `ro`."""
    subprocess.run(["mount", "-o", f"remount,{options}", str(disk)], check=True)
