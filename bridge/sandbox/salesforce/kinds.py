"""What kind of call a call is, in one or two words: for the ledger, whatever comes of it."""

from bridge.sandbox.salesforce.asked import Asked

_OF_A_RECORD = {"GET": "get", "POST": "create", "PATCH": "update", "DELETE": "delete"}
_RECORD_BY_VALUE = 4  # parts of sobjects/Lead/Email/ada@example.com


def kind_of(asked: Asked) -> str:
    """Such as create, "create many", query, composite."""
    match asked.parts:
        case ("sobjects",) | ("sobjects", _, "describe"):
            return "describe"
        case ("sobjects", _) if asked.method == "GET":
            return "describe"
        case ("sobjects", *_):
            upsert = asked.method == "PATCH" and len(asked.parts) == _RECORD_BY_VALUE
            return "upsert" if upsert else _OF_A_RECORD.get(asked.method, "other")
        case ("composite", "sobjects", *rest):
            return f"{_of_many(asked.method, len(rest))} many"
        case ("composite", "batch"):
            return "batch"
        case ("query" | "queryAll", *_):
            return "query"
        case (("composite" | "limits") as name, *_):
            return name
    return "other"


def _of_many(method: str, rest: int) -> str:
    if rest == 1:  # which of one object, they are only shown
        return "get"
    return "upsert" if rest and method == "PATCH" else _OF_A_RECORD.get(method, "other")
