"""docs/salesforce.md is true: its configurations load, and do what they say."""

import json
import re
from pathlib import Path

import pytest

from tests.processes import Bridge

TEXT = (Path(__file__).parents[3] / "docs" / "salesforce.md").read_text("utf-8")
BLOCKS = dict(re.findall(r"<!-- block: (\w+) -->\n```yaml\n(.*?)```", TEXT, re.DOTALL))
HEAD = 'version: 1\nsources: {smarterbot: {preset: newoaks, signing_keys: ["${KEY:-}"]}}\n'
SECRETS = {"SALES_CONSUMER_KEY": "a-key", "SALES_CONSUMER_SECRET": "a-secret"}


def written(folder: Path, *blocks: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(HEAD + "".join(BLOCKS[name] for name in blocks))
    return path


@pytest.mark.parametrize(
    "blocks", [("smallest",), ("smallest", "keys"), ("start", "smallest"), ("smallest", "reference")]
)
def test_its_configurations_are_good(tmp_path: Path, blocks: tuple[str, ...]) -> None:
    done = Bridge(tmp_path, written(tmp_path, *blocks).read_text(), environment=SECRETS).call("check")

    assert 0 == done.returncode, done.stderr


def test_a_time_in_another_form_is_read_by_a_var_alone(tmp_path: Path) -> None:
    bridge = Bridge(tmp_path, written(tmp_path, "start", "smallest").read_text(), environment=SECRETS)
    event = {"Type": "Appointment", "FirstName": "Ada", "Email": "a@example.com", "Content": "When: 01.12.2026 10:00"}
    (tmp_path / "event.json").write_text(json.dumps(event))

    done = bridge.call("map", "event.json")

    rows = [json.loads(line) for line in done.stdout.splitlines()]
    (booked,) = [row for row in rows if row.get("object") == "Event"]
    assert "2026-12-01T10:00:00-05:00" == booked["fields"]["StartDateTime"]


def test_another_record_is_named_by_an_external_id_of_its_own(tmp_path: Path) -> None:
    bridge = Bridge(tmp_path, written(tmp_path, "smallest", "reference").read_text(), environment=SECRETS)
    event = {"Type": "Lead", "LastName": "Lovelace", "Email": "ada@example.com", "Hotel": "H-1"}
    (tmp_path / "event.json").write_text(json.dumps(event))

    done = bridge.call("map", "event.json")

    lead, task = (row for row in map(json.loads, done.stdout.splitlines()) if row.get("object"))
    (made,) = json.loads(lead["request"]["body"])["compositeRequest"]
    assert {"Code__c": "H-1"} == made["body"]["Hotel__r"]
    assert {"attributes": {"type": "Account"}, "Account_No__c": "A-1"} == task["fields"]["What"]


def test_map_shows_what_would_be_written_where_nothing_is_there_yet(tmp_path: Path) -> None:
    bridge = Bridge(tmp_path, written(tmp_path, "smallest").read_text(), environment=SECRETS)
    event = {"Type": "Lead", "LastName": "Lovelace", "Email": "ada@example.com", "Content": "Hello"}
    (tmp_path / "event.json").write_text(json.dumps(event))

    done = bridge.call("map", "event.json")

    (lead,) = [row for row in map(json.loads, done.stdout.splitlines()) if row.get("object") == "Lead"]
    (written_,) = json.loads(lead["request"]["body"])["compositeRequest"]
    assert (1, "POST", "/services/data/v62.0/sobjects/Lead", "Lovelace") == (
        lead["looks"], written_["method"], written_["url"], written_["body"]["LastName"],
    )  # fmt: skip
    assert "a-secret" not in done.stdout
