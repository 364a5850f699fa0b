"""Heroku, on this machine: builds a slug as the Python buildpack does, and runs the Procfile's lines in dynos."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import requests

ROOT = Path(__file__).parents[2]
NOT_TRACKED = (".venv", ".git", "*_cache", "__pycache__", ".hypothesis", "build", "dist", "*.egg-info", "bridge.db*")
PROCESS = re.compile(r"([A-Za-z0-9_-]+):\s*(\S.*)")
BUILD_S = 300.0


def processes(procfile: str) -> dict[str, str]:
    """What a Procfile's text starts: commands by process type."""
    lines = [line for line in procfile.splitlines() if line.strip() and not line.startswith("#")]
    found = [PROCESS.fullmatch(line) for line in lines]
    assert all(found), procfile
    return {match[1]: match[2].strip() for match in found if match}


def check_out(folder: Path) -> Path:
    """A clean clone of what is committed here; where there is no repository, a copy of the files."""
    app = folder / "app"
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        shutil.copytree(ROOT, app, ignore=shutil.ignore_patterns(*NOT_TRACKED))
        return app
    (folder / "gitconfig").write_text("[safe]\n\tdirectory = *\n")  # whoever owns this checkout
    environment = os.environ | {"GIT_CONFIG_GLOBAL": str(folder / "gitconfig")}
    command = ["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(app)]
    subprocess.run(command, env=environment, check=True, timeout=60)
    return app


def install(app: Path, folder: Path) -> Path:
    """`pip install -r requirements.txt` and nothing else, into a fresh environment; gives its folder of programs."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=120)
    pip = [str(folder / "bin" / "pip"), "install", "--quiet", "-r", "requirements.txt"]
    done = subprocess.run(pip, cwd=app, env=_surroundings(), capture_output=True, text=True, timeout=BUILD_S)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "bin"


def _surroundings() -> dict[str, str]:
    """This process's environment without what would lead to another Python's packages. Bytecode is left to those who
    run: that halves the time, and the files.
    """
    found = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return found | {"PIP_NO_COMPILE": "1"}


class Slug:
    """A built application and the configuration of its app; its dynos share nothing but the database."""

    def __init__(self, app: Path, programs: Path, config: Mapping[str, str]) -> None:
        self.app = app
        self.processes = processes((app / "Procfile").read_text())
        self.log_path = app.parent / "log"
        self._running: list[Dyno] = []
        self._environment = {
            "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(app),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "WEB_CONCURRENCY": "2",
            "FORWARDED_ALLOW_IPS": "*",
            "TMPDIR": str(app.parent),
        } | config

    def start(self, process: str, *, port: int, command: str = "") -> "Dyno":
        """One dyno with the process of the Procfile, or another command."""
        environment = self._environment | {"DYNO": f"{process}.1", "PORT": str(port)}
        dyno = Dyno(command or self.processes[process], self.app, environment, self.log_path)
        self._running.append(dyno)
        return dyno

    def run(self, process: str, *, port: int = 0, command: str = "") -> int:
        """The exit code of one that ends by itself."""
        return self.start(process, port=port, command=command).wait(timeout_s=60)

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def stop(self) -> None:
        for dyno in self._running:
            dyno.kill()


class Dyno:
    """A process group. The host signals all of it."""

    def __init__(self, command: str, app: Path, environment: Mapping[str, str], log_path: Path) -> None:
        with log_path.open("ab") as log:
            self._process = subprocess.Popen(
                ["bash", "-c", command], cwd=app, env=dict(environment), stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip

    def terminate(self) -> int:
        """As at a deploy or the daily restart: SIGTERM, 30 s at the most. Gives the exit code."""
        os.killpg(self._process.pid, signal.SIGTERM)
        return self.wait(timeout_s=30)

    def kill(self) -> None:
        """As what a host does to those that do not end in time."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()

    def wait(self, *, timeout_s: float) -> int:
        return self._process.wait(timeout=timeout_s)

    def wait_ready(self, url: str, *, timeout_s: float = 60) -> None:
        """Returns when it answers on its port: a host gives it a minute."""
        until_s = time.monotonic() + timeout_s
        while time.monotonic() < until_s:
            assert self._process.poll() is None, f"ended with {self._process.returncode}"
            try:
                if requests.get(f"{url}/readyz", timeout=2).ok:
                    return
            except requests.RequestException:
                time.sleep(0.05)
        raise AssertionError(f"not ready after {timeout_s} s")
