"""What a command says for itself stands on its standard output, and nothing else does."""

import json
import subprocess
import sys
from pathlib import Path

from tests.packages import CONNECTORS, put


def test_a_broken_package_is_named_on_the_standard_error_and_the_rest_goes_on(tmp_path: Path) -> None:
    put(tmp_path, "bridge-broken", CONNECTORS, "broken = no_such_module:Nothing")
    (tmp_path / "config.yaml").write_text(
        json.dumps({"version": 1, "sources": {"a": {"signing_keys": ["a signing key"]}}, "targets": {}})
    )

    done = subprocess.run(
        [sys.executable, "-m", "bridge", "check"],
        cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    assert "broken" not in done.stdout
    assert "connector 'broken' of package bridge-broken 1.0 cannot be imported" in done.stderr
    assert "the configuration is good" in done.stdout
