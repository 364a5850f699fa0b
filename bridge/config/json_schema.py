"""JSON schema: the whole file, for editors, made from the declarations that check it: the keys of `schema`, and the
Settings of every installed connector and source plugin.
"""

from collections.abc import Mapping
from typing import Any

from bridge.config.records import NO_VARIABLE
from bridge.config.schema import Tree
from bridge.config.settings import Undeclared, reader
from bridge.core.operators import OPERATORS
from bridge.core.records import POLICIES

DIALECT = "https://json-schema.org/draft/2020-12/schema"

DURATION = {
    "type": "string",
    "pattern": r"^\s*(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?\s*$",
    "description": "duration: 500ms, 5s, 10m, 2h, 1d, 1h30m",
}
RATE = {"type": "string", "pattern": r"^\s*\d+\s*/\s*\d*[a-z]+\s*$", "description": "rate: 20/s, 100/10s, 600/m"}
VARIABLE = {"type": "string", "pattern": r"\$\{|^file:", "description": "${VAR}, or file:/path"}
_BOUNDS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
COERCED = {  # kinds that may be written as a text too, as a variable is one; not where none may stand
    "integer": r"^\s*-?[0-9]+\s*$",
    "number": r"^\s*-?[0-9]+(\.[0-9]+)?\s*$",
    "boolean": r"^\s*(true|false)\s*$",
}
_CONSTANT = ("FieldPart", "RecordPart", "TrialPart", "Expected")  # where no variable may stand


def json_schema(*, connectors: Mapping[str, type], plugins: Mapping[str, type]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a configuration for these connectors and plugins, by name."""
    found: dict[str, Any] = _finished(Tree.model_json_schema(), durations=True)
    definitions = found.setdefault("$defs", {})
    definitions.pop("Rate", None)  # written as one text
    definitions |= _conditions()
    settings = {"Target": ("connector", connectors), "Source": ("plugin", plugins)}
    for part, (key, classes) in settings.items():
        if not classes:
            continue
        options = [{"enum": sorted(classes)}, VARIABLE, *([{"type": "null"}] if key == "plugin" else [])]
        definitions[part]["properties"][key] |= {"anyOf": options}
        definitions[part]["properties"][key].pop("type", None)
        definitions[part]["allOf"] = [
            {
                "if": {"properties": {key: {"const": name}}, "required": [key]},
                "then": _settings(declared, name, definitions),
            }
            for name, declared in sorted(classes.items())
        ]
    return {"$schema": DIALECT, "title": "Configuration of the webhook-crm-bridge"} | found


def _settings(connector: type, name: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """What stands in a part whose connector or plugin is this one."""
    declared = getattr(connector, "Settings", None)
    try:
        adapter = reader(declared) if declared else None
    except Undeclared:
        adapter = None
    if adapter is None:
        return {}
    made = _finished(adapter.json_schema(ref_template=f"#/$defs/{name}.{{model}}"), durations=False)
    inner = made.pop("$defs", {})
    definitions |= {f"{name}.{key}": one for key, one in inner.items()}
    needed = inner.get(made["$ref"].rpartition(".")[2], {}) if "$ref" in made else made
    return {"properties": {"settings": made}, "required": ["settings"] if needed.get("required") else []}


def _finished(schema: Any, *, durations: bool, constant: bool = False) -> Any:
    """A schema of pydantic's as the file is really read: null stands for a default, `${VAR}` for any one value."""
    if isinstance(schema, list):
        return [_finished(one, durations=durations, constant=constant) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-condition"):
        return {"$ref": "#/$defs/condition"} | {key: one for key, one in schema.items() if key == "description"}
    if "/FieldPart" in str(schema.get("oneOf")):
        is_long = {"type": "object", "anyOf": [{"required": [key]} for key in ("value", *POLICIES)]}
        return {"if": is_long, "then": {"$ref": "#/$defs/FieldPart"}} | NO_VARIABLE
    if str(schema.get("$ref", "")).endswith("/Rate"):
        return {"anyOf": [RATE, VARIABLE]}
    if schema.get("type") == "number" and durations:
        return {"anyOf": [DURATION, VARIABLE]} | {key: one for key, one in schema.items() if key == "description"}
    found: dict[str, Any] = {}
    for key, one in schema.items():
        if key in ("title", "default") and not isinstance(one, dict):
            continue
        if key == "$defs":
            found[key] = {
                name: _finished(part, durations=durations, constant=name in _CONSTANT) for name, part in one.items()
            }
        elif key == "properties":
            required = schema.get("required", ())
            found[key] = {
                name: _property(part, durations=durations, constant=constant, required=name in required)
                for name, part in one.items()
            }
        elif key == "patternProperties":  # names of the operator's own: no other will do
            [(pattern, of)] = one.items()
            found["propertyNames"] = {"pattern": pattern}
            found["additionalProperties"] = _finished(of, durations=durations, constant=constant)
        elif key == "oneOf":  # as texts are coerced, a value may be of several kinds
            found["anyOf"] = _finished(one, durations=durations, constant=constant)
        elif key in ("enum", "const", "required", "not"):
            found[key] = one
        elif key not in ("default", "discriminator", "uniqueItems"):  # a set takes what a list repeats
            found[_BOUNDS.get(str(key), str(key))] = _finished(one, durations=durations, constant=constant)
    if found.get("additionalProperties") is False and not found.get("required"):
        found["type"] = ["object", "null"]  # a part with nothing in it
    return _written(found, constant=constant)


def _property(part: Any, *, durations: bool, constant: bool, required: bool) -> Any:
    found = _finished(part, durations=durations, constant=constant)
    if required or not (found.keys() - {"description"}):
        return found
    if any(one.get("type") == "null" for one in found.get("anyOf", ())):
        return found
    description = {"description": found.pop("description")} if "description" in found else {}
    options = found["anyOf"] if found.keys() == {"anyOf"} else [found]
    return {"anyOf": [*options, {"type": "null"}]} | description


def _written(found: dict[str, Any], *, constant: bool) -> dict[str, Any]:
    """The same for a value that may be written as a text, and that a variable may hold unless it is constant."""
    kind = str(found.get("type"))
    lifted = {"description": found.pop("description")} if "description" in found else {}
    options = [found]
    if "const" in found:
        options = [{"enum": [found["const"], str(found["const"])]}]
    elif kind in COERCED and not constant:
        options.append({"type": "string", "pattern": COERCED[kind]})
    if not constant and (kind in COERCED or found.keys() & {"const", "enum", "pattern"}):
        options.append(VARIABLE)
    return (found if options == [found] else {"anyOf": options}) | lifted


def _conditions() -> dict[str, Any]:
    """The definitions of `when`."""
    scalar = {"type": ["string", "number", "boolean"]}
    several = {"type": "array", "items": scalar, "minItems": 1}
    test = dict.fromkeys(OPERATORS, scalar) | {"one_of": several, "present": {"type": "boolean"}}
    one = {"$ref": "#/$defs/condition"}
    many = {"type": "array", "items": one, "minItems": 1}
    return {
        "test": {
            "type": "object",
            "minProperties": 1,
            "properties": test | {"not": {"anyOf": [scalar, several, {"$ref": "#/$defs/test"}]}},
            "additionalProperties": False,
        },
        "condition": {
            "type": ["object", "null"],
            "minProperties": 1,
            "properties": {"any": many, "all": many, "not": one},
            "additionalProperties": {"anyOf": [scalar, several, {"$ref": "#/$defs/test"}]},
        },
    }
