"""Writing of single rows, with all that an org checks; each is done whole or not at all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.sandbox.crm.records import Record
from bridge.sandbox.salesforce import activities, rules
from bridge.sandbox.salesforce.errors import Error, Refused, not_found, refused, refused_request
from bridge.sandbox.salesforce.fields import Field, Kind
from bridge.sandbox.salesforce.given import given_values
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
        if found is None or not found.readable:
            raise not_found()
        return found

    def create(self, kind: Kind, values: Mapping[str, Any], how: How) -> str:
        """The id of the new record."""
        if not kind.createable:
            raise refused("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type cannot be inserted: {kind.name}")
        given = given_values(kind, values, created=True, parent=self._parent)
        return self._whole(lambda: self._created(kind, given, how))

    def update(self, kind: Kind, key: str, values: Mapping[str, Any], how: How) -> None:
        """Changes the record with this id."""
        record = self.existing(kind, key)
        if not kind.updateable:
            raise refused("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
        given = given_values(kind, values, created=False, parent=self._parent)
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
        mark = self._world.mark()
        try:
            return write()
        except BaseException:
            self._world.undo(mark)
            raise

    def _parent(self, field: Field, given: Mapping[str, Any]) -> str:
        """The id of the record that is named by an external id, as in {"Account": {"Key__c": "k"}}."""
        attributes = given.get("attributes")
        name = attributes.get("type") if isinstance(attributes, Mapping) else None
        other = self.kind(name or field.references[0])
        keys = [(name, value) for name, value in given.items() if name != "attributes"]
        if len(keys) != 1 or other.name not in field.references:
            message = f"{field.relationship}: an external id of {' or '.join(field.references)} is required"
            raise refused_request("INVALID_FIELD", message)
        key = self.key_field(other, keys[0][0])
        found = self.matching(other, key, keys[0][1])
        if len(found) != 1:
            message = f"Foreign key external ID: {keys[0][1]} not found for field {key.name} in entity {other.name}"
            raise refused("INVALID_FIELD", message)
        return str(found[0]["Id"])

    def _created(self, kind: Kind, given: Mapping[str, Any], how: How) -> str:
        world, now = self._world, moment_text(self._world.now)
        rules.check_storage(world)
        record = {field.name: field.default for field in kind.fields.values()}
        record |= {name: value for name, value in given.items() if value is not None}
        record |= {"Id": world.next_id(kind), "CreatedDate": now, "CreatedById": world.user_id, **self._modified()}
        if "OwnerId" in record and not record["OwnerId"]:
            record["OwnerId"] = world.user_id
        self._finish(kind, record, set(given), how, old=None)
        return str(record["Id"])

    def _updated(self, kind: Kind, old: Record, given: Mapping[str, Any], how: How) -> str:
        if old.get("IsConverted") and not self._world.settings["edit_converted_leads"]:
            raise refused("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
        self._world.touch(old["Id"])
        self._finish(kind, {**old, **given, **self._modified()}, set(given), how, old=old)
        return str(old["Id"])

    def _finish(self, kind: Kind, record: dict[str, Any], given: set[str], how: How, *, old: Record | None) -> None:
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
        rules.check_duplicates(world, kind, record, old=old, allowed=how.save_duplicates, api=how.api)
        rules.run_triggers(world, kind, created=old is None)
        self._put(kind, record)

    def _check_references(self, kind: Kind, record: Record, given: set[str]) -> None:
        for name in sorted(given & record.keys()):
            field = kind.field(name)
            if field and field.type == "reference" and record[name]:
                self._check_reference(kind, field, record[name])

    def _check_reference(self, kind: Kind, field: Field, key: str) -> None:
        found, other = self._world.find(key), self._world.kind_of(key)
        if other is not None and other.name not in field.references:
            raise refused("MALFORMED_ID", f"{field.label}: id value of incorrect type: {key}", field.name)
        if found is None:
            raise refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        referred, record = found
        if not referred.readable:
            message = f"insufficient access rights on cross-reference id: {key[:15]}"
            raise refused("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", message)
        if record["IsDeleted"]:
            raise refused("ENTITY_IS_DELETED", "entity is deleted", field.name)
        if record.get("IsConverted") and not self._world.settings["edit_converted_leads"]:
            raise refused("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", field.name)
        if field.name == "OwnerId" and record.get("IsActive") is False:
            message = f"operation performed with inactive user [{key}] as owner of {kind.name.lower()}"
            raise refused("INACTIVE_OWNER_OR_USER", message, field.name)
        if field.name in ("WhoId", "WhatId", "AccountId"):  # the parent is locked, too
            self._world.touch(key, child=True)

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
