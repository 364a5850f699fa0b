"""Body: the bytes that are sent for one record. Writes them itself, so that what is signed is what is sent."""

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote

from bridge.connector import Record, Wrong, as_json
from connectors.http.wrong import Place

Body = Literal["event", "cloudevents"] | dict[str, Any]

TYPE_PREFIX = "webhook-crm-bridge"  # of a CloudEvent's type
_FILLED = ("{{event}}", "{{object}}")


def content_type(body: Body) -> str:
    return "application/cloudevents+json" if body == "cloudevents" else "application/json"


def written(body: Body, record: Record) -> bytes:
    """What the settings make of the record, as compact UTF-8. Raises ValueError, TypeError where JSON has no word."""
    return as_json(_filled(body, record))


def wrong_body(body: Body) -> list[Wrong]:
    """What cannot be sent, each at its place."""
    return _wrong(body, ("body",)) if isinstance(body, dict) else []


def wrong_template(text: str, *, at: Place, in_key: bool = False) -> list[Wrong]:
    """Why this text is no constant, if so."""
    if "{{" not in text:
        return []
    hint = (
        'map it under `records`; in `body`, "{{ event }}" as a whole value stands for the event or the record, '
        '"{{ object }}" for its `object`'
    )
    return [Wrong(at, "settings are constants: {{ … }} has no meaning here", hint, in_key)]


def _filled(body: Any, record: Record) -> Any:
    match body:
        case "event":
            return dict(record.fields)
        case "cloudevents":
            return _cloudevent(record)
        case _:
            return _with_record(body, record)


def _cloudevent(record: Record) -> dict[str, Any]:
    """CloudEvents 1.0 in structured mode (https://github.com/cloudevents/spec, v1.0.2 §3.1).

    `source` and `id` together are unique, and the same on every attempt. `time` is when the visitor wrote; else when
    the bridge received it.
    """
    fields = record.fields
    time = fields.get("created_at") or fields.get("received_at")
    found = {
        "specversion": "1.0",
        "id": record.idempotency_key,
        "source": f"/sources/{quote(str(fields.get('source', '')), safe='')}",
        "type": f"{TYPE_PREFIX}.{fields.get('kind', record.object)}",
        "time": time,
        "datacontenttype": "application/json",
        "data": dict(fields),
    }
    return {name: value for name, value in found.items() if value is not None}


def _with_record(constant: Any, record: Record) -> Any:
    """The constant, with the record's fields and object in their places."""
    if isinstance(constant, Mapping):
        return {key: _with_record(value, record) for key, value in constant.items()}
    if isinstance(constant, list):
        return [_with_record(value, record) for value in constant]
    match _place(constant):
        case "{{event}}":
            return dict(record.fields)
        case "{{object}}":
            return record.object
        case _:
            return constant


def _wrong(constant: Any, at: Place) -> list[Wrong]:
    if isinstance(constant, Mapping):
        keys = [wrong for key in constant for wrong in wrong_template(str(key), at=(*at, key), in_key=True)]
        return keys + [wrong for key, value in constant.items() for wrong in _wrong(value, (*at, key))]
    if isinstance(constant, list):
        return [wrong for n, value in enumerate(constant) for wrong in _wrong(value, (*at, n))]
    return [] if _place(constant) or not isinstance(constant, str) else wrong_template(constant, at=at)


def _place(constant: Any) -> str:
    """The place of the record's fields or object; empty for what is no such place."""
    text = "".join(constant.split()) if isinstance(constant, str) else ""
    return text if text in _FILLED else ""
