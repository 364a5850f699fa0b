"""URLs: parts of a page's address, as chat widgets report it: `www.example.com/x` too. Total: any text in."""

import re
from typing import Any
from urllib.parse import unquote_plus

from bridge.core.filters.filter import Filter, checks, given
from bridge.core.filters.values import a_text, text_in
from bridge.core.text import page, storable

_PAGE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://(?P<authority>[^/?#\\]*)(?P<path>[^?#]*)")
_HOST = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^\s:\[\]<>\"'^`{|}%]+)(?::[0-9]*)?")
_LONGEST_AUTHORITY = 253 + len(":65535")  # RFC 1035


def _url_host(value: Any, /) -> str | None:
    found = _host_and_path(text_in(value, "url_host").strip())
    return found[0] if found else None


def _url_path(value: Any, /) -> str | None:
    text = text_in(value, "url_path").strip()
    if text.startswith("/") and not text.startswith("//"):
        return _without_query(text)
    found = _host_and_path(text)
    return found[1] or "/" if found else None


def _url_strip(value: Any, /) -> str | None:
    return _without_query(text_in(value, "url_strip").strip()) or None


def _query(value: Any, /, name: str) -> str | None:
    """The first value of the name, percent-decoded as HTML forms are; bytes that are no UTF-8 become U+FFFD."""
    url = text_in(value, "query")
    given(name, a_text, "query: its name must be a text that is not empty")
    for pair in url.partition("#")[0].partition("?")[2].split("&"):
        key, _, said = pair.partition("=")
        if key == name or (("%" in key or "+" in key) and unquote_plus(key) == name):
            return storable(unquote_plus(said)).strip() or None
    return None


def _host_and_path(text: str) -> tuple[str, str] | None:
    """The host in lower case and the path as it is written; None where the text is no URL with a host."""
    found = _PAGE.match(page(text))
    if not found:
        return None
    authority = found["authority"].rpartition("@")[2]
    host = _HOST.fullmatch(authority) if len(authority) <= _LONGEST_AUTHORITY else None
    is_said = "://" in text or text.startswith("//") or "." in authority or authority.startswith("localhost")
    return (host["host"].lower(), found["path"]) if host and is_said else None  # "hello" is a word


def _without_query(text: str) -> str:
    return text.partition("#")[0].partition("?")[0]


FILTERS = (
    Filter(
        "url_host",
        _url_host,
        summary="The host of a URL in lower case, without port and user.",
        example="{{ page_url | url_host }}",
        gives='"www.example.com"',
    ),
    Filter(
        "url_path",
        _url_path,
        summary="The path of a URL, as it is written; `/` where it has none.",
        example="{{ page_url | url_path }}",
        gives='"/pricing"',
    ),
    Filter(
        "url_strip",
        _url_strip,
        summary="A URL without query and fragment.",
        example="{{ page_url | url_strip }}",
        gives='"https://www.example.com/pricing"',
    ),
    Filter(
        "query",
        _query,
        check=checks(name=a_text),
        summary="The first value of this name in a URL's query, decoded; null where there is none.",
        example="{{ page_url | query('utm_source') }}",
        gives='"google"',
    ),
)
