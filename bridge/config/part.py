"""Part: what every mapping of the file has in common."""

from collections.abc import Container
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator


class Part(BaseModel):
    """A mapping of the file. A key with nothing after it means its default."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    may_be_empty: ClassVar[frozenset[str]] = frozenset()  # keys of which nothing is a value, too

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, value: Any) -> Any:
        return without_empty(value, known=cls.model_fields.keys() - cls.may_be_empty)


def without_empty(value: Any, *, known: Container[str]) -> Any:
    """The mapping without those of the known keys that have no value; `None` is an empty mapping."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        return value
    return {key: item for key, item in value.items() if item is not None or key not in known}
