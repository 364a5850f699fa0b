"""What each command imports: no more than it needs, so that it starts quickly."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.processes import configuration, http_target

CONFIGURED = """
from bridge.wiring.configured import configured
from bridge.wiring.plugged import connector_of
for rule in configured().rules.targets.values():
    connector_of(rule)
"""
WITH_MISTAKES = """
import bridge.cli
from bridge.errors import ConfigError
try:
    bridge.cli.cli(["-c", "mistakes.yaml", "check"], prog_name="bridge")
except ConfigError:
    pass
"""
SALESFORCE = {
    "connector": "salesforce",
    "settings": {"url": "https://acme.my.salesforce.com", "auth": {"access_token": "a token"}},
}
RARE = {"alembic", "rich", "phonenumbers", "hubspot", "simple_salesforce"}
WEB = {"flask", "granian", "werkzeug", "prometheus_client"}
STORE = {"sqlalchemy", "psycopg", "sqlite3"}
CONFIG = {"pydantic", "yaml"}


@pytest.mark.parametrize(
    ("code", "not_needed"),
    [
        (CONFIGURED, RARE | WEB | STORE | {"requests", "tenacity"}),
        (WITH_MISTAKES, RARE | WEB | STORE | {"requests", "tenacity"}),
        ("import bridge.connector", RARE | WEB | STORE | CONFIG | {"requests", "urllib3", "click"}),
        ("import bridge.engine.restringify_apart", RARE | WEB | STORE | CONFIG | {"requests", "urllib3", "click"}),
        ("import bridge.cli.look", RARE | WEB | CONFIG | {"requests", "urllib3", "tenacity", "psycopg"}),
        ("import bridge.cli.schema", RARE | WEB | STORE | {"requests", "tenacity"}),
        ("import bridge.cli.migrate", RARE | WEB | CONFIG | {"requests", "urllib3", "tenacity", "psycopg"}),
        ("import bridge.cli.send", RARE | WEB | STORE),
        ("import bridge.cli.committer", RARE | WEB | {"requests", "urllib3", "psycopg"}),
        ("import bridge.cli.web", RARE | {"requests", "urllib3", "psycopg"}),
        ("import bridge.cli.worker", RARE | WEB | {"psycopg"}),
    ],
)
def test_nothing_is_imported_that_has_no_use(tmp_path: Path, code: str, not_needed: set[str]) -> None:
    targets = {"crm": http_target("https://crm.example.com/leads"), "salesforce": SALESFORCE}
    (tmp_path / "mistakes.yaml").write_text("version: 1\nsources:\n  smarterbot:\n    presett: newoaks\n")

    assert "" == imported(tmp_path, code, not_needed, targets=targets)


def test_a_hubspot_target_is_made_ready_without_hubspots_client(tmp_path: Path) -> None:
    """It is large: it comes with the first request."""
    targets = {"crm": {"connector": "hubspot", "settings": {"access_token": "a-token"}}}

    assert "" == imported(tmp_path, CONFIGURED, {"hubspot", "requests", "dateutil"}, targets=targets)


def imported(folder: Path, code: str, watched: set[str], *, targets: dict[str, Any]) -> str:
    """Which of these modules a process has after this code."""
    (folder / "config.yaml").write_text(configuration(targets))
    ask = f"{code}\nimport sys\nprint(*sorted({watched} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", ask], cwd=folder, env={**os.environ, "BRIDGE_CONFIG": "config.yaml"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    assert 0 == done.returncode, done.stderr
    return done.stdout.strip()
