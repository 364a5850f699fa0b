"""Hiding: what a reason may quote of an API's answer, and what not: the secrets in settings, in every way in which an
API may send them back.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any
from urllib.parse import quote, quote_plus

from bridge.connector.secret import Secret

MAX_QUOTED = 300  # characters of a text that a reason quotes
MAX_READ = 1 << 16  # of a text, to find them in


def secrets_in(settings: Any) -> Iterator[str]:
    """Every secret in the settings, in the order of their declaration; empty ones left out."""
    return (value.reveal() for value in values_in(settings) if isinstance(value, Secret) and value)


def values_in(settings: Any) -> Iterator[Any]:
    """Every value in the settings, however deep, in the order of their declaration."""
    if is_dataclass(settings) and not isinstance(settings, type):
        for one in fields(settings):
            yield from values_in(getattr(settings, one.name))
    elif isinstance(settings, Mapping):
        for value in settings.values():
            yield from values_in(value)
    elif isinstance(settings, list | tuple | set | frozenset):
        for value in settings:
            yield from values_in(value)
    else:
        yield settings


def quotable(text: str, *, hidden: Iterable[str] = ()) -> str:
    """What a reason may quote of a text: on one line, not too long, with stars in place of each of these secrets in
    whatever spelling.
    """
    known = spellings(hidden)
    read = text[:MAX_READ]
    for spelling in known:
        read = read.replace(spelling, "***")
    if len(text) > MAX_READ and known:
        read = read[: -len(known[0])]  # a secret that is cut there may have begun in it
    return " ".join("".join(sign if sign.isprintable() else " " for sign in read).split())[:MAX_QUOTED]


def spellings(secrets: Iterable[str]) -> list[str]:
    """Every spelling of these texts, longest first: replace them in this order."""
    return sorted({spelling for text in secrets if text for spelling in _spellings(text)}, key=len, reverse=True)


def _spellings(secret: str) -> set[str]:
    """How an API may write a text that it quotes: as it is, in JSON, in a URL or in HTML."""
    in_json = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    in_url = {quote(secret, safe="", errors="replace"), quote(secret, errors="replace")}
    in_url.add(quote_plus(secret, errors="replace"))
    in_url |= {re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), text) for text in in_url}
    return {secret, html.escape(secret)} | in_json | in_url | {text.replace("/", "\\/") for text in in_json}
