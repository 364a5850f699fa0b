"""Search: which records fit, as the index knows them, which lags behind.

Limits: https://developers.hubspot.com/docs/api-reference/2026-03/crm/search-the-crm (2026-03-30). It limits the
characters of the body, and says nothing of spaces: here they count.
"""

import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from bridge.sandbox.crm.records import Record
from bridge.sandbox.hubspot.asked import Asked, Result, tables, texts, whole
from bridge.sandbox.hubspot.errors import Refused, bad_input, no_method
from bridge.sandbox.hubspot.objects import Objects
from bridge.sandbox.hubspot.schema import Kind, Property
from bridge.sandbox.hubspot.values import moment
from bridge.sandbox.hubspot.world import World

_MOST_GROUPS, _MOST_FILTERS, _MOST_IN_ALL = 5, 6, 18
_MOST_RESULTS, _MOST_AFTER, _MOST_CHARACTERS = 200, 10_000, 3000
_SEARCHED = ("firstname", "lastname", "email", "phone", "hs_additional_emails", "fax", "mobilephone", "company",
             "dealname", "hs_lead_name", "hs_note_body", "hs_meeting_title", "hs_task_subject")  # fmt: skip


def answer(world: World, objects: Objects, asked: Asked, kind: Kind) -> Result:
    """POST crm/objects/{kind}/search."""
    if asked.method != "POST":
        raise no_method(asked.method)
    if asked.characters > _MOST_CHARACTERS:
        raise Refused(f"A search has at most {_MOST_CHARACTERS} characters, this one has {asked.characters}")
    body = asked.table()
    limit = whole(body.get("limit") or 10, "limit", most=_MOST_RESULTS)
    after = whole(body.get("after") or 0, "after", most=10**9)
    if after + limit > _MOST_AFTER:
        raise Refused(f"Searches cannot page past {_MOST_AFTER} results")
    fits = _condition(world.properties(kind), body)
    found = [record for record in world.found(kind) if fits(record)]
    found = _sorted(found, world.properties(kind), body)
    page = [objects.shown(kind, record, texts(body, "properties")) for record in found[after : after + limit]]
    more = {"paging": {"next": {"after": str(after + limit)}}} if after + limit < len(found) else {}
    return Result(body={"total": len(found), "results": page, **more})


def _condition(known: Mapping[str, Property], body: Mapping[str, Any]) -> Callable[[Record], bool]:
    groups = [*tables(body, "filterGroups"), *([body] if body.get("filters") else [])]
    read = [[_test(known, one) for one in tables(group, "filters")] for group in groups]
    if len(read) > _MOST_GROUPS or sum(map(len, read)) > _MOST_IN_ALL or any(len(one) > _MOST_FILTERS for one in read):
        raise bad_input(f"at most {_MOST_GROUPS} filterGroups of {_MOST_FILTERS} filters, {_MOST_IN_ALL} in all")
    query = str(body.get("query") or "").casefold()

    def fits(record: Record) -> bool:
        properties = record["properties"]
        said = not query or any(query in str(properties.get(name) or "").casefold() for name in _SEARCHED)
        return said and (not read or any(all(test(properties) for test in group) for group in read))

    return fits


Values = Mapping[str, str]


def _test(known: Mapping[str, Property], one: Mapping[str, Any]) -> Callable[[Values], bool]:
    name, operator = str(one.get("propertyName")), str(one.get("operator"))
    if name not in known:
        raise Refused(f"There was a problem with the request. Property {name} does not exist")
    if operator not in _OPERATORS:
        raise bad_input(f"operator {operator} not known; known are {', '.join(_OPERATORS)}")
    if operator in ("IN", "NOT_IN"):
        wanted = one.get("values")
        if not isinstance(wanted, list) or not wanted:
            raise bad_input(f"operator {operator} needs values")
    elif operator not in ("HAS_PROPERTY", "NOT_HAS_PROPERTY") and one.get("value") in (None, ""):
        raise bad_input(f"operator {operator} needs a value")
    if operator == "BETWEEN" and one.get("highValue") in (None, ""):
        raise bad_input("operator BETWEEN needs a highValue")
    check, prop = _OPERATORS[operator], known[name]
    return lambda properties: check(prop, properties.get(name), one)


def _same(prop: Property, value: str, wanted: Any) -> bool:
    if prop.type in ("number", "datetime", "date"):
        return _ordered(prop, value) == _ordered(prop, str(wanted))
    if prop.name == "hs_additional_emails" or prop.fieldType == "checkbox":
        return str(wanted).casefold() in value.casefold().split(";")
    return value.casefold() == str(wanted).casefold()


def _ordered(prop: Property, text: str) -> tuple[int, float | str]:
    if prop.type in ("datetime", "date"):
        read = moment(text)
        return (0, read.timestamp()) if read else (1, text)
    if prop.type == "number":
        try:
            return (0, float(text))
        except ValueError:
            return (1, text)
    return (1, text.casefold())


def _tokens(prop: Property, value: str | None, one: Mapping[str, Any]) -> bool:
    if value is None:
        return False
    wanted = str(one["value"]).casefold()
    folded = value.casefold()
    tokens = {folded, *re.split(r"[^\w]+", folded)}
    words = [word for word in re.split(r"[^\w*]+", wanted) if word]
    pattern = _literal(wanted)
    return any(fnmatchcase(token, pattern) for token in tokens) or (
        bool(words) and all(any(fnmatchcase(token, _literal(word)) for token in tokens) for word in words)
    )


def _literal(pattern: str) -> str:
    return pattern.replace("[", "[[]").replace("?", "[?]")  # only * stands for anything


def _between(prop: Property, value: str | None, low: Any, high: Any) -> bool:
    if value is None:
        return False
    at = _ordered(prop, value)
    return (low is None or _ordered(prop, str(low)) <= at) and (high is None or at <= _ordered(prop, str(high)))


def _in(prop: Property, value: str | None, one: Mapping[str, Any]) -> bool:
    """Texts are found in lower case only: the index folds what it holds, not what it is asked for."""
    if value is None:
        return False
    if prop.type in ("number", "datetime", "date"):
        return any(_same(prop, value, wanted) for wanted in one["values"])
    return value.casefold() in [str(wanted) for wanted in one["values"]] or (
        prop.type == "enumeration" and value in one["values"]
    )


_OPERATORS: Mapping[str, Callable[[Property, str | None, Mapping[str, Any]], bool]] = {
    "EQ": lambda prop, value, one: value is not None and _same(prop, value, one["value"]),
    "NEQ": lambda prop, value, one: value is None or not _same(prop, value, one["value"]),
    "LT": lambda prop, value, one: value is not None and _ordered(prop, value) < _ordered(prop, str(one["value"])),
    "LTE": lambda prop, value, one: _between(prop, value, None, one["value"]),
    "GT": lambda prop, value, one: value is not None and _ordered(prop, value) > _ordered(prop, str(one["value"])),
    "GTE": lambda prop, value, one: _between(prop, value, one["value"], None),
    "BETWEEN": lambda prop, value, one: _between(prop, value, one["value"], one["highValue"]),
    "IN": _in,
    "NOT_IN": lambda prop, value, one: value is not None and not _in(prop, value, one),
    "HAS_PROPERTY": lambda _, value, __: value is not None,
    "NOT_HAS_PROPERTY": lambda _, value, __: value is None,
    "CONTAINS_TOKEN": _tokens,
    "NOT_CONTAINS_TOKEN": lambda prop, value, one: not _tokens(prop, value, one),
}


def _sorted(found: list[Record], known: Mapping[str, Property], body: Any) -> list[Record]:
    if not body.get("sorts"):
        return sorted(found, key=lambda record: int(record["id"]))
    first = body["sorts"][0] if isinstance(body["sorts"], list) else None
    if not isinstance(first, str | Mapping):
        raise bad_input("sorts must be a list of property names, or of propertyName and direction")
    text = first if isinstance(first, str) else str(first.get("propertyName"))
    down = text.startswith("-") or (not isinstance(first, str) and first.get("direction") == "DESCENDING")
    name = text.removeprefix("-")
    if name not in known:
        raise Refused(f"There was a problem with the request. Property {name} does not exist")

    def key(record: Record) -> Any:
        value = record["properties"].get(name)
        return (2, "") if value is None else _ordered(known[name], value)

    return sorted(found, key=key, reverse=down)
