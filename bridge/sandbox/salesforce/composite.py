"""Composite requests: up to 25 calls in one, which may use each other's results, all or none of them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bridge.sandbox.salesforce.asked import Asked, Result, errors_of, split
from bridge.sandbox.salesforce.errors import Error, Refused, not_found, refused_request
from bridge.sandbox.salesforce.world import World

_MOST_CALLS, _MOST_HEAVY = 25, 5
_REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])+)\}")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_HALTED = [
    Error(
        "PROCESSING_HALTED",
        "The transaction was rolled back since another operation in the same transaction failed.",
    ).as_single()
]


class Composite:
    """The resource composite. Everything may raise `Refused`, for the whole call.

    Where all or none is asked, a row of a collection that fails takes all back, too, and then the other rows of its
    collection still say success. Source:
    https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-allornone.html (2026).
    """

    def __init__(self, world: World, call: Callable[[Asked], Result]) -> None:
        self._world, self._call = world, call

    def run(self, asked: Asked) -> Result:
        """The results of all calls; where one fails and all or none is asked, nothing has changed."""
        calls = _checked(asked.table().get("compositeRequest"))
        mark = self._world.mark()
        results: dict[str, Result] = {}
        for call in calls:
            results[call["referenceId"]] = self._one(asked, call, results)
        failed = {name for name, result in results.items() if _has_failed(result)}
        if failed and asked.table().get("allOrNone") is True:
            self._world.undo(mark)
            results = {name: result if name in failed else Result(400, _HALTED) for name, result in results.items()}
        body = [
            {"body": one.body, "httpHeaders": dict(one.headers), "httpStatusCode": one.status, "referenceId": name}
            for name, one in results.items()
        ]
        return Result(body={"compositeResponse": body})

    def batch(self, asked: Asked) -> Result:
        """The results of independent calls."""
        calls = asked.table().get("batchRequests")
        if (
            not isinstance(calls, list)
            or len(calls) > _MOST_CALLS
            or not all(_has(call, "method", "url") for call in calls)
        ):
            raise _bad(f"batchRequests: at most {_MOST_CALLS} requests, each with method and url, are required")
        results: list[Result] = []
        for call in calls:
            if results and _has_failed(results[-1]) and asked.table().get("haltOnError") is True:
                message = "Batch processing halted per request"
                results.append(Result(412, [Error("BATCH_PROCESSING_HALTED", message).as_single()]))
                continue
            target = f"/services/data/{call['url']}"
            results.append(self._made(asked, call["method"], target, {}, call.get("richInput")))
        body = [{"statusCode": one.status, "result": one.body} for one in results]
        failed = any(_has_failed(one) for one in results)
        return Result(body={"hasErrors": failed, "results": body})

    def _one(self, asked: Asked, call: Mapping[str, Any], results: Mapping[str, Result]) -> Result:
        try:
            target = _resolved(call["url"], results)
            body = _resolved(call.get("body"), results)
        except Refused as refusal:
            return errors_of(refusal)
        return self._made(asked, call["method"], target, call.get("httpHeaders") or {}, body)

    def _made(self, asked: Asked, method: str, target: str, headers: Mapping[str, Any], body: Any) -> Result:
        parts, query = split(target)
        if parts[:2] != ("services", "data") or len(parts) < 4 or not re.fullmatch(r"v\d+\.0", parts[2]):
            return errors_of(not_found())
        own = {name.lower(): str(value) for name, value in headers.items()}
        return self._call(
            replace(asked, method=method, parts=parts[3:], query=query, headers=own, body=body, api=parts[2][1:])
        )


def _checked(calls: Any) -> list[dict[str, Any]]:
    if not isinstance(calls, list) or not calls:
        raise _bad("compositeRequest: an array of requests is required")
    if not all(_has(call, "method", "url", "referenceId") for call in calls):
        raise _bad("each request needs method, url and referenceId")
    if not all(isinstance(call.get("httpHeaders") or {}, dict) for call in calls):
        raise _bad("httpHeaders must be an object")
    if len(calls) > _MOST_CALLS:
        raise _bad(f"Limit of {_MOST_CALLS} subrequests in a composite request exceeded")
    if sum(_is_heavy(call["url"]) for call in calls) > _MOST_HEAVY:
        raise _bad(f"Limit of {_MOST_HEAVY} queries and sObject collections in a composite request exceeded")
    names = [call["referenceId"] for call in calls]
    if len(set(names)) < len(names) or not all(re.fullmatch(r"[A-Za-z]\w*", name) for name in names):
        raise _bad("Each referenceId must be unique, begin with a letter, and have letters, digits and _ only")
    return calls


def _has(call: Any, *names: str) -> bool:
    return isinstance(call, dict) and all(isinstance(call.get(name), str) for name in names)


def _is_heavy(url: str) -> bool:
    parts, _ = split(url)
    return parts[3:4] in (("query",), ("queryAll",)) or parts[3:5] == ("composite", "sobjects")


def _has_failed(result: Result) -> bool:
    return result.status >= 300 or result.failed


def _resolved(value: Any, results: Mapping[str, Result]) -> Any:
    """The value with all references replaced. A text that is one reference becomes what it refers to."""
    if isinstance(value, dict):
        return {name: _resolved(one, results) for name, one in value.items()}
    if isinstance(value, list):
        return [_resolved(one, results) for one in value]
    if not isinstance(value, str):
        return value
    if whole := _REFERENCE.fullmatch(value):
        return _referred(whole, results)
    return _REFERENCE.sub(lambda found: str(_referred(found, results)), value)


def _referred(found: re.Match[str], results: Mapping[str, Result]) -> Any:
    name, path = found[1], found[2]
    at = results[name].body if name in results else None
    for step in _STEP.finditer(path):
        if isinstance(at, list) and step[2]:
            at = at[int(step[2])] if int(step[2]) < len(at) else None
        else:
            at = at.get(step[1]) if isinstance(at, Mapping) and step[1] else None
    if at is None:
        message = f"Invalid reference specified. No value for {name}{path} found in {name}"
        raise refused_request("PROCESSING_HALTED", message)
    return at


def _bad(message: str) -> Refused:
    return refused_request("INVALID_INPUT", message)
