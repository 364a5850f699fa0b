"""Mapping: one event onto a record of 12 fields against plain Python doing the same by hand; the check of a large
configuration; and how long an operator waits for `bridge map`.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from email_validator import validate_email

from bridge.config.load import load
from bridge.core.expression import names
from bridge.core.mapping import records_for
from bridge.model.delivery import Claim
from bridge.model.event import Event, Kind
from bridge.plugins import load_all
from bridge.testing.samples import claim_of
from tests.bench.figures import Line, ratio, value
from tests.bench.running import Bench
from tests.processes import configuration, http_target, lead

SOURCES = {"lead": "Web", "appointment": "Chat booking"}
VARS = {"start": "{{ content | label('Time') | datetime('%Y-%m-%d %I:%M %p') }}"}
FIELDS: dict[str, Any] = {
    "FirstName": "{{ first_name | title }}",
    "LastName": "{{ last_name | default('Unknown') }}",
    "Email": "{{ email | email }}",
    "Phone": "{{ phone | phone }}",
    "Company": "{{ full_name }}",
    "LeadSource": "{{ kind | lookup('source') }}",
    "Description": {"value": "{{ content }}", "max_length": 32000},
    "Subject": "Chat with {{ first_name }} about {{ content | first_line }}",
    "Start": "{{ vars.start }}",
    "End": "{{ vars.start | add(minutes=30) }}",
    "Campaign": "{{ page_url | query('utm_campaign') }}",
    "Booked": "{{ kind == 'appointment' }}",
}
NAMES = {f"Field_{n}": f"{{{{ {name} }}}}" for n, name in enumerate(list(names.NAMES)[:12])}
EVENT = Event(
    "smarterbot",
    Kind.APPOINTMENT,
    first_name="ada",
    last_name="King",
    email="ada@Example.com",
    phone="(212) 555-0147",
    content="About rooms in May\nTime: 2023-12-01 10:00 AM",
    page_url="https://example.com/rooms?utm_source=mail&utm_campaign=may",
    created_at=datetime(2023, 11, 28, 12, tzinfo=UTC),
)
TIMES = 2000


def lines(bench: Bench) -> list[Line]:
    """Figure 11, and 12 and 13 of the operator's waiting."""
    claim, mapping, named = claim_of(EVENT), _mapping(bench, FIELDS), _mapping(bench, NAMES)
    assert _by_hand(claim) == dict(records_for(claim, mapping)[0].fields)
    ours, baseline = bench.turns(
        partial(_took_us, lambda: records_for(claim, mapping)), partial(_took_us, lambda: _by_hand(claim))
    )
    (alone,) = bench.turns(partial(_took_us, lambda: records_for(claim, named)))
    large = _large(bench.folder)
    (checks,) = bench.turns(partial(_checked_ms, large))
    event = bench.folder / "event.json"
    event.write_text(json.dumps(lead(1, Content=EVENT.content)))
    shown, imported = bench.turns(
        partial(_cold_ms, bench.folder, "-m", "bridge", "map", str(event)),
        partial(_cold_ms, bench.folder, "-c", "import flask"),
    )
    return [
        ratio("11 one event onto 12 fields / by hand in Python", ours, baseline, " µs", at_most=10),
        value("11 the same with names alone", alone, " µs", at_most=60),
        value("12 check of 20 targets and 500 rules", checks, " ms"),
        ratio("13 bridge map from cold / import flask", shown, imported, " ms", at_most=3),
    ]


def _mapping(bench: Bench, fields: dict[str, Any]) -> Any:
    """The rule of a target with these fields; its configuration stays in the folder."""
    path = bench.folder / "config.yaml"
    path.write_text(_text({"crm": _target(fields)}))
    return _loaded(path).rules.targets["crm"].mapping


def _loaded(path: Path) -> Any:
    connectors, _ = load_all()
    return load(path, environment={}, connectors=connectors)


def _target(fields: dict[str, Any]) -> dict[str, Any]:
    return http_target("https://crm.example.com/x") | {"records": [{"name": "person", "fields": fields}]}


def _text(targets: dict[str, Any]) -> str:
    found = {"lookups": {"source": SOURCES}, "vars": VARS, "defaults": {"timezone": "America/New_York"}}
    return configuration(targets, **found)


def _large(folder: Path) -> Path:
    """20 targets with 25 rules each, no two alike, as an operator writes YAML: a key in each line."""
    path = folder / "large" / "config.yaml"
    path.parent.mkdir()
    rules = list(FIELDS.values())
    path.write_text(
        _text(
            {
                f"t{t}": _target(
                    {f"Field_{n}": rules[n % 12] if n < 12 else f"{n}.{t} {{{{ email | lower }}}}" for n in range(25)}
                )
                for t in range(20)
            }
        )
    )
    return path


def _checked_ms(path: Path) -> float:
    began = time.perf_counter()
    _loaded(path)
    return (time.perf_counter() - began) * 1000


def _cold_ms(folder: Path, *arguments: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=folder, env=_ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - began) * 1000


_ENVIRONMENT = {name: text for name, text in os.environ.items() if name not in ("BRIDGE_CONFIG", "DATABASE_URL")}


def _took_us(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    for _ in range(TIMES):
        work()
    return (time.perf_counter() - began) / TIMES * 1e6


def _by_hand(claim: Claim) -> dict[str, Any]:
    """What a programmer would write for these fields."""
    event = claim.stored.event
    mail = validate_email(event.email.strip(), check_deliverability=False)
    number = phonenumbers.parse(event.phone, "US")
    text = event.content.partition("Time:")[2].partition("\n")[0].strip()
    start = datetime.strptime(text, "%Y-%m-%d %I:%M %p").replace(tzinfo=ZoneInfo("America/New_York"))
    query = dict(part.split("=") for part in event.page_url.partition("?")[2].split("&"))
    return {
        "FirstName": event.first_name.title(),
        "LastName": event.last_name or "Unknown",
        "Email": mail.normalized,
        "Phone": phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        "Company": f"{event.first_name} {event.last_name}".strip(),
        "LeadSource": SOURCES[event.kind.value],
        "Description": event.content[:32000],
        "Subject": f"Chat with {event.first_name} about {event.content.splitlines()[0]}",
        "Start": start,
        "End": start + timedelta(minutes=30),
        "Campaign": query.get("utm_campaign"),
        "Booked": event.kind == "appointment",
    }
