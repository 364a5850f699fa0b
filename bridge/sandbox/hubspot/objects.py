"""Single records of any kind: create, read, update, archive; the rules that all kinds share."""

from collections.abc import Iterable, Mapping
from typing import Any

from bridge.sandbox.crm.records import Record
from bridge.sandbox.hubspot import contacts
from bridge.sandbox.hubspot.associations import Associations
from bridge.sandbox.hubspot.errors import BadValue, Refused, bad_input, bad_values, no_object
from bridge.sandbox.hubspot.pipelines import STAGES, choices, pipelines
from bridge.sandbox.hubspot.schema import KINDS, Kind
from bridge.sandbox.hubspot.values import moment_text, stored, text_of
from bridge.sandbox.hubspot.world import World

CONTACTS = KINDS["contacts"]
_PRIMARY_CONTACT = 578


class Objects:
    """The records of one portal. All raises `Refused` where the portal does not do it, and may leave traces then."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.associations = Associations(world)

    def create(self, kind: Kind, given: Mapping[str, Any]) -> Record:
        """A new record from {properties, associations?}."""
        values = {name: value for name, value in self._values(kind, given).items() if value}
        values = self._with_defaults(kind, values)
        self._check_required(kind, values)
        if kind is CONTACTS:
            values = contacts.changed(self._world, None, {**contacts.stock(), **values})
        associations = given.get("associations") or []
        if kind.name == "leads" and _PRIMARY_CONTACT not in self.associations.wanted(kind, associations):
            raise Refused("A lead must be associated with its primary contact (HUBSPOT_DEFINED 578)")
        return self._put(kind, values, associations)

    def _put(self, kind: Kind, values: Mapping[str, str], associations: Any) -> Record:
        key, now = self._world.next_id(), moment_text(self._world.now)
        properties = {**self._stock(kind, key, now), **values, "hs_object_id": key}
        properties = {name: value for name, value in sorted(properties.items()) if value}
        record = {"id": key, "properties": properties, "createdAt": now, "updatedAt": now, "archived": False}
        self._world.write(kind, record)
        self.associations.inline(kind, key, associations)
        return record

    def plant(self, kind: Kind, properties: Mapping[str, Any], associations: Any) -> Record:
        """A record with these properties as they are, read-only ones among them, and what every record has."""
        if unknown := sorted(properties.keys() - self._world.properties(kind).keys()):
            raise Refused(f"{kind.name}: no property {', '.join(unknown)}")
        values = {name: text_of(name, value) for name, value in properties.items()}
        if kind is CONTACTS:
            values = contacts.changed(self._world, None, {**contacts.stock(), **values}) | values
        return self._put(kind, values, associations)

    def update(self, kind: Kind, record: Record, given: Mapping[str, Any]) -> Record:
        """The record after {properties}; an empty text clears a property."""
        values = self._values(kind, given, old=record)
        if kind is CONTACTS:
            values = contacts.changed(self._world, record, values)
        now = moment_text(self._world.now)
        properties = {**record["properties"], **values, kind.modified: now}
        properties = {name: value for name, value in properties.items() if value}
        updated = {**record, "properties": properties, "updatedAt": now}
        self._world.write(kind, updated)
        return updated

    def find(self, kind: Kind, key: str, id_property: str, *, archived: bool = False, exact: bool = False) -> Record:
        """The record with this id, or with this unique value. `exact`: also what a merge has only just moved."""
        if not id_property or id_property == "hs_object_id":
            record = self._world.get(kind, key, archived=archived)
        else:
            self.check_unique(kind, id_property)
            record = self.holder(kind, id_property, key)
            lagging = kind is CONTACTS and id_property == "email" and not exact
            if record is not None and lagging and contacts.just_moved(self._world, record, key.strip().lower()):
                record = None
        if record is None:
            raise no_object(key)
        return record

    def holder(self, kind: Kind, name: str, value: str) -> Record | None:
        """The record that has this unique value."""
        holder = self._world.holder(kind, name, value)
        return None if holder is None else self._world.get(kind, holder["id"])

    def check_unique(self, kind: Kind, name: str) -> None:
        """Is this a property that tells records apart?"""
        one = self._world.properties(kind).get(name)
        if one is None or not one.hasUniqueValue:
            what = f"non-unique {kind.type_id} property {name} in portal ID {self._world.portal_id}"
            raise Refused(f"Unable to perform update/upsert by {what}")

    def archive(self, kind: Kind, key: str) -> None:
        """Puts the record into the bin; twice does nothing."""
        record = self._world.get(kind, key)
        if record is not None:
            now = moment_text(self._world.now)
            self._world.write(kind, {**record, "archived": True, "archivedAt": now, "updatedAt": now})

    def forget(self, kind: Kind, key: str, id_property: str) -> None:
        """Removes the record for good, as the law has it; nothing happens if there is none."""
        record = self.holder(kind, id_property, key) if id_property else self._world.get(kind, key)
        if record is not None:
            self.archive(kind, record["id"])
            self._world.records.put(kind.name, record["id"], None)

    def shown(self, kind: Kind, record: Record, names: Iterable[str] = ()) -> dict[str, Any]:
        """A record in the answer to a read: the properties that were asked for, as far as they have a value; by the
        setting `null_properties`, the others with null.
        """
        known, asked_for = self._world.properties(kind), list(names)
        always = (kind.created, "hs_object_id", kind.modified)
        wanted = sorted({*asked_for, *always} & known.keys()) if asked_for else kind.shown
        found = {name: record["properties"].get(name) for name in wanted}
        if not self._world.settings["null_properties"]:
            found = {name: value for name, value in found.items() if value is not None}
        return {**record, "properties": found}

    def written(self, kind: Kind, record: Record, given: Mapping[str, Any]) -> dict[str, Any]:
        """A record in the answer to an update: what was sent, and what the portal itself keeps."""
        known, sent = self._world.properties(kind), given.get("properties") or {}
        properties = {
            name: value
            for name, value in sorted(record["properties"].items())
            if name in sent or name == kind.created or (name in known and known[name].read_only)
        }
        return {**record, "properties": properties}

    def _values(self, kind: Kind, given: Mapping[str, Any], *, old: Record | None = None) -> dict[str, str]:
        sent = given.get("properties")
        if not isinstance(sent, Mapping):
            raise bad_input("some of required attributes are not set [properties]")
        texts = {name: text_of(name, value) for name, value in sent.items()}
        known, bad, values = self._world.properties(kind), list[BadValue](), dict[str, str]()
        all_values = {**(old["properties"] if old else {}), **texts}
        for name, text in texts.items():
            if name not in known:
                bad.append(BadValue(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'))
            elif known[name].read_only:
                message = f'"{name}" is a read only property; its value cannot be set.'
                bad.append(BadValue(name, "READ_ONLY_VALUE", message))
            else:
                of = choices(self._world, kind, name, all_values)
                read = stored(known[name], text, choices=of)
                if isinstance(read, BadValue):
                    bad.append(read)
                else:
                    values[name] = read
        if bad:
            raise bad_values(bad, self._world.portal_id)
        return values

    def _with_defaults(self, kind: Kind, values: dict[str, str]) -> dict[str, str]:
        if kind.name in STAGES:
            pipeline, stage = STAGES[kind.name]
            first = pipelines(self._world, kind)
            chosen = next((one for one in first if one["id"] == values.get(pipeline)), first[0])
            return {pipeline: chosen["id"], stage: chosen["stages"][0]["id"], **values}
        if kind.name == "meetings" and "hs_meeting_start_time" in values:
            return {"hs_timestamp": values["hs_meeting_start_time"], **values}
        return values

    def _check_required(self, kind: Kind, values: Mapping[str, str]) -> None:
        if kind is CONTACTS:
            contacts.check_new(self._world, values)
        if missing := [name for name in kind.required if not values.get(name)]:
            message = f"Error creating {kind.legacy}. Some required properties were not set."
            raise Refused(message, context={"properties": missing})

    def _stock(self, kind: Kind, key: str, now: str) -> dict[str, str]:
        return {
            kind.created: now,
            kind.modified: now,
            "hs_object_id": key,
            "hs_object_source": "INTEGRATION",
            "hs_object_source_id": str(self._world.settings["app_id"]),
            "hs_object_source_label": "INTEGRATION",
            **({"hs_all_contact_vids": key} if kind is CONTACTS else {}),
        }
