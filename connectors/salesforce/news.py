"""News: what a visitor says of himself that differs from what stands at the Contact or Lead that he is. It replaces
nothing there, so it is written at the end of Description, a line each, once. Pure.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from unicodedata import normalize

from bridge.connector import Record, is_masked
from connectors.salesforce.change import LONGEST_TEXT, NEWS, Change
from connectors.salesforce.heal import FIND_IT
from connectors.salesforce.phones import digits_of, digits_of_all, spellings
from connectors.salesforce.sought import LONGEST_SOUGHT, PHONES

NAMES = ("FirstName", "LastName")
UNKNOWN = "Unknown"  # the last name of a visitor who says none, in our mappings

_NO_LETTERS = re.compile("[\u0300-\u036f'\u2019.,]")  # accents, after NFKD, and what people leave out of a name


def with_news(change: Change, record: Record, there: Mapping[str, Any]) -> Change:
    """The change, with such lines. `there`: what stands in the record's fields. Where Description is full or not to be
    seen, `degraded` says so.
    """
    stands = {**there, **change.fields}
    text, lost = str(stands.get("Description") or ""), list[str]()
    for what, said in _said(record) if record.mode != "create" else ():
        if any(_is_same(what, said, one) for one in _standing(what, stands, text)):
            continue
        longer = f"{text}\n{NEWS} {what} {said}".lstrip("\n")
        if "Description" in stands and len(longer) <= LONGEST_TEXT:
            text = longer
        else:
            lost.append(what)
    degraded = f"{', '.join(lost)}: what the visitor said stands nowhere at Salesforce: {FIND_IT}" if lost else ""
    return Change(_described(change.fields, text, there), "; ".join(filter(None, [change.degraded, degraded])))


def _described(fields: dict[str, Any], text: str, there: Mapping[str, Any]) -> dict[str, Any]:
    if text == str(fields.get("Description") or there.get("Description") or ""):
        return fields
    others = {name: value for name, value in fields.items() if name != "Description"}
    return others if text == there.get("Description") else others | {"Description": text}


def _said(record: Record) -> Iterator[tuple[str, str]]:
    """What is only to fill what is empty, and can be told apart: a name, addresses and numbers that are some."""
    filling = {name: _text(value) for name, value in record.fields.items() if record.writes.get(name) == "if_empty"}
    said = {name: text for name, text in filling.items() if text and not is_masked(text)}
    first, last = (said.get(name, "") for name in NAMES)
    if last in (first, first.rpartition(" ")[2]) or _is_guess(last, record):
        last = ""
    if name := " ".join(filter(None, (first, last))):
        yield "Name", name
    if "@" in (email := said.get("Email", "")):
        yield "Email", email
    yield from (("Phone", said[name]) for name in PHONES if name in said and spellings(said[name]))


def _is_guess(last: str, record: Record) -> bool:
    """Whether the mapping took something else in the place of a name, of which the visitor said none."""
    email, *phones = (_text(record.fields.get(name)) for name in ("Email", *PHONES))
    return not record.fields.get("FirstName") and last in (email.partition("@")[0], *phones, UNKNOWN)


def _standing(what: str, stands: Mapping[str, Any], text: str) -> Iterator[str]:
    """What the record says of this already: in its fields, and in such lines."""
    if what == "Name":
        yield " ".join(_text(stands.get(name)) for name in NAMES)
    else:
        yield from (_text(stands.get(name)) for name in (PHONES if what == "Phone" else (what,)))
    begins = f"{NEWS} {what} "
    yield from (_text(line.removeprefix(begins)) for line in text.splitlines() if line.startswith(begins))


def _is_same(what: str, said: str, other: str) -> bool:
    """Whether these are spellings of one, or the name has all of what was said of it."""
    if what == "Phone":
        return digits_of(other) in digits_of_all(said) or digits_of(said) in digits_of_all(other)
    return _words(said) <= _words(other) if what == "Name" else said.casefold() == other.casefold()


def _words(name: str) -> set[str]:
    return set(_NO_LETTERS.sub("", normalize("NFKD", name.casefold())).replace("-", " ").split())


def _text(value: Any) -> str:
    return " ".join(value.split())[:LONGEST_SOUGHT] if isinstance(value, str) else ""
