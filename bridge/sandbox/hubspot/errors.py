"""What a portal refuses, in its own words: message, category and context, and the bodies that carry them.

Texts and shapes: https://developers.hubspot.com/docs/api-reference/error-handling (2026-03-30), and bodies that users
of the API have recorded (2021-2026). Where neither shows a text, it is the sandbox's own (docs/sandbox-hubspot.md).
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Context = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that is wrong, as it stands in `errors`."""

    message: str
    code: str | None = None
    context: Context = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        code = {} if self.code is None else {"code": self.code}
        return {"message": self.message, **code, **_context(self.context)}


class Refused(Exception):
    """The portal does not do this."""

    def __init__(
        self,
        message: str,
        category: str | None = "VALIDATION_ERROR",
        *,
        status: int = 400,
        details: Sequence[Detail] = (),
        context: Context | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.category, self.status = message, category, status
        self.details, self.context, self.more = tuple(details), context or {}, more or {}

    def as_answer(self) -> dict[str, Any]:
        """The body of the answer to a whole call."""
        errors = {"errors": [detail.as_json() for detail in self.details]} if self.details else {}
        category = {} if self.category is None else {"category": self.category}
        told = {"status": "error", "message": self.message, "correlationId": str(uuid.uuid4())}
        return {**told, **_context(self.context), **errors, **self.more, **category}

    def as_row(self, context: Context, *, lean: bool) -> dict[str, Any]:
        """The entry for a row of a batch; `lean`: as seen in the wild, without what the contract demands."""
        row: dict[str, Any] = {
            "status": "error",
            "category": self.category or "OBJECT_NOT_FOUND",
            "message": self.message,
        }
        row["context"] = {name: list(values) for name, values in {**self.context, **context}.items()}
        return row if lean else {**row, "errors": [detail.as_json() for detail in self.details], "links": {}}


@dataclass(frozen=True, slots=True)
class BadValue:
    """A value that a property does not take."""

    name: str
    code: str
    message: str


def bad_values(bad: Sequence[BadValue], portal_id: int) -> Refused:
    """Values were refused: the names stand in the text of the message, as JSON."""
    told = [
        {
            "isValid": False,
            "message": one.message,
            "error": one.code,
            "name": one.name,
            "localizedErrorMessage": one.message,
            "portalId": portal_id,
        }
        for one in bad
    ]
    text = json.dumps(told, separators=(",", ":"), ensure_ascii=False)
    details = [Detail(one.message, one.code, {"propertyName": [one.name]}) for one in bad]
    return Refused(f"Property values were not valid: {text}", details=details)


def bad_input(what: str) -> Refused:
    """The body is not of the shape that the call needs."""
    return Refused(f"Invalid input JSON: {what}")


def no_object(key: str) -> Refused:
    """No record has this id: a number is answered in another way than a text."""
    if key.isascii() and key.isdigit():
        return Refused("resource not found", "OBJECT_NOT_FOUND", status=404)
    message = "Object not found.  objectId are usually numeric."
    return Refused(message, "OBJECT_NOT_FOUND", status=404, context={"id": [key]})


def no_path() -> Refused:
    """The path leads nowhere."""
    return Refused("resource not found", None, status=404)


def no_method(method: str) -> Refused:
    """The path is right, the method is not."""
    return Refused(f"HTTP {method} is not supported here", "METHOD_NOT_ALLOWED", status=405)


def missing_scopes(scopes: Sequence[str]) -> Refused:
    """The app has none of these scopes, of which one is needed."""
    told = "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: "
    link = "https://developers.hubspot.com/scopes"
    needed = Detail(
        "One or more of the following scopes are required.", context={"requiredGranularScopes": list(scopes)}
    )
    return Refused(f"{told}{link}.", "MISSING_SCOPES", status=403, details=[needed], more={"links": {"scopes": link}})


def no_credentials() -> Refused:
    """There is no token, or one that nobody has given out."""
    told = (
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details"
    )
    message = f"{told} at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
    return Refused(message, "INVALID_AUTHENTICATION", status=401)


def expired(seconds: int, at: str) -> Refused:
    """The token was good until then."""
    message = f"The OAuth token used to make this call expired {seconds} second(s) ago."
    return Refused(message, "EXPIRED_AUTHENTICATION", status=401, context={"expire time": [at]})


def over_limit(policy: str) -> dict[str, str]:
    """The body of a 429: other than all others, it has no category."""
    return {
        "status": "error",
        "message": f"You have reached your {policy.lower()} limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": str(uuid.uuid4()),
        "policyName": policy,
        "requestId": uuid.uuid4().hex,
    }


def _context(context: Context) -> dict[str, Any]:
    return {"context": {name: list(values) for name, values in context.items()}} if context else {}
