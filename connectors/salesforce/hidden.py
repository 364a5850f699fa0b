"""Hidden: what no reason may quote, also where the org, or something on the way to it, sends back what it was sent."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus

from bridge.connector import Secret


def secrets_in(value: Any) -> Iterator[str]:
    """Every secret in the settings."""
    if isinstance(value, Secret):
        if value:
            yield value.reveal()
    elif is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            yield from secrets_in(getattr(value, one.name))


def masked(text: bytes, secrets: Iterable[str]) -> bytes:
    """The text with stars in place of these secrets, in whatever way they are spelled in JSON, XML or a form."""
    for spelling in sorted({one for secret in secrets for one in _spelled(secret)}, key=len, reverse=True):
        text = text.replace(spelling.encode(errors="replace"), b"***")
    return text


def _spelled(secret: str) -> Iterator[str]:
    yield from (secret, escape(secret), json.dumps(secret)[1:-1], quote(secret, safe=""), quote_plus(secret))
