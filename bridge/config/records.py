"""Records: the keys of a target's records, of their fields, and of `lookups` and `vars`. Part of the schema.

What values and conditions mean is checked by `mapped`, with the mapping language.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, WithJsonSchema

from bridge.config.fields import Listed, wrong
from bridge.config.part import Part
from bridge.config.variables import HOLDS_ONE
from bridge.core.records import NAME, POLICIES

NO_VARIABLE = {"not": {"type": "string", "pattern": HOLDS_ONE}}
SCALAR = {"type": ["string", "number", "boolean", "null"]} | NO_VARIABLE
ANYTHING = {"description": "a constant, or an expression in {{ }}"} | NO_VARIABLE
CONDITION = {"x-condition": True}  # which `json_schema` knows


def _usable(value: str) -> str:
    if not NAME.fullmatch(value):
        raise wrong("this is no usable name", hint="a-z, 0-9 and _, beginning with a letter, at most 31 characters")
    return value


def _scalar(value: Any) -> Any:
    if isinstance(value, list | dict):
        raise wrong("this must be one value", hint="a text, a number, true or false")
    return value


def _form(value: Any) -> str:
    return "long" if isinstance(value, dict) and any(part in value for part in ("value", *POLICIES)) else "short"


RecordName = Annotated[str, AfterValidator(_usable), WithJsonSchema({"type": "string", "pattern": f"^{NAME.pattern}$"})]
Value = Annotated[Any, WithJsonSchema(ANYTHING)]
When = Annotated[Any, WithJsonSchema(CONDITION)]
Lookups = dict[RecordName, dict[str, Annotated[Any, AfterValidator(_scalar), WithJsonSchema(SCALAR)]]]
Vars = dict[RecordName, Value]


class FieldPart(Part):
    """A field with its policy, where its value alone does not say it all."""

    may_be_empty = frozenset({"value"})

    value: Value = Field(description="a constant, or an expression in {{ }}")
    required: bool = Field(default=False, description="an event that has nothing for it is dead")
    on_error: Literal["fail", "omit"] = Field("fail", description="what becomes of a value that cannot be computed")
    nulls: Literal["omit", "send"] = Field("omit", description="send: an empty value empties the CRM's field")
    max_length: Annotated[int, Field(ge=1, le=1 << 18)] | None = Field(
        None, description="characters; a longer text is cut"
    )
    write: Literal["always", "if_empty", "append"] = Field(
        "always", description="what becomes of what stands in the CRM's field already"
    )
    when: When = Field(None, description="the field is left out where this does not hold")


FieldValue = Annotated[Annotated[FieldPart, Tag("long")] | Annotated[Value, Tag("short")], Discriminator(_form)]


class RecordPart(Part):
    """One record that the target gets for each event."""

    name: RecordName = Field(description="by which later records know it: {{ records.<name>.id }}")
    object: Annotated[str, Field(min_length=1, max_length=128)] | None = Field(
        None, description="the target's word for this kind of record; left out: the name"
    )
    keyed_by: Literal["event", "person"] = Field(
        "event", description="whether each event has one of its own, or each person"
    )
    match: Annotated[list[str], Listed] = Field(
        default=[], description="fields by which a record that is there already is found, the best first"
    )
    mode: Literal["upsert", "create"] = Field("upsert", description="create: one that is there is left as it is")
    fields: dict[str, FieldValue] = Field(description="the target's field names, each with its value")
    when: When = Field(None, description="the record, and those that need it, are skipped where this does not hold")
