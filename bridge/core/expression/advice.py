"""Advice: what to write instead of what is not possible, also in the words of other tools."""

import re
from collections.abc import Collection, Mapping

from bridge.core.expression.names import NAMES
from bridge.core.filters import Filter
from bridge.core.text import nearest

_A_TABLE = "a table is asked by a filter: {{ kind | lookup('name_of_the_table') }}"
_NAMES = {
    "env": "secrets cannot be mapped: there is no environment here",
    "environ": "secrets cannot be mapped: there is no environment here",
    "now": "there is no clock here: received_at is when the event came",
    "today": "there is no clock here: received_at is when the event came",
    "name": "did you mean full_name?",
    "serial_number": "did you mean chatbot_id?",
    "type": "did you mean kind?",
    "url": "did you mean page_url?",
    "id": "did you mean event_id?",
    "lookups": _A_TABLE,
    "lookup": _A_TABLE,
}

# Filters as other tools call them: what to write here.
_SPLIT = "did you mean before('…') or after('…')?"
_FIND = "did you mean find('…')?"
_FILTERS = {
    "e164": "did you mean phone?",
    "phone_number": "did you mean phone?",
    "strftime": "did you mean format('%Y-%m-%d')?",
    "date_format": "did you mean format('%Y-%m-%d')?",
    "strptime": "did you mean datetime('%Y-%m-%d')?",
    "to_datetime": "did you mean datetime?",
    "parse_date": "did you mean datetime?",
    "timezone": "did you mean in_tz('America/New_York')?",
    "tz": "did you mean in_tz('America/New_York')?",
    "timestamp": "did you mean epoch_s?",
    "split": _SPLIT,
    "split_part": _SPLIT,
    "regex": _FIND,
    "regex_search": _FIND,
    "match": _FIND,
    "extract": _FIND,
    "regex_replace": "did you mean replace('old', 'new')?",
    "downcase": "did you mean lower?",
    "upcase": "did you mean upper?",
    "capitalize": "did you mean title?",
    "strip": "did you mean trim?",
    "striptags": "did you mean html_to_text?",
    "strip_html": "did you mean html_to_text?",
    "slugify": "did you mean slug?",
    "tojson": "did you mean json?",
    "float": "did you mean to_number?",
    "integer": "did you mean to_int?",
    "bool": "did you mean to_bool?",
    "md5": "did you mean hash('md5')?",
    "sha256": "did you mean hash('sha256')?",
    "map": "did you mean lookup('name_of_the_table')?",
    "coalesce": "did you mean default(…)?",
    "domain": "did you mean email_domain, or url_host?",
    "utm": "did you mean query('utm_source')?",
    "join": "~ joins texts: {{ first_name ~ ' ' ~ last_name }}",
    "concat": "~ joins texts: {{ first_name ~ ' ' ~ last_name }}",
}

_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_SIGNS = (
    ("||", "the first value that says something: {{ a | default(b) }}; ~ joins texts"),
    ("&&", "write: and"),
    ("===", "write: =="),
    ("!==", "write: !="),
    ("?", "write: {{ a if b else c }}"),
    ("!", "write: not"),
)


def for_name(name: str, variables: Collection[str]) -> str:
    """What may be meant by a name that an event does not have."""
    if name in _NAMES:
        return _NAMES[name]
    if name in variables:
        return f"did you mean vars.{name}?"
    if name.startswith("utm_"):
        return f"did you mean page_url | query('{name}')?"
    if near := nearest(name, [one for one in NAMES if one != "event"]):
        return f"did you mean {near}?"
    if near := nearest(name, variables):
        return f"did you mean vars.{near}?"
    return f"raw.{name} is the sender's own field of this name; docs/mapping.md lists what an event has"


def for_filter(name: str, filters: Mapping[str, Filter]) -> str:
    """What may be meant by a filter that there is not."""
    if known := _FILTERS.get(name.lower()):
        return known
    near = nearest(name, filters)
    return f"did you mean {near}?" if near else "docs/mapping.md lists the filters"


def for_call(name: str, filters: Mapping[str, Filter]) -> str:
    """What to write for a call of this name, as a function or a method."""
    if name in filters:
        return f"{name} is a filter: {filters[name].example}"
    if known := _FILTERS.get(name.lower()):
        return f"filters stand after a |: {known}"
    return "use a filter: {{ email | lower }}"


def for_signs(source: str) -> str:
    """What to write for a text that is no expression; empty where no sign in it tells."""
    bare = _QUOTED.sub("", source)
    return next((hint for sign, hint in _SIGNS if sign in bare), "")
