"""What an org refuses, in its own words: codes, their HTTP status, and the bodies that carry them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_STATUS: Mapping[str, int] = {
    "INVALID_SESSION_ID": 401,
    "INVALID_AUTH_HEADER": 401,
    "REQUEST_LIMIT_EXCEEDED": 403,
    "API_DISABLED_FOR_ORG": 403,
    "INSUFFICIENT_ACCESS": 403,
    "INSUFFICIENT_ACCESS_OR_READONLY": 403,
    "NOT_FOUND": 404,
    "ENTITY_IS_DELETED": 404,
    "METHOD_NOT_ALLOWED": 405,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "UNKNOWN_EXCEPTION": 500,
    "SERVER_UNAVAILABLE": 503,
}  # all others: 400


@dataclass(frozen=True, slots=True)
class Error:
    """One thing that is wrong. `fields`: which fields, where it is about a row; None where it is about the request."""

    code: str
    message: str
    fields: Sequence[str] | None = None
    more: Mapping[str, Any] | None = None  # what else stands in the answer about one record

    def as_single(self) -> dict[str, Any]:
        """As it stands in the answer about one record."""
        fields = {} if self.fields is None else {"fields": list(self.fields)}
        return {**(self.more or {}), "message": self.message, "errorCode": self.code, **fields}

    def as_row(self) -> dict[str, Any]:
        """As it stands in the result of one row of many, where nothing more is told."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields or ())}


class Refused(Exception):
    """The org does not do this, for one or more reasons."""

    def __init__(self, *errors: Error, status: int | None = None) -> None:
        super().__init__(*errors)
        self.errors = errors
        self.status = status or _STATUS.get(errors[0].code, 400)


def refused(code: str, message: str, *fields: str) -> Refused:
    """A row is refused, because of these fields."""
    return Refused(Error(code, message, fields))


def refused_request(code: str, message: str) -> Refused:
    """A request is refused before any row is looked at."""
    return Refused(Error(code, message))


def not_found() -> Refused:
    """The path leads nowhere."""
    return refused_request("NOT_FOUND", "The requested resource does not exist")
