"""Map: an Event becomes the Records that a target gets. Late, so that a repaired mapping applies on replay.

A target without a mapping gets one record: the whole canonical event, in the words that every connector shares. A
connector may bring records of its own (`default_records`): each value there is a constant, or the text `{{ name }}`
with the name of something the event says, or of an earlier record's id.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bridge.core.text import nearest
from bridge.model.delivery import Claim
from bridge.model.event import Event, Kind, StoredEvent
from bridge.model.record import Record, Ref
from bridge.model.rules import KEYED_BY, Named, RecordRule

LONGEST_NAME = 31  # a record key is an event's or a person's (32), and may have ":" and a name after it (64 in all)
MOST_RECORDS = 20
_PARTS = "a name, an object, fields, and perhaps keyed_by (event or person)"

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PLACEHOLDER = re.compile(r"\{\{\s*([a-z_]+(?:\.[a-z0-9_]+)*)\s*\}\}")
_REF = re.compile(r"records\.([a-z0-9_]+)\.id")


def records_for(claim: Claim, rules: tuple[RecordRule, ...] = ()) -> list[Record]:
    """The records of one delivery, in the order in which they are to be written. `Ref`s in them are not resolved."""
    key = idempotency_key(claim)
    if not rules:
        return [_record(claim, "event", "event", claim.stored.key, whole_event(claim.stored), key)]
    said = names_of(claim.stored)
    return [
        _record(claim, rule.name, rule.object, record_key, _filled(rule, said), f"{key}-{rule.name}")
        for rule, record_key in _keyed(claim, rules)
    ]


def record_keys(claim: Claim, rules: tuple[RecordRule, ...] = ()) -> set[str]:
    """The keys of the records that the delivery would write."""
    return {record_key for _, record_key in _keyed(claim, rules)} if rules else {claim.stored.key}


def idempotency_key(claim: Claim) -> str:
    """Key and revision: the same on every attempt and replay, another for other content or `replay --as-new`."""
    copy = f"-{claim.copy}" if claim.copy else ""
    return f"{claim.stored.key}-{claim.stored.revision}{copy}"


def read_records(declared: Iterable[Mapping[str, Any]]) -> tuple[RecordRule, ...]:
    """The rules that `default_records` declare; raises ValueError with what is wrong and where."""
    rules: list[RecordRule] = []
    if isinstance(declared, str | Mapping):
        raise ValueError(f"default_records: this is a {type(declared).__name__}: write a list of mappings")
    for number, one in enumerate(declared):
        rules.append(_read_record(one, at=f"default_records[{number}]", earlier=[rule.name for rule in rules]))
    if not 1 <= len(rules) <= MOST_RECORDS:
        raise ValueError(f"default_records: from 1 to {MOST_RECORDS} records are possible, not {len(rules)}")
    return tuple(rules)


def whole_event(stored: StoredEvent) -> dict[str, Any]:
    """The canonical event as one JSON object."""
    event = stored.event
    return {
        "id": stored.id,
        "key": stored.key,
        "revision": stored.revision,
        "source": event.source,
        "kind": event.kind.value,
        "chatbot_id": event.chatbot_id,
        "session_id": event.session_id,
        "first_name": event.first_name,
        "last_name": event.last_name,
        "email": event.email,
        "phone": event.phone,
        "content": event.content,
        "page_url": event.page_url,
        "created_at": _iso(event.created_at),
        "received_at": _iso(stored.received_at),
        "raw": event.raw,
    }


def names_of(stored: StoredEvent) -> dict[str, Any]:
    """What a placeholder can stand for."""
    event = whole_event(stored)
    full_name = f"{stored.event.first_name} {stored.event.last_name}".strip()
    return event | {"event": event, "event_id": stored.id, "full_name": full_name}


def _record(
    claim: Claim, name: str, object_: str, record_key: str, fields: Mapping[str, Any], idempotency_key: str
) -> Record:
    link = claim.links.get((record_key, object_))
    return Record(
        name=name,
        object=object_,
        key=record_key,
        fields=fields,
        idempotency_key=idempotency_key,
        known_id=link.crm_id or None if link else None,
        uncertain=claim.uncertain,
        if_empty=claim.if_empty,
    )


def _keyed(claim: Claim, rules: tuple[RecordRule, ...]) -> Iterator[tuple[RecordRule, str]]:
    """Each record with its key. The second of the same object under the same key is told apart by its name."""
    seen: set[tuple[str, str]] = set()
    for rule in rules:
        key = claim.person if rule.keyed_by == "person" else claim.stored.key
        if (key, rule.object) in seen:
            key = f"{key}:{rule.name}"
        seen.add((key, rule.object))
        yield rule, key


def _filled(rule: RecordRule, said: Mapping[str, Any]) -> dict[str, Any]:
    """The record's fields. What the event does not say is left out: it must not empty what the CRM knows."""
    fields = {name: said[value.name] if isinstance(value, Named) else value for name, value in rule.fields}
    return {name: value for name, value in fields.items() if value is not None and value != ""}


def _read_record(one: Mapping[str, Any], *, at: str, earlier: list[str]) -> RecordRule:
    if not isinstance(one, Mapping):
        raise ValueError(f"{at}: this is a {type(one).__name__}: write a mapping with {_PARTS}")
    missing = [part for part in ("name", "object", "fields") if part not in one]
    unknown = sorted(str(part) for part in one.keys() - {"name", "object", "keyed_by", "fields"})
    if missing or unknown:
        found = [f"{part!r} is missing" for part in missing] + [f"{part!r} is unknown" for part in unknown]
        raise ValueError(f"{at}: {', '.join(found)}: a record has {_PARTS}")
    name, object_, keyed_by, fields = one["name"], one["object"], one.get("keyed_by", "event"), one["fields"]
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise ValueError(f"{at}.name: a-z, 0-9 and _, beginning with a letter, at most {LONGEST_NAME} characters")
    if name in earlier:
        raise ValueError(f"{at}.name: {name!r} is an earlier record's name")
    if not isinstance(object_, str) or not 0 < len(object_) <= 128:
        raise ValueError(f"{at}.object: a text of 1 to 128 characters: the target's word for this kind of record")
    if keyed_by not in KEYED_BY:
        raise ValueError(f"{at}.keyed_by: one of {', '.join(KEYED_BY)}")
    if not isinstance(fields, Mapping) or not all(isinstance(field, str) and field for field in fields):
        raise ValueError(f"{at}.fields: a mapping of field names to values")
    values = {field: _read_value(value, at=f"{at}.fields.{field}", earlier=earlier) for field, value in fields.items()}
    return RecordRule(name, object_, keyed_by, tuple(values.items()))


def _read_value(value: Any, *, at: str, earlier: list[str]) -> Any:
    if _has_placeholder_within(value):
        raise ValueError(f"{at}: a placeholder is a field's whole value: inside a list or a mapping it stays as it is")
    if not isinstance(value, str) or "{{" not in value:
        return value
    found = _PLACEHOLDER.fullmatch(value.strip())
    if found is None:
        raise ValueError(f"{at}: write one name, such as {{{{ email }}}}, and nothing around it")
    name = found[1]
    if ref := _REF.fullmatch(name):
        if ref[1] not in earlier:
            known = f"the earlier ones are {', '.join(earlier)}" if earlier else "this one is the first"
            raise ValueError(f"{at}: there is no earlier record {ref[1]!r}: {known}")
        return Ref(ref[1])
    if name not in NAMES:
        near = nearest(name, NAMES)
        advice = f"did you mean {near}?" if near else f"there are {', '.join(sorted(NAMES))}"
        raise ValueError(f"{at}: an event has no {name!r}: {advice}")
    return Named(name)


def _has_placeholder_within(value: Any) -> bool:
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return any((isinstance(part, str) and "{{" in part) or _has_placeholder_within(part) for part in parts)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None


NAMES = frozenset(names_of(StoredEvent(0, "", 0, datetime.fromtimestamp(0, UTC), Event("", Kind.LEAD))))
