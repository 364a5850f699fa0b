"""Disk: what sharing a commit is worth where an fsync takes 8 ms more, as on many a cloud disk."""

import shutil
import subprocess

from tests.bench.figures import Line, ratio, skipped
from tests.bench.running import Bench, load

FIGURE = "8 accepts, fsync 8 ms slower / a commit each"
_SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>
int fsync(int file) { usleep(8000); return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(file); }
int fdatasync(int file) { usleep(8000); return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(file); }
"""


def lines(bench: Bench) -> list[Line]:
    """Figure 8; needs a C compiler, since a slow fsync can only be put under SQLite by LD_PRELOAD."""
    compiler = shutil.which("cc")
    if compiler is None:
        return [skipped(FIGURE, "no cc on the PATH")]
    folder = bench.new_folder()
    (folder / "slow.c").write_text(_SHIM)
    built = subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", folder / "slow.so", folder / "slow.c", "-ldl"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if built.returncode:
        return [skipped(FIGURE, f"cc cannot build the shim: {built.stderr.splitlines()[0]}")]
    shim = str(folder / "slow.so")
    ours, each = bench.web(LD_PRELOAD=shim), bench.app("commit-each", LD_PRELOAD=shim)
    seconds = bench.seconds(4, 2)
    rates = bench.turns(lambda: load(ours, seconds)["rate"], lambda: load(each, seconds)["rate"])
    return [ratio(FIGURE, *rates, "/s", at_least=10)]
