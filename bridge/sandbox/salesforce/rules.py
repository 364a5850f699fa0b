"""What a customer has set up in an org: duplicate, assignment and validation rules, triggers, storage."""

from typing import Any

from bridge.sandbox.crm.records import Record
from bridge.sandbox.salesforce.errors import Error, Refused, refused
from bridge.sandbox.salesforce.fields import Kind
from bridge.sandbox.salesforce.world import World


def check_storage(world: World) -> None:
    """Is there room for one more record?"""
    limit = world.settings["storage_records"]
    if limit is not None and world.records.count() >= limit:
        raise refused("STORAGE_LIMIT_EXCEEDED", "storage limit exceeded")


def check_validation(world: World, kind: Kind, record: Record) -> None:
    """Fields that the customer wants filled; by the setting `validation_rules`."""
    for rule in world.settings["validation_rules"]:
        if rule["object"] == kind.name and record.get(rule["field"]) in (None, ""):
            fields = [rule["field"]] if rule.get("at_field", True) else []
            message = rule.get("message", f"{rule['field']} must be filled")
            raise refused("FIELD_CUSTOM_VALIDATION_EXCEPTION", message, *fields)


def run_triggers(world: World, kind: Kind, *, created: bool) -> None:
    """Triggers that fail; by the setting `triggers`, whose `times` is counted down."""
    for trigger in world.settings["triggers"]:
        event = "create" if created else "update"
        if trigger["object"] != kind.name or event not in trigger.get("on", ["create", "update"]):
            continue
        if (left := trigger.get("times")) is not None:
            if left <= 0:
                continue
            trigger["times"] = left - 1
        code = trigger.get("code", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY")
        raise refused(code, trigger["message"], *trigger.get("fields", []))


def check_duplicates(
    world: World, kind: Kind, record: Record, *, old: Record | None, allowed: bool, api: float
) -> None:
    """By the setting `duplicate_rules`; `old`: what it is before the change; `allowed`: the call has said that it may
    save duplicates.

    Sources: a rule has an action on create and one on edit
    (https://developer.salesforce.com/docs/atlas.en-us.uiapi.meta/uiapi/ui_api_responses_duplicate_rule.htm, 2026), and
    runs on edit where a field that it compares is changed
    (https://www.zeusexam.com/considerations-regarding-duplicate-management/).
    """
    event = "create" if old is None else "update"
    for rule in world.settings["duplicate_rules"]:
        value = record.get(rule["field"])
        if kind.name not in rule["objects"] or event not in rule.get("on", ["create"]) or value in (None, ""):
            continue
        if old is not None and old.get(rule["field"]) == value:
            continue
        if allowed and rule.get("allow_save", True):
            continue
        results = [
            _match_result(world, rule, against, found, api=api)
            for against in rule.get("against", rule["objects"])
            if (found := _same(world, against, rule["field"], value, than=record["Id"]))
        ]
        if results:
            raise _duplicates(rule, kind, results)


def _same(world: World, against: str, field: str, value: Any, *, than: str) -> list[Record]:
    return [
        other
        for other in world.records.having(against, field, value)
        if other["Id"] != than and not other["IsDeleted"] and not other.get("IsConverted")
    ]


def _match_result(world: World, rule: Any, against: str, found: list[Record], *, api: float) -> dict[str, Any]:
    """Shape: github.com/rudderlabs/rudder-server, a recorded answer in its tests of error extraction (2023). A rule may
    compare with what the user does not see, but names only what he sees, see
    https://pathtosalesforce.com/index.php/courses/home?quizId=522&view=quiz ("Bypass sharing rules").
    """
    records = [
        {
            "additionalInformation": [],
            "fieldDiffs": [],
            "matchConfidence": 100.0,
            "record": {
                "attributes": {"type": against, "url": f"/services/data/v{api}/sobjects/{against}/{other['Id']}"},
                "Id": other["Id"],
            },
        }
        for other in found
        if world.schema[against.lower()].readable
    ]
    return {
        "entityType": against,
        "errors": [],
        "matchEngine": "ExactMatchEngine",
        "matchRecords": records,
        "rule": rule.get("match_rule", f"Standard_{against}_Match_Rule_v1_0"),
        "size": len(records),
        "success": True,
    }


def _duplicates(rule: Any, kind: Kind, results: list[dict[str, Any]]) -> Refused:
    message = rule.get("message", "Use one of these records?")
    result = {
        "allowSave": rule.get("allow_save", True),
        "duplicateRule": rule.get("name", f"Standard_{kind.name}_Duplicate_Rule"),
        "duplicateRuleEntityType": kind.name,
        "errorMessage": message,
        "matchResults": results,
    }
    return Refused(Error("DUPLICATES_DETECTED", message, None, {"duplicateResut": result}))  # so spelled


def assigned_owner(world: World, kind: Kind) -> str | None:
    """Who the active assignment rule gives a record to: the setting `assignment_rules`, a queue by its name."""
    name = world.settings["assignment_rules"].get(kind.name)
    found = world.records.having("Group", "Name", name) if name else []
    return found[0]["Id"] if found else None
