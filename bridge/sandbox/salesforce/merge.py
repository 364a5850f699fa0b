"""Merging of records, as a person does it in an org: one is kept, the others go into the bin and name it, and what hung
on them hangs on it. Over the API this is a call of SOAP alone.

Source: https://developer.salesforce.com/docs/atlas.en-us.212.0.api.meta/api/sforce_api_calls_merge.htm. That page does
not say what becomes of a lookup that nobody can write (ConvertedContactId, and MasterRecordId itself) where the record
that it names is merged: here it stays as it is.
"""

from collections.abc import Sequence

from bridge.sandbox.crm.records import Record
from bridge.sandbox.salesforce.fields import Kind
from bridge.sandbox.salesforce.values import moment_text
from bridge.sandbox.salesforce.world import World

_MERGEABLE = ("Account", "Contact", "Lead")
_MOST = 3  # with the one that is kept


def merged(world: World, kept: str, others: Sequence[str]) -> dict[str, list[str]]:
    """The id of the record that is kept, and of those that are gone. ValueError where they cannot be merged."""
    if not isinstance(others, list) or not 0 < len(others) < _MOST:
        raise ValueError(f"up to {_MOST} records can be merged at once, with the one that is kept")
    (kind, winner), *losers = [_alive(world, key) for key in (kept, *others)]
    ids = [winner["Id"], *(loser["Id"] for _, loser in losers)]
    if len(set(ids)) < len(ids) or any(other is not kind for other, _ in losers):
        raise ValueError("these are not records of one object, each named once")
    now = moment_text(world.now)
    for _, loser in losers:
        gone = {"IsDeleted": True, "MasterRecordId": winner["Id"], "LastModifiedDate": now, "SystemModstamp": now}
        world.records.put(kind.name, loser["Id"], {**loser, **gone})
        _move(world, loser["Id"], winner["Id"])
    return {"kept": ids[:1], "gone": ids[1:]}


def _alive(world: World, key: str) -> tuple[Kind, Record]:
    found = world.find(key)
    if found is None or found[0].name not in _MERGEABLE or found[1]["IsDeleted"]:
        raise ValueError(f"there is no record {key!r:.40} of {', '.join(_MERGEABLE)}")
    if found[1].get("IsConverted"):
        raise ValueError(f"the lead {key} is converted")
    return found


def _move(world: World, old: str, new: str) -> None:
    """What hung on the one hangs on the other."""
    for kind in world.schema.values():
        for field in kind.fields.values():
            if field.type == "reference" and field.updateable:
                for record in world.records.having(kind.name, field.name, old):
                    world.records.put(kind.name, record["Id"], {**record, field.name: new})
