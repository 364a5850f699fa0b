"""bridge connectors: what there is, what each can be told, and a package that works as it is written."""

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from bridge.sandbox.inbox import Inbox
from tests.cli.test_show import on_a_terminal
from tests.processes import KEY, Bridge, configuration, lead, running

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "connector-acme"


def run(command: list[str], *, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=240)


def bridge(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return Bridge(cwd, configuration({})).call("connectors", *arguments)


def test_each_connector_is_listed_with_its_package(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in bridge("list", cwd=tmp_path).stdout.splitlines()]

    assert {"name": "http", "package": "webhook-crm-bridge 0.1.0", "problem": ""} in rows


def test_what_can_be_told_to_one_is_described_key_by_key(tmp_path: Path) -> None:
    rows = {row["key"]: row for row in map(json.loads, bridge("describe", "http", cwd=tmp_path).stdout.splitlines())}

    assert ("text", True, False) == (rows["url"]["kind"], rows["url"]["required"], rows["url"]["secret"])
    assert ("POST or PUT or PATCH", "POST") == (rows["method"]["kind"], rows["method"]["default"])
    assert "of each request" == rows["method"]["description"]
    assert (True, True) == (rows["auth.bearer"]["required"], rows["auth.bearer"]["secret"])


def test_on_a_narrow_terminal_no_key_of_a_setting_is_cut(tmp_path: Path) -> None:
    keys = {json.loads(line)["key"] for line in bridge("describe", "salesforce", cwd=tmp_path).stdout.splitlines()}

    shown = on_a_terminal(Bridge(tmp_path, configuration({})), "connectors", "describe", "salesforce", columns=80)

    assert keys <= set(shown.split())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("describe", "htp"), "did you mean http?"),
        (("describe", "http", "--object", "Lead"), "--target and --object go together"),
        (("new", "My CRM"), "beginning with a letter"),
        (("new", "acme", "--folder", "."), ". is there already"),
    ],
)
def test_what_cannot_be_done_is_told(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    done = bridge(*arguments, cwd=tmp_path)

    assert 0 != done.returncode
    assert told in done.stderr


def test_the_example_is_what_new_writes(tmp_path: Path) -> None:
    assert 0 == bridge("new", "acme", cwd=tmp_path).returncode

    written = tmp_path / "connector-acme"
    paths = [path.relative_to(written) for path in written.rglob("*") if path.is_file()]
    assert {"pyproject.toml", "README.md"} < set(map(str, paths))
    assert [] == [path for path in paths if (written / path).read_text() != (EXAMPLE / path).read_text()]


def test_under_another_name_nothing_of_the_example_is_left(tmp_path: Path) -> None:
    assert 0 == bridge("new", "my-crm", cwd=tmp_path).returncode

    files = [path for path in (tmp_path / "connector-my-crm").rglob("*") if path.is_file()]
    assert [] == [path for path in files if "acme" in (str(path.relative_to(tmp_path)) + path.read_text()).lower()]
    assert "class MyCrm:" in (tmp_path / "connector-my-crm" / "bridge_my_crm" / "__init__.py").read_text()


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of its own with the bridge in it, as a wheel, and a package that `connectors new` wrote."""
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv" / "bin" / "python"
    assert 0 == bridge("new", "my-crm", cwd=folder).returncode
    uv = [str(Path(sys.executable).parent / "uv"), "pip", "install", "--quiet", "--python", str(python)]
    pins = ["--constraint", str(ROOT / "constraints.txt")]
    done = run([*uv, *pins, str(ROOT), f"{folder / 'connector-my-crm'}[test]"], cwd=folder)
    assert 0 == done.returncode, done.stderr
    return folder


@pytest.mark.timeout(300)
def test_a_package_of_its_own_passes_its_tests_in_a_clean_environment_and_delivers(clean: Path) -> None:
    bin_ = clean / "venv" / "bin"
    done = run([str(bin_ / "pytest"), "-q", "-p", "no:cacheprovider"], cwd=clean / "connector-my-crm")
    assert 0 == done.returncode, done.stdout
    assert "passed" in done.stdout

    listed = run([str(bin_ / "bridge"), "connectors", "list"], cwd=clean).stdout
    ours = {"http", "hubspot", "salesforce"}
    assert ours | {"my-crm"} == {json.loads(line)["name"] for line in listed.splitlines()}
    again = run([str(bin_ / "bridge"), "connectors", "new", "other"], cwd=clean)  # from the wheel
    assert 0 == again.returncode, again.stderr
    assert (clean / "connector-other" / "bridge_other" / "__init__.py").exists()


@pytest.mark.timeout(300)
def test_it_delivers_to_a_live_sandbox(clean: Path, tmp_path: Path) -> None:
    with Inbox() as inbox:
        settings = {"url": inbox.url, "api_key": "a-key", "allow_private_addresses": True}
        config = configuration({"mine": {"connector": "my-crm", "settings": settings}}, key=KEY)
        with running(tmp_path, config, python=str(clean / "venv" / "bin" / "python")) as bridge_:
            assert 200 == bridge_.post(lead(1)).status_code
            assert inbox.wait_for(lambda: inbox.counts().stored == 2, 30)
        rows = inbox.rows()
    assert ["contacts", "notes"] == [row.path.split("/")[1] for row in rows]
    assert "test" == (note := json.loads(rows[1].body))["text"]
    assert note["contact_id"]
