"""Change: what of a record's fields is sent, given what stands at the org already."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import blake2s
from typing import Any

from bridge.connector import Record, Ref, as_json, is_masked
from connectors.salesforce.reference import key_of, leads_there, path_of

TIMES = frozenset({"StartDateTime", "EndDateTime", "DurationInMinutes"})  # of an Event: they go together
LONGEST_TEXT = 32_000  # characters of a Description
NEWS = "Said in the chat:"  # begins a line below a text, see news.py


@dataclass(frozen=True, slots=True)
class Change:
    """Fields to send, and what of them had to be cut."""

    fields: dict[str, Any]
    degraded: str = ""


def created(record: Record, fields: Mapping[str, Any]) -> Change:
    """For a record that is not there yet; `fields`: by the names that the object has."""
    found = {name: sent(name, value) for name, value in fields.items() if value is not None}
    degraded = ""
    for name in _appended(record, fields):
        text = _signed(str(found[name]), record)
        degraded = _cut(name) if len(text) < len(str(found[name])) else degraded
        found[name] = text
    return Change(found, degraded)


def updated(record: Record, fields: Mapping[str, Any], there: Mapping[str, Any] | None) -> Change:
    """For a record that is there: nothing filled is emptied but where the mapping says so, and what is the same already
    is not sent again. `there`: what stands in its fields; None: that is not known.
    """
    appended = set(_appended(record, fields))
    found: dict[str, Any] = {}
    degraded = ""
    for name, value in fields.items():
        stands = (there or {}).get(name)
        if name in appended:
            if value is not None and (text := _after(stands, str(value_of(value)), record)) is not None:
                found[name] = text[:LONGEST_TEXT]
                degraded = _cut(name) if len(text) > LONGEST_TEXT else degraded
        elif record.if_empty or record.writes.get(name) == "if_empty":
            is_open = is_empty(stands) or (is_masked(stands) and not is_masked(value))
            if value is not None and is_open and not _is_unseen(name, value):
                found[name] = sent(name, value)
        elif is_masked(value) and not is_empty(stands) and stands != value:
            degraded = f"{name} is masked: what stands there was left as it is"
        else:
            found[name] = sent(name, value)
    news = {name: value for name, value in found.items() if not _same((there or {}).get(name, _OTHER), value)}
    if TIMES & news.keys():
        news |= {name: found[name] for name in TIMES & found.keys()}
    return Change(news, degraded)


def sent(name: str, value: Any) -> Any:
    """A field's value as the REST API takes it: one that names another record stays a mapping."""
    return {part: value_of(one) for part, one in value.items()} if key_of(name, value) else value_of(value)


def value_of(value: Any) -> Any:
    """A value as the REST API takes it: a time in UTC, a list as a multi-select picklist is written."""
    match value:
        case Ref() | None | bool() | int() | float() | str():
            return value
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
        case date():
            return value.isoformat()
        case list() | tuple():
            return ";".join(str(value_of(one)) for one in value if one is not None)
        case _:
            return as_json(value).decode()


def is_empty(value: Any) -> bool:
    return value is None or value == ""


def mark_of(record: Record) -> str:
    """By what a record of ours is known again: how its signatures begin."""
    return f"[chat {blake2s(record.key.encode(), digest_size=5).hexdigest()}-"


def signature_of(record: Record) -> str:
    """What is written after an appended text: by it, nobody appends it twice. The same on every attempt."""
    return f"{mark_of(record)}{blake2s(record.idempotency_key.encode(), digest_size=2).hexdigest()}]"


class _Other:
    pass


_OTHER = _Other()


def _appended(record: Record, fields: Mapping[str, Any]) -> list[str]:
    return [name for name, how in record.writes.items() if how == "append" and not is_empty(fields.get(name))]


def _cut(name: str) -> str:
    return f"{name} is full, and was cut at {LONGEST_TEXT} characters"


def _signed(text: str, record: Record) -> str:
    signature = signature_of(record)
    return f"{text[: LONGEST_TEXT - len(signature) - 1]}\n{signature}"


def _after(stands: Any, text: str, record: Record) -> str | None:
    """The text after what stands there; None where it was written already: by us, or in a revision before."""
    if is_empty(stands):
        return _signed(text, record)
    before, said = str(stands).replace("\r\n", "\n"), text.strip()
    is_alone = said in (before, before.partition(f"\n{NEWS}")[0])
    if signature_of(record) in before or is_alone or f"\n\n{said}\n{mark_of(record)}" in f"\n\n{before}":
        return None
    return f"{stands}\n\n{_signed(text, record)}"


def _is_unseen(name: str, value: Any) -> bool:
    """Whether what stands there cannot be asked for."""
    return bool(key_of(name, value)) and path_of(name, value) is None


def _same(stands: Any, value: Any) -> bool:
    """Whether a field holds this already, as far as that can be told: a time is spelled otherwise by the org."""
    if isinstance(value, dict):
        return leads_there(stands, value)
    return type(stands) is type(value) and stands == value
