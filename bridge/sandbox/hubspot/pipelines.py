"""Pipelines and their stages, and owners: what a portal has of them, and which values the properties take for them."""

from collections.abc import Mapping, Sequence
from typing import Any

from bridge.sandbox.hubspot.asked import Asked, Result
from bridge.sandbox.hubspot.errors import Refused, no_method, no_path
from bridge.sandbox.hubspot.schema import Kind, kind_of
from bridge.sandbox.hubspot.world import World

STAGES: Mapping[str, tuple[str, str]] = {  # kind: the properties with the pipeline and its stage
    "deals": ("pipeline", "dealstage"),
    "leads": ("hs_pipeline", "hs_pipeline_stage"),
}
_AT = "2024-01-01T00:00:00Z"
_STOCK: Mapping[str, tuple[str, str, Sequence[tuple[str, str]]]] = {
    "deals": ("default", "Sales Pipeline", (
        ("appointmentscheduled", "Appointment Scheduled"),
        ("qualifiedtobuy", "Qualified To Buy"),
        ("presentationscheduled", "Presentation Scheduled"),
        ("decisionmakerboughtin", "Decision Maker Bought-In"),
        ("contractsent", "Contract Sent"),
        ("closedwon", "Closed Won"),
        ("closedlost", "Closed Lost"),
    )),
    "leads": ("lead-pipeline-id", "Lead pipeline", (
        ("new-stage-id", "New"),
        ("attempting-stage-id", "Attempting"),
        ("connected-stage-id", "Connected"),
        ("qualified-stage-id", "Qualified"),
        ("unqualified-stage-id", "Disqualified"),
    )),
}  # fmt: skip


def pipelines(world: World, kind: Kind) -> list[dict[str, Any]]:
    """All pipelines of this kind, as the API tells them; the first is taken where none is named."""
    stock = []
    if kind.name in _STOCK:
        key, label, stages = _STOCK[kind.name]
        stock = [{"id": key, "label": label, "stages": [{"id": one, "label": label} for one, label in stages]}]
    every = [*stock, *world.settings["pipelines"].get(kind.name, [])]
    return [_pipeline(one, order) for order, one in enumerate(every)]


def _pipeline(one: Mapping[str, Any], order: int) -> dict[str, Any]:
    stages = [
        {
            "label": stage.get("label", stage["id"]),
            "displayOrder": number,
            "metadata": {},
            "id": stage["id"],
            "createdAt": _AT,
            "updatedAt": _AT,
            "archived": False,
        }
        for number, stage in enumerate(one["stages"])
    ]
    head = {"label": one.get("label", one["id"]), "displayOrder": order, "id": one["id"], "stages": stages}
    return {**head, "createdAt": _AT, "updatedAt": _AT, "archived": False}


def owners(world: World) -> list[dict[str, Any]]:
    """All owners, as the API tells them."""
    return [
        {
            "id": str(owner["id"]),
            "email": owner.get("email", ""),
            "type": "PERSON",
            "firstName": owner.get("firstName", ""),
            "lastName": owner.get("lastName", ""),
            "userId": int(owner["id"]) + 1000,
            "userIdIncludingInactive": int(owner["id"]) + 1000,
            "createdAt": _AT,
            "updatedAt": _AT,
            "archived": bool(owner.get("archived", False)),
        }
        for owner in world.settings["owners"]
    ]


def choices(world: World, kind: Kind, name: str, values: Mapping[str, str]) -> list[str] | None:
    """What a property with options from elsewhere takes; None: anything."""
    if name == "hubspot_owner_id":
        return [owner["id"] for owner in owners(world)]
    if name in STAGES.get(kind.name, ()):
        every = pipelines(world, kind)
        if name == STAGES[kind.name][0]:
            return [one["id"] for one in every]
        chosen = values.get(STAGES[kind.name][0]) or every[0]["id"]
        return [stage["id"] for one in every if one["id"] == chosen for stage in one["stages"]]
    return None


def answer_pipelines(world: World, asked: Asked) -> Result:
    """GET crm/pipelines/{kind}/…; changing them is a matter of the settings."""
    if asked.method != "GET":
        raise no_method(asked.method)
    kind = kind_of(asked.parts[2]) if len(asked.parts) > 2 else None
    if kind is None:
        raise no_path()
    every = pipelines(world, kind)
    match asked.parts[3:]:
        case ():
            return Result(body={"results": every}, kind="pipelines")
        case (key, *rest):
            found = next((one for one in every if one["id"] == key), None)
            if found is None:
                raise Refused(f"Pipeline {key} does not exist", "OBJECT_NOT_FOUND", status=404)
            if not rest:
                return Result(body=found, kind="pipelines")
            if rest[0] == "stages":
                return _stages(found["stages"], rest[1:])
    raise no_path()


def _stages(stages: list[dict[str, Any]], rest: list[str]) -> Result:
    if not rest:
        return Result(body={"results": stages}, kind="pipelines")
    found = next((stage for stage in stages if stage["id"] == rest[0]), None)
    if found is None or len(rest) > 1:
        raise Refused(f"Stage {rest[0]} does not exist", "OBJECT_NOT_FOUND", status=404)
    return Result(body=found, kind="pipelines")


def answer_owners(world: World, asked: Asked) -> Result:
    """GET crm/owners and crm/owners/{id}."""
    if asked.method != "GET":
        raise no_method(asked.method)
    every = [one for one in owners(world) if one["archived"] is asked.flag("archived")]
    match asked.parts[2:]:
        case ():
            email = asked.one("email").lower()
            return Result(
                body={"results": [one for one in every if not email or one["email"].lower() == email]}, kind="owners"
            )
        case (key,):
            found = next((one for one in every if one["id"] == key), None)
            if found is None:
                raise Refused(f"Owner with id {key} not found", "OBJECT_NOT_FOUND", status=404)
            return Result(body=found, kind="owners")
    raise no_path()
