"""A stand-in for HubSpot, as small as the tests of the connector allow: objects with properties and associations."""

import copy
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bridge.testing import Request, Response

PORTAL = 4711
STATUS_OF = {"VALIDATION_ERROR": 400, "INVALID_EMAIL": 400, "CONFLICT": 409, "OBJECT_NOT_FOUND": 404}
STAMP = "2026-01-01T00:00:00Z"


class Refused(Exception):
    def __init__(self, category: str, message: str) -> None:
        super().__init__(message)
        self.category = category


def invalid(code: str, name: str) -> Refused:
    listed = json.dumps([{"isValid": False, "message": f"{name} is wrong", "error": code, "name": name}])
    return Refused("VALIDATION_ERROR", f"Property values were not valid: {listed}")


class Standing:
    """`refuse`: looks at (object, properties) and raises Refused where they are not to be taken."""

    def __init__(self, *, unique: dict[str, str] | None = None) -> None:
        self.objects: dict[str, dict[str, dict[str, str]]] = {}
        self.links: dict[str, list[tuple[str, str]]] = {}  # by the id of an object: (type id, id) that it leads to
        self.unique = {"contacts": ["email"]} | {name: [one] for name, one in (unique or {}).items()}
        if unique and "contacts" in unique:
            self.unique["contacts"] = ["email", unique["contacts"]]
        self.merged: dict[str, str] = {}  # ids that are no more; by the id that they became, or an empty text
        self.refuse: Callable[[str, dict[str, str]], None] = lambda *_: None
        self.options: dict[str, list[dict[str, str]]] = {}
        self.whole = False  # one bad row costs the whole batch a 400
        self.last_id = 100
        self.traced = True

    def count(self) -> int:
        return sum(map(len, self.objects.values()))

    def of(self, object_: str) -> list[dict[str, str]]:
        return list(self.objects.get(object_, {}).values())

    def add(self, object_: str, **properties: str) -> str:
        self.last_id += 1
        self.objects.setdefault(object_, {})[str(self.last_id)] = properties
        return str(self.last_id)

    def answer(self, request: Request) -> Response:
        url = urlsplit(request.path)
        steps = url.path.strip("/").split("/")
        match (request.method, steps):
            case ("GET", ["account-info", "v3", "details"]):
                return Response(200, {"portalId": PORTAL, "timeZone": "US/Eastern", "uiDomain": "app.hubspot.com"})
            case ("GET", ["crm", "v3", "properties", object_]):
                named = {name for one in self.of(object_) for name in one} | self.options.keys()
                named |= set(self.unique.get(object_, []))
                rows = [
                    {"name": name, "label": name, "type": "enumeration" if name in self.options else "string",
                     "options": self.options.get(name, []), "hasUniqueValue": name in self.unique.get(object_, [])}
                    for name in sorted(named)
                ]  # fmt: skip
                return Response(200, {"results": rows})
            case ("POST", ["crm", "v3", "properties", object_]):
                made = request.json()
                assert made["hasUniqueValue"] is True
                self.unique.setdefault(object_, []).append(made["name"])
                return Response(201, made)
            case ("GET", ["crm", "v3", "objects", _]):
                return Response(200, {"results": []})
            case ("GET", ["crm", "v4", "objects", _, id_, "associations", to]):
                ids = [own for own in self.objects.get(to, {}) if id_ in [one for _, one in self.links.get(own, [])]]
                after = parse_qs(url.query).get("after", ["0"])[0]
                page = ids[int(after) : int(after) + 2]  # small pages, so that they are turned
                more = {"paging": {"next": {"after": str(int(after) + 2)}}} if len(ids) > int(after) + 2 else {}
                return Response(
                    200, {"results": [{"toObjectId": int(one), "associationTypes": []} for one in page]} | more
                )
            case ("POST", ["crm", "v4", "associations", _, to, "batch", "read"]):
                return self._associated(to, [one["id"] for one in request.json()["inputs"]])
            case ("POST", ["crm", "v4", "associations", _, _, "batch", "create"]):
                return self._link(request.json()["inputs"])
            case ("POST", ["crm", "v3", "objects", object_, "search"]):
                return self._search(object_, request.json())
            case ("POST", ["crm", "v3", "objects", object_, "batch", "read"]):
                return self._read(object_, request.json())
            case ("POST", ["crm", "v3", "objects", object_, "batch", way]):
                return self._write(object_, way, request.json()["inputs"])
        return Response(404, {"status": "error", "message": f"there is no {request.method} {url.path}"})

    def _write(self, object_: str, way: str, inputs: list[dict[str, Any]]) -> Response:
        results, errors = [], []
        before = copy.deepcopy((self.objects, self.links))
        for one in inputs:
            assert all(isinstance(value, str) for value in one["properties"].values()), one
            try:
                results.append(self._put(object_, way, one))
            except Refused as refused:
                error = {"status": "error", "category": refused.category, "message": str(refused)}
                if self.whole or len(inputs) == 1:
                    self.objects, self.links = before
                    return Response(STATUS_OF[refused.category], error)
                errors.append(error | {"context": {"objectWriteTraceId": [one["objectWriteTraceId"]]}})
        body = {"status": "COMPLETE", "results": results[::-1], "startedAt": STAMP, "completedAt": STAMP}
        if errors:
            return Response(207, body | {"numErrors": len(errors), "errors": errors})
        return Response(201 if way == "create" else 200, body)

    def _put(self, object_: str, way: str, one: dict[str, Any]) -> dict[str, Any]:
        known = self.objects.setdefault(object_, {})
        properties = one["properties"]
        self.refuse(object_, properties)
        id_ = None
        if way == "update":
            id_ = one["id"]
            if id_ not in known:
                raise Refused("OBJECT_NOT_FOUND", f"resource not found: {id_}")
        elif way == "upsert":
            if one["idProperty"] not in self.unique.get(object_, []):
                raise invalid("PROPERTY_DOESNT_EXIST", one["idProperty"])
            properties = properties | {one["idProperty"]: one["id"]}
            id_ = next((own for own, it in known.items() if it.get(one["idProperty"]) == one["id"]), None)
        for name in self.unique.get(object_, []):
            owner = next((o for o, it in known.items() if it.get(name) and it[name] == properties.get(name)), None)
            if owner not in (None, id_) and name == "email":
                raise Refused("CONFLICT", f"Contact already exists. Existing ID: {owner}")
            if owner not in (None, id_):
                raise Refused("VALIDATION_ERROR", f"{object_} {properties[name]}: {owner} already has that value.")
        for link in one.get("associations", []):
            if not any(link["to"]["id"] in objects for objects in self.objects.values()):
                raise Refused("OBJECT_NOT_FOUND", "the object to associate with is not there")
        new = id_ is None
        if new:
            id_ = self.add(object_)
            self.links[id_] = [
                (str(a["types"][0]["associationTypeId"]), a["to"]["id"]) for a in one.get("associations", [])
            ]
        known[str(id_)] |= properties
        trace = {"objectWriteTraceId": one["objectWriteTraceId"]} if self.traced else {}
        return self._shown(str(id_), known[str(id_)]) | {"new": new} | trace

    def _shown(self, id_: str, properties: dict[str, str]) -> dict[str, Any]:
        return {"id": id_, "properties": dict(properties), "createdAt": STAMP, "updatedAt": STAMP, "archived": False}

    def _read(self, object_: str, asked: dict[str, Any]) -> Response:
        by, known = asked.get("idProperty"), self.objects.get(object_, {})
        wanted = [one["id"] for one in asked["inputs"]]
        found = [
            self._shown(id_, {name: text for name, text in it.items() if name in asked["properties"]})
            for id_, it in known.items()
            if (it.get(by) if by else id_) in wanted
        ]
        if len(found) == len(wanted):
            return Response(200, {"status": "COMPLETE", "results": found})
        error = {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": "Could not get some objects",
            "context": {},
        }
        return Response(207, {"status": "COMPLETE", "results": found, "numErrors": 1, "errors": [error]})

    def _associated(self, to: str, ids: list[str]) -> Response:
        """Two of each at the most, and no word of those who have none: what is left open is asked for by itself."""
        results = []
        for id_ in ids:
            own = [one for one in self.objects.get(to, {}) if id_ in [it for _, it in self.links.get(one, [])]]
            more = {"paging": {"next": {"after": "2"}}} if len(own) > 2 else {}
            if own:
                to_ = [{"toObjectId": int(one), "associationTypes": []} for one in own[:2]]
                results.append({"from": {"id": id_}, "to": to_} | more)
        return Response(200, {"status": "COMPLETE", "results": results})

    def _link(self, inputs: list[dict[str, Any]]) -> Response:
        for one in inputs:
            pair = str(one["types"][0]["associationTypeId"]), one["to"]["id"]
            if pair not in self.links.setdefault(one["from"]["id"], []):
                self.links[one["from"]["id"]].append(pair)
        return Response(201, {"status": "COMPLETE", "results": inputs})

    def _search(self, object_: str, asked: dict[str, Any]) -> Response:
        found = [
            self._shown(id_, it)
            for id_, it in self.objects.get(object_, {}).items()
            if any(all(_fits(it, one) for one in group["filters"]) for group in asked["filterGroups"])
        ]
        return Response(200, {"total": len(found), "results": found[: asked["limit"]]})


def _fits(properties: dict[str, str], asked: dict[str, Any]) -> bool:
    name = asked["propertyName"]
    stands = properties.get(name, "")
    if name.startswith("hs_searchable_calculated_"):
        own = "mobilephone" if "mobile" in name else "phone"
        stands = (
            "".join(sign for sign in properties.get(own, "") if sign.isdigit()).removeprefix("00").removeprefix("1")
        )
    match asked["operator"]:
        case "EQ":
            return bool(stands) and stands == asked["value"]
        case "IN":
            return stands in asked["values"]
    return True
