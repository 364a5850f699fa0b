"""Samples: what the platform would send, in its own words; the lead is the vendor page's own example."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

from bridge.model.fields import Path
from bridge.model.paths import at
from bridge.model.rules import SourceRule

LEAD: dict[str, Any] = {
    "SerialNumber": "59001dd73709417321c58b11693183a2",
    "Type": "Lead",
    "FirstName": "David",
    "LastName": "Garcia",
    "Email": "test@qq.com",
    "PhoneNumber": "",
    "CreateTime": "2023-11-23T18:36:21.512302Z",
    "Content": "test",
    "SessionID": 31305,
    "URI": "www.google.com",
}
APPOINTMENT = LEAD | {
    "Type": "Appointment",
    "CreateTime": "2023-11-23T18:40:02.118000Z",
    "Content": "Time: 2023-12-01 10:00 AM",
}
# The same two, as the daily post spells them: other order, other precision, one name, a session as text.
DAILY = [
    {
        "Type": sample["Type"],
        "Name": "David  Garcia",
        "Email": "Test@QQ.com",
        "CreateTime": created_at,
        "SessionID": "31305",
        "Content": sample["Content"],
        "SerialNumber": sample["SerialNumber"],
        "URI": "https://www.google.com/",
    }
    for sample, created_at in ((LEAD, "2023-11-23T18:36:21Z"), (APPOINTMENT, "2023-11-23T19:40:02.1+01:00"))
]
SUCCESS = '{"status":"success"}'
TESTED = '{"status":"Success: test request received"}'


@dataclass(frozen=True)
class Sample:
    """One line of the demo: what is sent, and what is promised of it."""

    name: str
    body: bytes
    answer: str  # its beginning
    status: int = 200
    forged: bool = False
    fault: dict[str, Any] = field(default_factory=dict)  # for each target, before it is sent
    visitor: dict[str, Any] = field(default_factory=dict)  # of whom something new is said
    kind: str = "lead"
    revision: int = 1

    @property
    def is_news(self) -> bool:
        """Whether anything new is to reach the targets."""
        return bool(self.visitor)


def other_visitor(name: str) -> dict[str, Any]:
    """A lead of somebody else, just now."""
    now = time.time_ns()
    created_at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now // 10**9)) + f".{now // 1000 % 10**6:06}Z"
    first, _, last = name.partition(" ")
    email = f"{first}.{last}@example.com".lower()
    return LEAD | {
        "FirstName": first, "LastName": last, "Email": email, "SessionID": now % 10**9, "CreateTime": created_at
    }  # fmt: skip


def demo_samples() -> list[Sample]:
    """The main job and its bad days, in an order that makes each one's effect visible."""
    slow, hanging = other_visitor("Ada Lovelace"), other_visitor("Grace Hopper")
    return [
        Sample("the vendor page's lead", _wire(LEAD), SUCCESS, visitor=LEAD),
        Sample(
            "an appointment of the same visitor", _wire(APPOINTMENT), SUCCESS, visitor=LEAD, kind="appointment"
        ),
        Sample("a test request", b"{}", TESTED),
        Sample("the lead, sent again", _wire(LEAD), SUCCESS),
        Sample("the daily array, spelled otherwise", _wire(DAILY), SUCCESS),
        Sample(
            "a revision: now with a phone", _wire(LEAD | {"PhoneNumber": "+1 212 555 0147"}), SUCCESS,
            visitor=LEAD, revision=2,
        ),
        Sample("signed, but unreadable", b'{"Type": "Lead", "FirstName": ', SUCCESS),
        Sample("a forged one", _wire(other_visitor("Mal Lory")), '{"status":"error"', status=401, forged=True),
        Sample(
            "one that each target answers with 503, twice", _wire(slow), SUCCESS, visitor=slow,
            fault={"match": {"body_contains": slow["Email"]}, "times": 2, "status": 503, "stored": False},
        ),
        Sample(
            "one that each target stores and never answers", _wire(hanging), SUCCESS, visitor=hanging,
            fault={"match": {"body_contains": hanging["Email"]}, "times": 1, "hang": True, "stored": True},
        ),
    ]  # fmt: skip


def sample_for(rule: SourceRule, sample: dict[str, Any]) -> dict[str, Any]:
    """The platform's sample as this source would spell it: with a value at each path that it declares."""
    if rule.fields is None or not sample:
        return sample
    kind = sample["Type"].lower()
    said = {name: sample[vendor] for name, vendor in _VENDOR_WORDS.items()}
    said["name"] = f"{sample['FirstName']} {sample['LastName']}"
    value: Any = {}
    for name, paths in rule.fields.texts.items():
        _put(value, paths[0], said[name])
    if rule.fields.kind.path:
        words = [word for word, found in rule.fields.kind.values.items() if found == kind and word != "*"]
        _put(value, rule.fields.kind.path, words[0] if words else kind)
    for path in rule.key:
        if at(value, path) is None:
            _put(value, path, f"{sample['SessionID']}-{sample['CreateTime']}")
    if not rule.fields.events:
        return value  # type: ignore[no-any-return]
    whole: dict[str, Any] = {}
    _put(whole, rule.fields.events, [value])
    return whole


_VENDOR_WORDS = {
    "chatbot_id": "SerialNumber",
    "session_id": "SessionID",
    "first_name": "FirstName",
    "last_name": "LastName",
    "email": "Email",
    "phone": "PhoneNumber",
    "content": "Content",
    "page_url": "URI",
    "created_at": "CreateTime",
}


def _put(value: Any, path: Path, item: Any) -> None:
    """Writes the item at the path, with the objects and lists on the way to it."""
    for step, after in zip(path, (*path[1:], None), strict=True):
        inner = item if after is None else [] if after.isdigit() else {}
        if isinstance(value, list) and step.isdigit():
            value.extend({} for _ in range(int(step) + 1 - len(value)))
            value[int(step)] = value[int(step)] if after is not None and value[int(step)] else inner
            value = value[int(step)]
        elif isinstance(value, dict):
            value = value.setdefault(step, inner)
        else:
            return  # another field's path ends on the way


def _wire(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
