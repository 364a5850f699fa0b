"""docs/hubspot.md cannot lie: its examples load, and it has every setting, object and hold."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from bridge.config.load import load
from connectors.hubspot import HubSpot, HubSpotSettings, OAuth, Unique
from connectors.hubspot.errors import CASES, Meaning
from connectors.hubspot.objects import ASSOCIATIONS
from connectors.hubspot.records import DEFAULT_RECORDS
from tests.connectors.hubspot.trying import trying
from tests.processes import Bridge, configuration, lead

PAGE = (Path(__file__).parents[3] / "docs" / "hubspot.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
HEAD = 'version: 1\nsources: {main: {signing_keys: ["a long signing key"]}}\n'
SECRETS = dict.fromkeys(("HUBSPOT_TOKEN", "HUBSPOT_CLIENT_SECRET", "HUBSPOT_REFRESH_TOKEN"), "a-secret-for-tests")


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_loads(tmp_path: Path, example: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(HEAD + example, encoding="utf-8")

    rule = load(path, environment=SECRETS, connectors={"hubspot": HubSpot}).rules.targets["crm"]

    assert "hubspot" == rule.connector


def test_every_setting_and_association_stands_on_the_page() -> None:
    names = {one.name for kind in (HubSpotSettings, OAuth, Unique) for one in fields(kind)}
    names |= {name.partition(".")[2] for name in ASSOCIATIONS} | {str(one["object"])[:-1] for one in DEFAULT_RECORDS}

    assert set() == {name for name in names if not re.search(rf"(?<![\w-]){name}(?![\w-])", PAGE)}


def test_every_property_that_is_written_by_default_stands_on_the_page() -> None:
    usual = {"to_contact", "hs_meeting_outcome", "hs_task_status", "hs_task_type"}
    names = {name for one in DEFAULT_RECORDS for name in one["fields"]} - usual

    assert set() == {name for name in names if f"`{name}`" not in PAGE}


def test_every_hold_of_the_table_stands_on_the_page() -> None:
    table = PAGE[PAGE.index("## What a hold means") :]
    statuses = {case.status[0] for case in CASES if case.meaning is Meaning.HOLD and len(case.status) == 1}

    assert set() == {status for status in statuses if str(status) not in table}


def test_the_records_of_the_page_arrive(tmp_path: Path) -> None:
    (example,) = [one for one in EXAMPLES if "records:" in one]
    path = tmp_path / "config.yaml"
    path.write_text(HEAD + example, encoding="utf-8")
    rule = load(path, environment=SECRETS, connectors={"hubspot": HubSpot}).rules.targets["crm"]
    with trying() as hubspot:
        result = hubspot.brought(rule.mapping, hubspot.lead_of(content="<i>Hi</i>"))

        assert "Delivered" == type(result.outcome).__name__, result.outcome
        (note,) = hubspot.api.of("notes")
        assert note["hs_note_body"].startswith(
            "<p><strong>From the chat:</strong></p><p>&lt;i&gt;Hi&lt;/i&gt;</p><p>https:"
        )


def test_the_requests_that_write_are_shown_without_hubspot(tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text(json.dumps(lead(1, PhoneNumber="+12125550147")))
    targets = {"crm": {"connector": "hubspot", "settings": {"access_token": "a-secret-for-tests"}}}

    shown = Bridge(tmp_path, configuration(targets)).call("map", "event.json")

    assert 0 == shown.returncode, shown.stderr
    for path in ("/crm/v3/objects/contacts/batch/upsert", "/crm/v3/objects/notes/batch/create"):
        assert path in shown.stdout
    assert "(id of person)" in shown.stdout
    assert "a-secret-for-tests" not in shown.stdout
