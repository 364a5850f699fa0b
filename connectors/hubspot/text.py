"""Text: values as HubSpot takes them: every property is a text; the bodies of activities are HTML."""

import html
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from bridge.connector import as_json

BODIES = frozenset({"hs_note_body", "hs_meeting_body", "hs_internal_meeting_notes", "hs_task_body"})
TIMES = frozenset({"hs_timestamp", "hs_meeting_start_time", "hs_meeting_end_time"})
LEFT_OUT = "Not in a field of HubSpot:"  # begins what is added to a body, and is no part of what was said
MAX_BODY = 65_536  # characters (https://developers.hubspot.com/docs/api/crm/notes)

_TAG = re.compile(r"<[^<>]*>")
_PLACE = re.compile(r"\{([A-Za-z_]\w*)\}")


def written(name: str, value: Any) -> str:
    """The text of a property; raises TypeError, ValueError where there is none."""
    return _body(value) if name in BODIES else text_of(value)


def text_of(value: Any) -> str:
    """A value as HubSpot writes it: null as an empty text, which empties the property."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case list() | tuple():
            return ";".join(map(text_of, value))  # of checkboxes: their values
        case _:
            return as_json(value).decode()


def as_html(text: str, *, longest: int = MAX_BODY) -> str:
    """A text for a body: what a visitor typed is shown as it was typed. Cut where it is too long."""
    found, length = [], 0
    for sign in text.replace("\r\n", "\n").replace("\r", "\n"):
        piece = "<br>" if sign == "\n" else html.escape(sign)
        length += len(piece)
        if length > longest:
            break
        found.append(piece)
    return "".join(found)


def alike(name: str, text: Any, other: Any) -> bool:
    """Whether two texts of a property say the same, however HubSpot writes them."""
    return _said(name, text) == _said(name, other)


def plain(body: str) -> str:
    """The words of a body, to compare two: HubSpot may write its HTML another way than it was sent."""
    return " ".join(html.unescape(_TAG.sub(" ", body)).split())


def _said(name: str, text: Any) -> str | float:
    text = text if isinstance(text, str) else ""
    if name in BODIES:
        return plain(text).partition(LEFT_OUT)[0].strip()
    return moment(text) if name in TIMES else " ".join(text.split())


def moment(text: str) -> str | float:
    """A time in whole seconds: of ISO 8601, or of milliseconds since 1970."""
    if text.isascii() and text.isdigit():
        return int(text[:15]) / 1000 // 1
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() // 1


def is_cut(name: str, value: Any) -> bool:
    """Whether a body is too long to be written as it is."""
    if name not in BODIES:
        return False
    texts = [text_of(one) for one in (value.values() if isinstance(value, Mapping) else [value])]
    return sum(map(len, texts)) > MAX_BODY // 6 and sum(len(as_html(one, longest=1 << 40)) for one in texts) > MAX_BODY


def _body(value: Any) -> str:
    """`{html: "<b>{said}</b>", said: "{{ content }}"}` is HTML, in which texts are put as texts; all else is a text."""
    if not isinstance(value, Mapping) or not isinstance(value.get("html"), str):
        return as_html(text_of(value).strip())
    filled = _PLACE.sub(lambda place: as_html(text_of(value.get(place[1]))), value["html"])
    return filled if len(filled) <= MAX_BODY else as_html(plain(filled))
