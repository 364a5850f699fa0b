"""Associations between records, with the types that HubSpot has defined.

Type ids: https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide (2026-03).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bridge.sandbox.hubspot.asked import whole
from bridge.sandbox.hubspot.errors import Refused, bad_input
from bridge.sandbox.hubspot.schema import KINDS, Kind
from bridge.sandbox.hubspot.world import World

_PAIRS = (  # from, to, there, back, label
    ("deals", "contacts", 3, 4, None),
    ("meetings", "contacts", 200, 199, None),
    ("notes", "contacts", 202, 201, None),
    ("tasks", "contacts", 204, 203, None),
    ("meetings", "deals", 212, 211, None),
    ("notes", "deals", 214, 213, None),
    ("tasks", "deals", 216, 215, None),
    ("leads", "contacts", 608, 607, None),
    ("leads", "contacts", 578, 579, "Primary"),
    ("leads", "meetings", 600, 601, None),
    ("leads", "tasks", 646, 647, None),
    ("leads", "notes", 854, 855, None),
    ("contacts", "contacts", 449, 449, None),
)
_TYPES: Mapping[int, tuple[str, str, int, str | None]] = {  # type id: from, to, the way back, label
    **{there: (one, other, back, label) for one, other, there, back, label in _PAIRS},
    **{back: (other, one, there, label) for one, other, there, back, label in _PAIRS},
}
_DEFAULT: Mapping[tuple[str, str], int] = {
    (one, other): number for number, (one, other, _, label) in _TYPES.items() if label is None
}
_CATEGORY = "HUBSPOT_DEFINED"


class Associations:
    """Of the records of one portal."""

    def __init__(self, world: World) -> None:
        self._world = world

    def default(self, kind: Kind, other: Kind) -> int:
        """The type id of an association without a label. `Refused` where there is none between these kinds."""
        found = _DEFAULT.get((kind.name, other.name))
        if found is None:
            raise Refused(f"No default association type from {kind.type_id} to {other.type_id}")
        return found

    def between(self, kind: Kind, other: Kind) -> list[int]:
        """The type ids from this kind to that."""
        return [number for number, one in _TYPES.items() if one[:2] == (kind.name, other.name)]

    def inline(self, kind: Kind, key: str, wanted: Any) -> None:
        """Writes the associations of a create. `Refused` if one cannot be."""
        for number, others in self.wanted(kind, wanted).items():
            for other_key in others:
                self._link(kind, key, KINDS[_TYPES[number][1]], other_key, number)

    def wanted(self, kind: Kind, given: Any) -> dict[int, list[str]]:
        """The `associations` of a create: type ids, each with the ids of the records to associate."""
        if not isinstance(given, Sequence) or isinstance(given, str):
            raise bad_input("associations must be a list")
        result: dict[int, list[str]] = {}
        for one in given:
            if not isinstance(one, Mapping) or not isinstance(one.get("to"), Mapping) or not one.get("types"):
                raise bad_input("an association needs to.id and at least one of types")
            for number in self.numbers(kind, None, one["types"]):
                result.setdefault(number, []).append(str(one["to"].get("id", "")))
        return result

    def link(self, kind: Kind, key: str, other: Kind, other_key: str, numbers: Iterable[int]) -> None:
        """Associates two records. `Refused` unless both are there."""
        for number in numbers:
            self._link(kind, key, other, other_key, number)

    def numbers(self, kind: Kind, other: Kind | None, types: Any) -> list[int]:
        """The type ids of {associationCategory, associationTypeId}. `Refused` unless each leads from here to there."""
        if not isinstance(types, Sequence) or isinstance(types, str) or not types:
            raise bad_input("at least one association type is needed")
        return [self._number(kind, other, one) for one in types]

    def _number(self, kind: Kind, other: Kind | None, one: Any) -> int:
        if not isinstance(one, Mapping):
            raise bad_input("associationCategory and associationTypeId are needed")
        number = whole(one.get("associationTypeId"), "associationTypeId", most=10**9)
        found = _TYPES.get(number)
        if one.get("associationCategory") != _CATEGORY or found is None:
            raise Refused(f"Association type {one.get('associationCategory')} {number} does not exist")
        if found[0] != kind.name or (other is not None and found[1] != other.name):
            expected = KINDS[found[0]] if found[0] != kind.name else KINDS[found[1]]
            end = ("from", kind) if found[0] != kind.name else ("to", other or kind)
            place = f"{end[0]} object type {end[1].type_id} for associations to be created"
            raise Refused(f"invalid {place}. expected: {expected.type_id}. For definition 0-{number}")
        return number

    def _link(self, kind: Kind, key: str, other: Kind, other_key: str, number: int) -> None:
        for one, one_key in ((kind, key), (other, other_key)):
            if self._world.get(one, one_key) is None:
                context = {
                    "INVALID_OBJECT_IDS": [f"{one.legacy}={one_key} is not valid"],
                    "objectId": [one_key],
                    "objectType": [one.legacy],
                }
                raise Refused("One or more associations are invalid", context=context)
        key, other_key = (self._world.get(kind, key) or {})["id"], (self._world.get(other, other_key) or {})["id"]
        numbers = {number, _DEFAULT[kind.name, other.name]}  # one with a label is also one without
        self._add(kind, key, other, other_key, numbers)
        self._add(other, other_key, kind, key, {_TYPES[one][2] for one in numbers})

    def _add(self, kind: Kind, key: str, other: Kind, other_key: str, numbers: set[int]) -> None:
        name = _name(kind, key, other, other_key)
        had = self._world.records.get("_association", name)
        types = sorted({*(had["types"] if had else ()), *numbers})
        record = {"from": f"{kind.name}/{key}/{other.name}", "to": other_key, "types": types}
        self._world.records.put("_association", name, record)

    def unlink(self, kind: Kind, key: str, other: Kind, other_key: str) -> None:
        """Ends all associations between two records."""
        for name in (_name(kind, key, other, other_key), _name(other, other_key, kind, key)):
            if self._world.records.get("_association", name) is not None:
                self._world.records.put("_association", name, None)

    def unlabel(self, kind: Kind, key: str, other: Kind, other_key: str, numbers: Iterable[int]) -> None:
        """Ends associations of these types between two records; one without a label ends all."""
        name = _name(kind, key, other, other_key)
        had = self._world.records.get("_association", name)
        gone = set(numbers)
        self.unlink(kind, key, other, other_key)
        if had is not None and _DEFAULT[kind.name, other.name] not in gone:
            left = set(had["types"]) - gone
            self._add(kind, key, other, other_key, left)
            self._add(other, other_key, kind, key, {_TYPES[one][2] for one in left})

    def of(self, kind: Kind, key: str, other: Kind) -> list[tuple[str, list[int]]]:
        """The records of the other kind with which this one is associated, and by which types."""
        found = self._world.records.having("_association", "from", f"{kind.name}/{key}/{other.name}")
        return [(one["to"], one["types"]) for one in found if self._world.get(other, one["to"]) is not None]

    def move(self, kind: Kind, key: str, into: str) -> None:
        """Gives all associations of one record to another of its kind."""
        for other in KINDS.values():
            for other_key, numbers in self.of(kind, key, other):
                self.unlink(kind, key, other, other_key)
                if other_key != into:
                    self._add(kind, into, other, other_key, set(numbers))
                    self._add(other, other_key, kind, into, {_TYPES[one][2] for one in numbers})

    def shown(self, kind: Kind, key: str, other: Kind) -> dict[str, Any] | None:
        """As they stand in the answer to a get; None where there are none."""
        results = [
            {"id": other_key, "type": f"{kind.word}_to_{other.word}" + ("" if label is None else "_primary")}
            for other_key, numbers in self.of(kind, key, other)
            for label in dict.fromkeys(_TYPES[number][3] for number in numbers)
        ]
        return {"results": results} if results else None


def typed(numbers: Iterable[int], *, null_labels: bool = False) -> list[dict[str, Any]]:
    """Types of associations as v4 tells them; one without a label has none, or null."""
    told = [{"category": _CATEGORY, "typeId": number, "label": _TYPES[number][3]} for number in numbers]
    return [{name: value for name, value in one.items() if null_labels or value is not None} for one in told]


def spec(number: int) -> dict[str, Any]:
    """A type of association as it is written."""
    return {"associationCategory": _CATEGORY, "associationTypeId": number}


def labels(numbers: Iterable[int]) -> list[str]:
    """The labels among these types."""
    return [label for number in numbers if (label := _TYPES[number][3]) is not None]


def _name(kind: Kind, key: str, other: Kind, other_key: str) -> str:
    return f"{kind.name}/{key}>{other.name}/{other_key}"
