"""Sought: by which of its values a record can be recognised at the org, and whether a row has them. Pure."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from bridge.connector import Record, Ref, is_masked
from connectors.salesforce.change import value_of
from connectors.salesforce.phones import digits_of, digits_of_all, spellings
from connectors.salesforce.reference import key_of, leads_there, path_of
from connectors.salesforce.work import PREFIXES

LONGEST_SOUGHT = 255  # characters: what is longer is in no field that can be asked for

PHONES = ("Phone", "MobilePhone")
_ANCHORS = ("WhoId", "WhatId", "ParentId", "AccountId", "Subject", "LastName", "Name")  # that SOQL can filter by
_ID = re.compile(r"[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?")  # of another record, by a field of any name


def sought_of(record: Record) -> list[tuple[str, str]]:
    """The match fields of which the record has a value to ask for."""
    found = []
    for name in record.match:
        given = record.fields.get(name)
        value = None if key_of(name, given) else value_of(given)
        text = "" if value is None or isinstance(value, Ref) else str(value).strip()
        if 0 < len(text) <= LONGEST_SOUGHT and (spellings(text) if name in PHONES else not is_masked(text)):
            found.append((name, text))
    return found


def anchor_of(record: Record, *, strayed: bool = False) -> tuple[str, str] | None:
    """A field that SOQL can filter by, and its text, by which to find what an earlier attempt may have written.
    `strayed`: it hangs on somebody else by now.
    """
    texts = {name: text for name, text in record.fields.items() if isinstance(text, str) and text}
    if strayed:
        texts.pop("WhoId", None)
    found = next((name for name in _ANCHORS if len(texts.get(name, "")) in range(1, LONGEST_SOUGHT + 1)), None)
    found = found or next((name for name, text in texts.items() if _ID.fullmatch(text)), None)
    return (found, texts[found]) if found else None


def spelled(name: str, value: str, object_: str) -> Iterator[tuple[str, list[str]]]:
    if name in PHONES:
        for at in PHONES if object_ in PREFIXES.values() else (name,):
            yield at, spellings(value)
    else:
        yield name, [value]


def holds(row: Mapping[str, Any], name: str, value: str) -> bool:
    """Whether a record has this value in this field; a phone number may stand in the other field of phones."""
    if name in PHONES:
        return any(digits_of(row.get(at)) in digits_of_all(value) for at in PHONES)
    return str(row.get(name) or "").strip().casefold() == value.casefold()


def contradicts(row: dict[str, Any], name: str, value: str) -> bool:
    return bool(row.get(name)) and not is_masked(row[name]) and not holds(row, name, value)


def is_equal(stands: Any, value: Any) -> bool:
    """Whether a field holds what we wrote; a time is the same moment, however the org spells it."""
    if value is None or isinstance(value, Ref):
        return True
    if isinstance(value, dict):
        return path_of("", value) is None or leads_there(stands, value)
    if isinstance(stands, str) and isinstance(value, str):
        return _moment(stands) == _moment(value) or stands.strip() == value.strip()
    return bool(stands == value)


def _moment(text: str) -> str | float:
    try:
        return datetime.fromisoformat(text).timestamp() if "T" in text else text
    except ValueError:
        return text
