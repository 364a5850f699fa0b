"""Events and tasks: whom they belong to, and how start, end and duration of an event follow from each other."""

from datetime import datetime, timedelta
from typing import Any

from bridge.sandbox.salesforce.errors import refused
from bridge.sandbox.salesforce.values import moment, moment_text

_MOST_DAYS = 14


def event_times(record: dict[str, Any], given: set[str]) -> None:
    """Fills in the times of an event that follow from those given. `Refused` where one is missing or they disagree."""
    if "StartDateTime" in given:
        record["ActivityDateTime"] = record["StartDateTime"]
    elif "ActivityDateTime" in given:
        record["StartDateTime"] = record["ActivityDateTime"]
    start = _read(record.get("StartDateTime"))
    if record.get("IsAllDayEvent"):
        _all_day(record, start)
        return
    end, minutes = _read(record.get("EndDateTime")), record.get("DurationInMinutes")
    missing = ["ActivityDateTime"] if start is None else []
    missing += ["DurationInMinutes"] if end is None and minutes is None else []
    if start is None or missing:
        raise refused("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", *missing)
    if end is None or ("DurationInMinutes" in given and "EndDateTime" not in given):
        end = start + timedelta(minutes=minutes or 0)
    elif "EndDateTime" not in given and "DurationInMinutes" not in given and minutes is not None:
        end = start + timedelta(minutes=minutes)  # only the start has moved
    _set(record, start, end, minutes if {"EndDateTime", "DurationInMinutes"} <= given else None)


def _set(record: dict[str, Any], start: datetime, end: datetime, minutes: int | None) -> None:
    length = int((end - start).total_seconds() // 60)
    if length < 0:
        raise refused("FIELD_INTEGRITY_EXCEPTION", "Event duration cannot be negative", "EndDateTime")
    if minutes is not None and minutes != length:
        message = "Event duration, start and end do not agree"
        raise refused("FIELD_INTEGRITY_EXCEPTION", message, "DurationInMinutes")
    if length > _MOST_DAYS * 24 * 60:
        message = f"Event duration cannot be longer than {_MOST_DAYS} days"
        raise refused("FIELD_INTEGRITY_EXCEPTION", message, "DurationInMinutes")
    record |= {
        "StartDateTime": moment_text(start),
        "ActivityDateTime": moment_text(start),
        "EndDateTime": moment_text(end),
        "DurationInMinutes": length,
        "ActivityDate": start.date().isoformat(),
    }


def _all_day(record: dict[str, Any], start: datetime | None) -> None:
    if start is not None:
        record["ActivityDate"] = start.date().isoformat()
    if record.get("ActivityDate") is None:
        raise refused("REQUIRED_FIELD_MISSING", "Required fields are missing: [ActivityDate]", "ActivityDate")
    record["DurationInMinutes"] = record.get("DurationInMinutes") or 24 * 60


def task_state(record: dict[str, Any]) -> None:
    """What follows from status and priority of a task."""
    record["IsClosed"] = record.get("Status") == "Completed"
    record["IsHighPriority"] = record.get("Priority") == "High"


def _read(text: str | None) -> datetime | None:
    return None if text is None else moment(text)
