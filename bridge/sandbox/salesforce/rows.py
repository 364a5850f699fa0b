"""Writing of single rows, with all that an org checks; each is done whole or not at all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.sandbox.crm.records import Record
from bridge.sandbox.salesforce import activities, rules
from bridge.sandbox.salesforce.errors import Error, Refused, not_found, refused, refused_request
from bridge.sandbox.salesforce.fields import Field, Kind
from bridge.sandbox.salesforce.ids import full_id
from bridge.sandbox.salesforce.values import moment_text, stored
from bridge.sandbox.salesforce.world import World


@dataclass(frozen=True, slots=True)
class How:
    """What a call has said about its writes, by headers."""

    api: float = 59.0
    auto_assign: bool = True  # Sforce-Auto-Assign; an org's default is to do so, on updates too
    save_duplicates: bool = False  # Sforce-Duplicate-Rule-Header: allowSave=true


class SeveralFound(Exception):
    """More than one record has this value of an external id."""

    def __init__(self, kind: Kind, field: Field, ids: list[str]) -> None:
        super().__init__(kind, field, ids)
        self.kind, self.field, self.ids = kind, field, ids


class Rows:
    """The rows of an org. Everything may raise `Refused`, and then nothing has changed."""

    def __init__(self, world: World) -> None:
        self._world = world

    def kind(self, name: object) -> Kind:
        """The kind of object of this name."""
        found = self._world.schema.get(name.lower()) if isinstance(name, str) else None
        if found is None:
            raise not_found()
        return found

    def create(self, kind: Kind, values: Mapping[str, Any], how: How) -> str:
        """The id of the new record."""
        if not kind.createable:
            raise refused("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type cannot be inserted: {kind.name}")
        given = self._given(kind, values, created=True)
        return self._whole(lambda: self._created(kind, given, how))

    def update(self, kind: Kind, key: str, values: Mapping[str, Any], how: How) -> None:
        """Changes the record with this id."""
        record = self.existing(kind, key)
        if not kind.updateable:
            raise refused("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
        given = self._given(kind, values, created=False)
        self._whole(lambda: self._updated(kind, record, given, how))

    def upsert(
        self, kind: Kind, field: Field, value: Any, values: Mapping[str, Any], how: How, *, update_only: bool = False
    ) -> tuple[str, bool]:
        """The id of the record with this value of an external id, and whether it is new. `SeveralFound`, `Refused`."""
        found = self.matching(kind, field, value)
        if len(found) > 1:
            raise SeveralFound(kind, field, [record["Id"] for record in found])
        if found:
            self.update(kind, found[0]["Id"], values, how)
            return found[0]["Id"], False
        if update_only or (field.name == "Id" and value):
            raise not_found()
        key = {} if field.name == "Id" else {field.name: value}
        return self.create(kind, {**values, **key}, how), True

    def delete(self, kind: Kind, key: str) -> None:
        """Puts the record into the bin."""
        record = self.existing(kind, key)
        if not kind.deletable:
            raise refused("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
        self._world.touch(record["Id"])
        self._put(kind, {**record, "IsDeleted": True, **self._modified()})

    def existing(self, kind: Kind, key: object) -> Record:
        """The record with this id, which is not in the bin."""
        full = full_id(key)
        record = self._world.records.get(kind.name, full) if full else None
        if full is None or (record is None and full[:3] != kind.prefix):
            raise not_found()
        if record is None:
            raise refused_request("NOT_FOUND", "Provided external ID field does not exist or is not accessible")
        if record["IsDeleted"]:
            raise refused("ENTITY_IS_DELETED", "entity is deleted")
        return record

    def key_field(self, kind: Kind, name: str) -> Field:
        """The field of this name, by which records can be found."""
        field = kind.field(name)
        if field is None or not (field.external_id or field.id_lookup):
            message = "Provided external ID field does not exist or is not accessible: "
            raise refused_request("NOT_FOUND", message + name)
        return field

    def matching(self, kind: Kind, field: Field, value: Any) -> list[Record]:
        """The records outside the bin that have this value of this field."""
        if value in (None, ""):
            return []
        wanted = stored(field, value)
        found = self._world.records.having(kind.name, field.name, wanted)
        return [
            one for one in found if not one["IsDeleted"] and (not field.case_sensitive or one[field.name] == wanted)
        ]

    def _whole(self, write: Callable[[], str]) -> str:
        records, touched = self._world.records, set(self._world.touched)
        mark = records.mark()
        try:
            return write()
        except BaseException:
            records.undo(mark)
            self._world.touched.clear()
            self._world.touched.update(touched)
            raise

    def _given(self, kind: Kind, values: Mapping[str, Any], *, created: bool) -> dict[str, Any]:
        """The values by field, as they are stored."""
        given: dict[str, Any] = {}
        closed: list[str] = []
        wrong: list[Error] = []
        for name, value in values.items():
            if name == "attributes":
                continue
            field = kind.field(name)
            if field is None:
                message = f"No such column '{name}' on sobject of type {kind.name}"
                raise refused_request("INVALID_FIELD", message)
            if not (field.createable if created else field.updateable):
                closed.append(field.name)
                continue
            try:
                given[field.name] = stored(field, value)
            except Refused as refusal:
                if refusal.errors[0].code == "JSON_PARSER_ERROR":
                    raise
                wrong += refusal.errors
        if closed:
            message = (
                f"Unable to create/update fields: {', '.join(closed)}. Please check the security settings of this "
                "field and verify that it is read/write for your profile or permission set."
            )
            raise refused("INVALID_FIELD_FOR_INSERT_UPDATE", message, *closed)
        self._check_required(kind, given, created=created)
        if wrong:
            raise Refused(*wrong)
        return given

    def _check_required(self, kind: Kind, given: Mapping[str, Any], *, created: bool) -> None:
        missing = [
            field.name
            for field in kind.fields.values()
            if field.required and given.get(field.name) is None and (created or field.name in given)
        ]
        if missing:
            message = f"Required fields are missing: [{', '.join(missing)}]"
            raise refused("REQUIRED_FIELD_MISSING", message, *missing)

    def _created(self, kind: Kind, given: Mapping[str, Any], how: How) -> str:
        world, now = self._world, moment_text(self._world.now)
        rules.check_storage(world)
        record = {field.name: field.default for field in kind.fields.values()}
        record |= {name: value for name, value in given.items() if value is not None}
        record |= {"Id": world.next_id(kind), "CreatedDate": now, "CreatedById": world.user_id, **self._modified()}
        if "OwnerId" in record and not record["OwnerId"]:
            record["OwnerId"] = world.user_id
        self._finish(kind, record, set(given), how, created=True)
        return str(record["Id"])

    def _updated(self, kind: Kind, old: Record, given: Mapping[str, Any], how: How) -> str:
        if old.get("IsConverted") and not self._world.settings["edit_converted_leads"]:
            raise refused("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
        self._world.touch(old["Id"])
        self._finish(kind, {**old, **given, **self._modified()}, set(given), how, created=False)
        return str(old["Id"])

    def _finish(self, kind: Kind, record: dict[str, Any], given: set[str], how: How, *, created: bool) -> None:
        world = self._world
        self._check_references(kind, record, given)
        if how.auto_assign and (owner := rules.assigned_owner(world, kind)):
            record["OwnerId"] = owner
        if kind.name == "Event":
            activities.event_times(record, given)
        elif kind.name == "Task":
            activities.task_state(record)
        elif kind.field("FirstName"):
            record["Name"] = " ".join(filter(None, (record.get("FirstName"), record.get("LastName"))))
        if kind.name.endswith("__c") and not record.get("Name"):
            record["Name"] = record["Id"]
        self._check_unique(kind, record, given)
        rules.check_validation(world, kind, record)
        if created:
            rules.check_duplicates(world, kind, record, allowed=how.save_duplicates, api=how.api)
        rules.run_triggers(world, kind, created=created)
        self._put(kind, record)

    def _check_references(self, kind: Kind, record: Record, given: set[str]) -> None:
        for name in given & record.keys():
            field = kind.field(name)
            if field and field.type == "reference" and record[name]:
                self._check_reference(kind, field, record[name])

    def _check_reference(self, kind: Kind, field: Field, key: str) -> None:
        found, other = self._world.find(key), self._world.kind_of(key)
        if other is not None and other.name not in field.references:
            raise refused("MALFORMED_ID", f"{field.label}: id value of incorrect type: {key}", field.name)
        if found is None:
            raise refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        _, record = found
        if record["IsDeleted"]:
            raise refused("ENTITY_IS_DELETED", "entity is deleted", field.name)
        if record.get("IsConverted") and not self._world.settings["edit_converted_leads"]:
            raise refused("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", field.name)
        if field.name == "OwnerId" and record.get("IsActive") is False:
            message = f"operation performed with inactive user [{key}] as owner of {kind.name.lower()}"
            raise refused("INACTIVE_OWNER_OR_USER", message, field.name)
        if field.name in ("WhoId", "WhatId"):  # an activity locks whom it is about
            self._world.touch(key)

    def _check_unique(self, kind: Kind, record: Record, given: set[str]) -> None:
        for field in kind.fields.values():
            if not field.unique or field.name not in given or record.get(field.name) is None:
                continue
            others = self.matching(kind, field, record[field.name])
            if other := next((one["Id"] for one in others if one["Id"] != record["Id"]), None):
                message = f"duplicate value found: {field.name} duplicates value on record with id: {other[:15]}"
                raise Refused(Error("DUPLICATE_VALUE", message, []))

    def _put(self, kind: Kind, record: Record) -> None:
        self._world.records.put(kind.name, record["Id"], record)
        self._world.touched.add(record["Id"])

    def _modified(self) -> dict[str, Any]:
        now, user = moment_text(self._world.now), self._world.user_id
        return {"LastModifiedDate": now, "LastModifiedById": user, "SystemModstamp": now}
