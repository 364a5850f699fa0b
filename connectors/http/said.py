"""Said: what an API says in its answer, on one line and without a secret; it goes into reasons, which people read."""

import html
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from bridge.connector import Answer

MAX_SAID = 300  # characters of an answer that a reason quotes
MAX_READ_BYTES = 1 << 16  # of an answer, to find them in


def said(answer: Answer, secrets: list[str]) -> str:
    """What the API says; empty where that is no text. `secrets`: as `spellings` gives them."""
    kind = answer.headers.get("Content-Type", "text/plain").lower()
    if not any(word in kind for word in ("text", "json", "xml")):
        return ""
    text = answer.body[:MAX_READ_BYTES].decode("utf-8", "replace")
    for secret in secrets:  # some APIs quote the credentials that they refuse
        text = text.replace(secret, "***")
    if len(answer.body) > MAX_READ_BYTES and secrets:
        text = text[: -len(secrets[0])]  # a secret that is cut there may have begun in it
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:MAX_SAID]


def spellings(secrets: Iterable[str]) -> list[str]:
    """Every spelling of these texts, longest first."""
    return sorted({spelling for text in secrets if text for spelling in _spellings(text)}, key=len, reverse=True)


def _spellings(secret: str) -> set[str]:
    """How an API may write a text that it quotes: as it is, in JSON, in a URL or in HTML."""
    in_json = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    in_url = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    in_url |= {re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), text) for text in in_url}
    return {secret, html.escape(secret)} | in_json | in_url | {text.replace("/", "\\/") for text in in_json}
