"""From a clean clone, as the host does it: installed by requirements.txt alone, the Procfile's own lines, a real
Postgres; restarted and killed under load, and no lead is lost or doubled.
"""

import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.deploy.heroku import ROOT, Slug, check_out, install, processes
from tests.deploy.platform import Platform
from tests.processes import KEY, free_port, wait_until


@contextmanager
def sandbox_inbox(programs: Path) -> Iterator[str]:
    """`bridge sandbox inbox` out of the built environment; gives its address."""
    command = [str(programs / "bridge"), "sandbox", "inbox"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield process.stdout.readline().partition("inbox: ")[2].strip()
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()


def at_inbox(url: str) -> list[dict[str, Any]]:
    """The fields of each record, as the example's `body` wraps them."""
    found: list[dict[str, Any]] = requests.get(f"{url}/_/items", timeout=10).json()
    return [item["fields"] for item in found]


def configure(app: Path) -> None:
    """The example, for a target on this machine."""
    example = (app / "config.example.yaml").read_text()
    config = example.replace("allow_private_addresses: false", "allow_private_addresses: true")
    assert config != example
    (app / "config.yaml").write_text(config)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A clean clone, configured."""
    found = check_out(tmp_path)
    configure(found)
    return found


@pytest.fixture
def programs(app: Path) -> Iterator[Path]:
    """What the buildpack makes of it: the folder of its environment's programs."""
    python = app.parent / "python"
    yield install(app, python)
    shutil.rmtree(python)  # 200 MB


@pytest.mark.timeout(420)
def test_what_the_buildpack_builds_loses_no_lead_through_restarts(
    app: Path, programs: Path, new_postgres: Callable[[], str]
) -> None:
    address = new_postgres().replace("postgresql://", "postgres://") + "&sslmode=disable"
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with sandbox_inbox(programs) as inbox:
        slug = Slug(
            app,
            programs,
            {"DATABASE_URL": address, "SMARTERBOT_SIGNING_KEY": KEY, "CRM_URL": f"{inbox}/leads"},
        )
        try:
            assert 0 == slug.run("release"), slug.log()
            web, worker = slug.start("web", port=port), slug.start("worker", port=free_port())
            web.wait_ready(url)
            with Platform(f"{url}/webhooks/smarterbot") as platform:
                platform.wait_for_more(20)

                assert 0 == slug.run("release"), slug.log()  # a deploy: the old ones still run
                assert [0, 0] == [web.terminate(), worker.terminate()], slug.log()
                web, worker = slug.start("web", port=port), slug.start("worker", port=free_port())
                web.wait_ready(url)
                platform.wait_for_more(20)

                web.kill()
                worker.kill()
                web, worker = slug.start("web", port=port), slug.start("worker", port=free_port())
                web.wait_ready(url)
                platform.wait_for_more(20)

            wait_until(lambda: platform.answered <= {item["email"] for item in at_inbox(inbox)}, timeout_s=90)
            assert [0, 0] == [web.terminate(), worker.terminate()], slug.log()
        finally:
            slug.stop()

        assert platform.failed > 0  # or nothing was restarted in mid-flight
        times = Counter(item["email"] for item in at_inbox(inbox))
        assert {1} == {times[email] for email in platform.answered}
        keys = requests.get(f"{inbox}/_/keys", timeout=10).json()
        assert len(keys) == len(times)
        assert {1} == {found["stored"] for found in keys.values()}
    log = slug.log()
    assert "Traceback" not in log
    for secret in (KEY, "visitor1@"):
        assert secret not in log


def test_the_procfile_has_what_the_host_runs() -> None:
    expected = {"release": "bridge migrate", "web": "bridge web", "worker": "bridge worker"}

    assert expected == processes((ROOT / "Procfile").read_text())
