"""HTML as text: what a reader of the page would see, line by line. Linear in its input.

Not `html.parser`: in Python 3.11.7 it took 33 s on 60 KB of `<a `, and raised AssertionError on `<![x`.
"""

import re
from typing import Any

from bridge.core.filters.filter import Filter
from bridge.core.filters.values import text_in

# Each alternative ends, or fails, where the next one could begin, or takes all that is left. A `<` that no tag follows
# stays: people write `a < b`, and hearts.
_MARKUP = re.compile(
    r"<!--(?:.*?-->|.*)"
    r"|<(?P<unseen>script|style)\b[^<>]*>(?:.*?</(?P=unseen)\b[^<>]*>|.*)"
    r"""|</?(?P<tag>[a-z][^\s/<>"']*)(?:(?:[^<>"']|"[^"]*"|'[^']*')*+>|[^<>]*+>)"""
    r"|<[!?][^<>]*>",
    re.IGNORECASE | re.DOTALL,
)
_BLOCKS = """
address article aside blockquote br dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol
option p pre section table title tr ul
"""
_ENDS_LINE = frozenset(_BLOCKS.split())
_CELLS = frozenset(("td", "th"))
_NO_CHARACTER = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{7,});?")  # `html.unescape` raises from 4301 digits on


def _html_to_text(value: Any, /) -> str | None:
    text = text_in(value, "html_to_text")
    if "<" in text:
        text = _MARKUP.sub(_instead, text)
    if "&" in text:
        import html  # 2 ms

        text = html.unescape(_NO_CHARACTER.sub("\ufffd", text))
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line) or None


def _instead(markup: re.Match[str]) -> str:
    tag = (markup["tag"] or "").lower()
    return "\n" if tag in _ENDS_LINE else " " if tag in _CELLS else ""


FILTERS = (
    Filter(
        "html_to_text",
        _html_to_text,
        summary="The text of HTML, without tags, scripts and styles: each paragraph, list item or table row in a line, "
        "entities decoded, blanks single. Line ends of a plain text stay.",
        example="{{ '<p>Hi &amp; welcome</p><p>Ada<br>Lovelace</p>' | html_to_text }}",
        gives='"Hi & welcome\\nAda\\nLovelace"',
    ),
)
