"""What an org says about its objects: the global list, and the describe of one with all its fields."""

from typing import Any

from bridge.sandbox.salesforce.fields import Field, Kind, Schema

_SOAP_TYPES = {
    **dict.fromkeys(("id", "reference"), "tns:ID"),
    **dict.fromkeys(("double", "currency", "percent"), "xsd:double"),
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
}  # all others: xsd:string
_UNSORTABLE = ("textarea",)
_MASTER = {
    "active": True,
    "available": True,
    "defaultRecordTypeMapping": True,
    "developerName": "Master",
    "master": True,
    "name": "Master",
    "recordTypeId": "012000000000000AAA",
}


def all_objects(schema: Schema, *, api: str) -> dict[str, Any]:
    """The answer to /sobjects."""
    listed = [about(kind, api=api) for _, kind in sorted(schema.items()) if kind.readable]
    return {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": listed}


def one_object(kind: Kind, *, api: str) -> dict[str, Any]:
    """The answer to /sobjects/X/describe."""
    return {
        **about(kind, api=api),
        "actionOverrides": [],
        "childRelationships": [],
        "compactLayoutable": True,
        "fields": [_field(field) for field in kind.fields.values()],
        "recordTypeInfos": [_MASTER],
        "searchLayoutable": True,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [],
    }


def about(kind: Kind, *, api: str) -> dict[str, Any]:
    """What stands about an object in the global list."""
    root = f"/services/data/v{api}/sobjects/{kind.name}"
    label = kind.name.removesuffix("__c").replace("_", " ")
    return {
        "activateable": False,
        "createable": kind.createable,
        "custom": kind.name.endswith("__c"),
        "customSetting": False,
        "deletable": kind.deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": True,
        "hasSubtypes": False,
        "isSubtype": False,
        "keyPrefix": kind.prefix,
        "label": label,
        "labelPlural": f"{label}s",
        "layoutable": True,
        "mergeable": kind.name in ("Lead", "Contact", "Account"),
        "mruEnabled": True,
        "name": kind.name,
        "queryable": True,
        "replicateable": True,
        "retrieveable": True,
        "searchable": True,
        "triggerable": True,
        "undeletable": kind.deletable,
        "updateable": kind.updateable,
        "urls": {"sobject": root, "describe": f"{root}/describe", "rowTemplate": f"{root}/{{ID}}"},
    }


def _field(field: Field) -> dict[str, Any]:
    values = [
        {"active": True, "defaultValue": value == field.default, "label": value, "validFor": None, "value": value}
        for value in field.picklist
    ]
    number = field.type in ("double", "currency", "percent")
    return {
        "aggregatable": field.filterable,
        "autoNumber": False,
        "byteLength": field.length if field.type in ("id", "reference") else field.length * 3,
        "calculated": False,
        "calculatedFormula": None,
        "caseSensitive": field.case_sensitive,
        "compoundFieldName": None,
        "createable": field.createable,
        "custom": field.name.endswith("__c"),
        "defaultValue": field.default,
        "defaultedOnCreate": field.defaulted,
        "dependentPicklist": False,
        "deprecatedAndHidden": False,
        "digits": 8 if field.type == "int" else 0,
        "encrypted": False,
        "externalId": field.external_id,
        "extraTypeInfo": None,
        "filterable": field.filterable,
        "groupable": field.filterable,
        "htmlFormatted": False,
        "idLookup": field.id_lookup or field.external_id,
        "inlineHelpText": None,
        "label": field.label,
        "length": field.length,
        "name": field.name,
        "nameField": field.name_field,
        "namePointing": field.name == "WhoId",
        "nillable": field.nillable,
        "permissionable": field.nillable,
        "picklistValues": values,
        "polymorphicForeignKey": len(field.references) > 1,
        "precision": 18 if number else 0,
        "referenceTo": list(field.references),
        "relationshipName": field.relationship,
        "restrictedPicklist": field.restricted,
        "scale": 2 if number else 0,
        "soapType": _SOAP_TYPES.get(field.type, "xsd:string"),
        "sortable": field.type not in _UNSORTABLE,
        "type": field.type,
        "unique": field.unique,
        "updateable": field.updateable,
    }
