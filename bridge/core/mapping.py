"""Map: an Event becomes the Records that a target gets. Late, so that a repaired mapping applies on replay.

A target without records gets one: the whole canonical event, in the words that every connector shares.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bridge.core.expression import Expression
from bridge.core.expression.language import ORIGIN
from bridge.core.expression.names import names_of
from bridge.core.nested import Nested
from bridge.errors import MappingError
from bridge.model.delivery import Claim
from bridge.model.event import StoredEvent
from bridge.model.json_text import iso
from bridge.model.mapping import Condition, FieldRule, MappingRule, Names, Origin, RecordRule
from bridge.model.record import LEFT_OUT, Later, Record, Ref

LONGEST_VALUE = 1 << 18  # characters that one field may have

OPEN = (Expression, Nested)  # what depends on the event

_WHOLE = MappingRule()
_ANYWHERE = Origin()


def records_for(claim: Claim, mapping: MappingRule = _WHOLE) -> list[Record]:
    """The records of one delivery, in the order in which they are to be written; none where no `when` holds.

    Raises MappingError. `Ref`s in them are not resolved, and what depends on earlier ids otherwise is a `Later`.
    """
    key = idempotency_key(claim)
    names = names_for(claim.stored, mapping)
    if not _holds(mapping.when, names, "when"):
        return []
    if not mapping.records:
        return [_record(claim, RecordRule("event", "event"), claim.stored.key, whole_event(claim.stored), key)]
    found: list[Record] = []
    skipped: set[str] = set()
    for rule, record_key in _keyed(claim, mapping.records):
        if rule.needs & skipped or not _holds(rule.when, names, f"{rule.name}.when"):
            skipped.add(rule.name)
        else:
            found.append(_record(claim, rule, record_key, _fields(rule, names), f"{key}-{rule.name}"))
    return found


def record_keys(claim: Claim, mapping: MappingRule = _WHOLE) -> set[str]:
    """The keys of the records that the delivery would write."""
    return {record_key for _, record_key in _keyed(claim, mapping.records)} if mapping.records else {claim.stored.key}


def idempotency_key(claim: Claim) -> str:
    """Key and revision: the same on every attempt and replay, another for other content or `replay --as-new`."""
    copy = f"-{claim.copy}" if claim.copy else ""
    return f"{claim.stored.key}-{claim.stored.revision}{copy}"


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
        "created_at": iso(event.created_at) if event.created_at else None,
        "received_at": iso(stored.received_at),
        "raw": event.raw,
    }


def names_for(stored: StoredEvent, mapping: MappingRule) -> "_Names":
    """What expressions and conditions may ask for."""
    names = _Names(names_of(stored), stored=stored)
    names[ORIGIN] = mapping.origins.get(stored.event.source, _ANYWHERE)
    if mapping.vars:
        names["vars"] = _Vars(mapping.vars, names)
    return names


class _Names(dict[str, Any]):
    """Names with their values; the whole event is made when it is first asked for."""

    def __init__(self, values: Names, *, stored: StoredEvent) -> None:
        super().__init__(values)
        self.stored = stored

    def __contains__(self, name: object) -> bool:
        return name == "event" or super().__contains__(name)

    def __missing__(self, name: str) -> Any:
        if name != "event":
            raise KeyError(name)
        self[name] = whole_event(self.stored)
        return self[name]

    def beside(self, records: Mapping[str, Any]) -> "_Names":
        """The same, and what is known of earlier records."""
        return _Names({**self, "records": records}, stored=self.stored)


class _Vars(dict[str, Any]):
    """The vars; each is computed when it is first asked for."""

    def __init__(self, declared: Mapping[str, Any], names: Names) -> None:
        super().__init__()
        self._declared = declared
        self._names = names

    def get(self, name: str, default: Any = None) -> Any:
        if name not in self:
            declared = self._declared[name]
            self[name] = declared.value(self._names) if isinstance(declared, OPEN) else declared
        return self[name]


def _record(claim: Claim, rule: RecordRule, record_key: str, fields: Mapping[str, Any], idempotency_key: str) -> Record:
    link = claim.links.get((record_key, rule.object))
    return Record(
        name=rule.name,
        object=rule.object,
        key=record_key,
        fields=fields,
        idempotency_key=idempotency_key,
        known_id=link.crm_id or None if link else None,
        uncertain=claim.uncertain,
        if_empty=claim.if_empty,
        match=rule.match,
        mode=rule.mode,
        writes={field.name: field.write for field in rule.fields if field.write != "always" and field.name in fields},
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


def _fields(rule: RecordRule, names: _Names) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for field in rule.fields:
        value = _value(field, names, f"{rule.name}.{field.name}")
        if value is not LEFT_OUT:
            fields[field.name] = value
    return fields


def _value(field: FieldRule, names: _Names, at: str) -> Any:
    """What the field is to hold. What the event does not say is left out: it must not empty what the CRM knows."""
    if field.when is not None and not _holds(field.when, names, f"{at}.when"):
        return LEFT_OUT
    declared = field.value
    if isinstance(declared, Ref):
        return declared
    if not isinstance(declared, OPEN):
        return _kept(field, declared, at)
    if declared.records:
        return Later(declared.records, lambda known: _kept(field, _asked(field, names.beside(known), at), at))
    return _kept(field, _asked(field, names, at), at)


def _asked(field: FieldRule, names: Names, at: str) -> Any:
    try:
        return field.value.value(names)
    except ValueError as error:
        if field.on_error == "omit":
            return None
        raise MappingError(at, f"{error}, in {field.value.text}") from error


def _kept(field: FieldRule, value: Any, at: str) -> Any:
    """The value within its bounds; what says nothing is null, or left out."""
    if isinstance(value, str):
        if field.max_length is not None:
            value = value[: field.max_length]
        if len(value) > LONGEST_VALUE:
            raise MappingError(at, f"a text of more than {LONGEST_VALUE:,} characters: cut it with max_length")
    if value is None or value == "":
        if field.required:
            text = field.value.text if isinstance(field.value, OPEN) else "its value"
            raise MappingError(at, f"required, and this event has nothing for it: {text} is empty")
        return None if field.nulls == "send" else LEFT_OUT
    return value


def _holds(condition: Condition | None, names: Names, at: str) -> bool:
    try:
        return condition is None or condition.holds(names)
    except ValueError as error:
        raise MappingError(at, str(error)) from error
