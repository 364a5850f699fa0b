"""What a call gives for a row: each value under its field, as it is stored, or why the org refuses it."""

from collections.abc import Callable, Mapping
from typing import Any

from bridge.sandbox.salesforce.errors import Error, Refused, refused, refused_request
from bridge.sandbox.salesforce.fields import Field, Kind
from bridge.sandbox.salesforce.values import stored


def given_values(
    kind: Kind, values: Mapping[str, Any], *, created: bool, parent: Callable[[Field, Mapping[str, Any]], str]
) -> dict[str, Any]:
    """The values by field. `parent` finds the id of a record that is named by an external id. `Refused`."""
    given: dict[str, Any] = {}
    closed: list[str] = []
    wrong: list[Error] = []
    for name, value in values.items():
        if name == "attributes":
            continue
        field, value = _meant(kind, name, value, parent=parent)
        if not (field.createable if created else field.updateable):
            closed.append(field.name)
            continue
        try:
            given[field.name] = stored(field, value)
        except Refused as refusal:
            if refusal.errors[0].code == "JSON_PARSER_ERROR":
                raise
            wrong += refusal.errors
    _check_closed(closed)
    _check_required(kind, given | {name: True for error in wrong for name in error.fields or ()}, created=created)
    if wrong:
        raise Refused(*wrong)
    return given


def _meant(
    kind: Kind, name: str, value: Any, *, parent: Callable[[Field, Mapping[str, Any]], str]
) -> tuple[Field, Any]:
    field, reference = kind.field(name), kind.relationships.get(name.lower())
    if field is None and reference is not None and isinstance(value, Mapping):
        return reference, parent(reference, value)
    if field is None:
        raise refused_request("INVALID_FIELD", f"No such column '{name}' on sobject of type {kind.name}")
    return field, value


def _check_closed(names: list[str]) -> None:
    if names:
        message = (
            f"Unable to create/update fields: {', '.join(names)}. Please check the security settings of this field and "
            "verify that it is read/write for your profile or permission set."
        )
        raise refused("INVALID_FIELD_FOR_INSERT_UPDATE", message, *names)


def _must_stay(field: Field) -> bool:
    return field.updateable and not field.nillable


def _check_required(kind: Kind, given: Mapping[str, Any], *, created: bool) -> None:
    missing = [
        field.name
        for field in kind.fields.values()
        if given.get(field.name) is None and (field.required if created else _must_stay(field) and field.name in given)
    ]
    if missing:
        message = f"Required fields are missing: [{', '.join(missing)}]"
        raise refused("REQUIRED_FIELD_MISSING", message, *missing)
