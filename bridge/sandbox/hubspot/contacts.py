"""What is peculiar to contacts: lifecycle, e-mail addresses, calculated phone numbers, merges."""

import time
from collections.abc import Mapping
from typing import Any

from bridge.sandbox.crm.records import Record
from bridge.sandbox.hubspot.associations import Associations
from bridge.sandbox.hubspot.errors import Refused, no_object
from bridge.sandbox.hubspot.schema import KINDS, Kind
from bridge.sandbox.hubspot.values import moment_text
from bridge.sandbox.hubspot.world import World, additional

_STAGES = ("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer",
           "evangelist", "other")  # fmt: skip
_PHONES = {  # property: its calculated twins: international, without country code
    "phone": ("hs_calculated_phone_number", "hs_searchable_calculated_phone_number"),
    "mobilephone": ("hs_calculated_mobile_number", "hs_searchable_calculated_mobile_number"),
}


def check_new(world: World, values: Mapping[str, str]) -> None:
    """May there be a contact with no more than this?"""
    needs = world.settings["contact_needs"]
    if needs and not any(values.get(name) for name in needs):
        raise Refused(f"A contact needs at least one of these properties: {', '.join(needs)}")


def stock() -> dict[str, str]:
    """What a new contact has."""
    return {
        "hs_is_contact": "true",
        "hs_is_unworked": "true",
        "hs_marketable_status": "false",
        "hs_marketable_until_renewal": "false",
        "hs_pipeline": "contacts-lifecycle-pipeline",
        "lifecyclestage": "lead",
    }


def changed(world: World, old: Record | None, values: dict[str, str]) -> dict[str, str]:
    """The values that are written, with what follows from them. Lifecycle stages go forward only."""
    had: Mapping[str, str] = old["properties"] if old else {}
    stage, before = values.get("lifecyclestage"), had.get("lifecyclestage")
    if stage and before and stage in _STAGES and before in _STAGES and _STAGES.index(stage) < _STAGES.index(before):
        values.pop("lifecyclestage")
    if old and values.get("email") in additional(old):  # the primary address and this one change places
        others = [address for address in additional(old) if address != values["email"]]
        values["hs_additional_emails"] = ";".join([*others, had["email"]] if had.get("email") else others)
    return {**values, **_calculated(world, values)}


def _calculated(world: World, values: Mapping[str, str]) -> dict[str, str]:
    result: dict[str, str] = {}
    if "email" in values:
        result["hs_email_domain"] = values["email"].partition("@")[2]
    for name, (international, searchable) in _PHONES.items():
        if name in values:
            full, national, country = _read_phone(values[name], world.settings["country"])
            result |= {international: full, searchable: national}
            if name == "phone":
                result["hs_calculated_phone_number_country_code"] = country
    return result


def _read_phone(text: str, country: str) -> tuple[str, str, str]:
    """A number in international form, without its country code, and the country; what is none keeps its digits."""
    import phonenumbers  # takes a tenth of a second, and not every portal sees a number

    try:
        read = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return "", "".join(one for one in text if one.isdecimal()).lstrip("0"), ""
    full = phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164)
    return full, str(read.national_number), phonenumbers.region_code_for_number(read) or ""


def merge(world: World, associations: Associations, kind: Kind, body: Mapping[str, Any]) -> Record:
    """Makes one record of two: the primary keeps its values, the other fills gaps and hands on its associations."""
    keys = [str(body.get(name) or "") for name in ("primaryObjectId", "objectIdToMerge")]
    primary, other = (world.get(kind, key) for key in keys)
    if primary is None or other is None:
        raise no_object(keys[0] if primary is None else keys[1])
    if primary["id"] == other["id"]:
        raise Refused(f"Cannot merge object {keys[0]} with itself")
    new_id = world.next_id() if world.settings["merge_makes_new"] else primary["id"]
    properties = {**other["properties"], **primary["properties"]}
    merged = [*_merged_ids(primary), *_merged_ids(other), other["id"]]
    if new_id != primary["id"]:
        merged.append(primary["id"])
    now = moment_text(world.now)
    properties |= {"hs_merged_object_ids": ";".join(merged), "hs_object_id": new_id, kind.modified: now}
    if kind is KINDS["contacts"]:
        properties |= _joined(primary, other)
    for record in (other, primary) if new_id != primary["id"] else (other,):
        world.write(kind, {**record, "archived": True, "archivedAt": now})
        world.records.put("_merged", f"{kind.name}/{record['id']}", {"into": new_id, "at": time.time()})
        associations.move(kind, record["id"], new_id)
    world.write(kind, {**primary, "id": new_id, "properties": properties, "updatedAt": now})
    return world.get(kind, new_id) or {}


def _merged_ids(record: Record) -> list[str]:
    return [one for one in str(record["properties"].get("hs_merged_object_ids") or "").split(";") if one]


def _joined(primary: Record, other: Record) -> dict[str, str]:
    first, second = (record["properties"].get("email") or "" for record in (primary, other))
    email = first or second
    vids = {"hs_all_contact_vids": ";".join(_vids(record) for record in (primary, other))}
    rest = [*additional(primary), *additional(other), first, second]
    further = ";".join(dict.fromkeys(one for one in rest if one and one != email))
    return vids | ({"email": email, "hs_additional_emails": further} if email else {})


def _vids(record: Record) -> str:
    return str(record["properties"].get("hs_all_contact_vids", record["id"]))


def just_moved(world: World, record: Record, address: str) -> bool:
    """Has a merge brought this address to the record so lately that GET and PATCH do not find it yet?"""
    lag_s = world.settings["merge_lag_s"]
    if not lag_s or address not in additional(record):
        return False
    moments = [world.records.get("_merged", f"contacts/{key}") for key in _merged_ids(record)]
    return any(one is not None and time.time() - one["at"] < lag_s for one in moments)
