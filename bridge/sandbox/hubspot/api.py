"""The API of a portal: which endpoint a call is for, and which scope it needs."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bridge.sandbox.hubspot import contacts, search
from bridge.sandbox.hubspot.asked import Asked, Result
from bridge.sandbox.hubspot.batch import Batch
from bridge.sandbox.hubspot.definitions import Definitions
from bridge.sandbox.hubspot.errors import bad_input, no_method, no_path
from bridge.sandbox.hubspot.limits import Limits
from bridge.sandbox.hubspot.linking import Linking
from bridge.sandbox.hubspot.objects import Objects
from bridge.sandbox.hubspot.pipelines import answer_owners, answer_pipelines
from bridge.sandbox.hubspot.schema import Kind, kind_of
from bridge.sandbox.hubspot.world import World

_MOST_PER_PAGE = 100
_OWN_SCOPE = ("deals", "leads")  # all other kinds go with contacts


class Api:
    """The endpoints of one portal, those for tokens aside. All raise `Refused` where the portal does not do it."""

    def __init__(self, world: World, limits: Limits) -> None:
        self._world, self._limits = world, limits
        self._objects = Objects(world)
        self._batch = Batch(world, self._objects)
        self._linking = Linking(world, self._objects)
        self._definitions = Definitions(world)

    def call(self, asked: Asked) -> Result:
        """What comes of a call."""
        match asked.parts:
            case ("crm", "objects", name, *rest) if (kind := kind_of(name)) is not None:
                return self._object(asked, kind, tuple(rest))
            case ("crm", "associations", *_):
                return self._linking.many(asked)
            case ("crm", "properties", *_):
                return self._definitions.answer(asked)
            case ("crm", "pipelines", *_):
                return answer_pipelines(self._world, asked)
            case ("crm", "owners", *_):
                return answer_owners(self._world, asked)
            case ("account-info", "details"):
                return Result(body=self._details())
            case ("account-info", "api-usage", "daily", *_):
                return Result(body=self._limits.usage())
        raise no_path()

    def _object(self, asked: Asked, kind: Kind, rest: tuple[str, ...]) -> Result:
        match rest:
            case ():
                return self._all(asked, kind)
            case ("search",):
                return search.answer(self._world, self._objects, asked, kind)
            case ("batch", which):
                return self._batch.answer(asked, kind, which)
            case ("merge",) if asked.method == "POST" and kind.name in ("contacts", "deals"):
                record = contacts.merge(self._world, self._objects.associations, kind, asked.table())
                return Result(body=self._objects.shown(kind, record))
            case ("gdpr-delete",) if asked.method == "POST":
                body = asked.table()
                self._objects.forget(kind, str(body.get("objectId")), str(body.get("idProperty") or ""))
                return Result(204)
            case (key,):
                return self._one(asked, kind, key)
            case (key, "associations", *more):
                return self._linking.single(asked, kind, key, tuple(more))
        raise no_path()

    def _all(self, asked: Asked, kind: Kind) -> Result:
        if asked.method == "POST":
            record = self._objects.create(kind, asked.table())
            return Result(201, dict(record))
        if asked.method != "GET":
            raise no_method(asked.method)
        limit = asked.number("limit", 10, most=_MOST_PER_PAGE)
        after = asked.number("after", 0, most=10**15)
        archived, names = asked.flag("archived"), asked.several("properties")
        found = [one for one in self._world.records.all(kind.name) if one["archived"] is archived]
        page = [one for one in found if int(one["id"]) > after][: limit + 1]
        results = [self._objects.shown(kind, one, names) for one in page[:limit]]
        more = {"paging": {"next": {"after": page[limit - 1]["id"]}}} if len(page) > limit and limit else {}
        return Result(body={"results": results, **more})

    def _one(self, asked: Asked, kind: Kind, key: str) -> Result:
        if asked.method == "DELETE":
            self._objects.archive(kind, key)
            return Result(204)
        if asked.method not in ("GET", "PATCH"):
            raise no_method(asked.method)
        record = self._objects.find(kind, key, asked.one("idProperty"), archived=asked.flag("archived"))
        if asked.method == "PATCH":
            updated = self._objects.update(kind, record, asked.table())
            return Result(body=self._objects.written(kind, updated, asked.table()))
        shown = self._objects.shown(kind, record, asked.several("properties") + asked.several("propertiesWithHistory"))
        linked = {}
        for name in asked.several("associations"):
            if (other := kind_of(name)) is None:
                raise bad_input(f"associations: there is no {name}")
            if (found := self._objects.associations.shown(kind, record["id"], other)) is not None:
                linked[other.name] = found
        return Result(body={**shown, "associations": linked} if linked else shown)

    def _details(self) -> dict[str, object]:
        settings = self._world.settings
        offset = datetime.now(ZoneInfo(settings["time_zone"])).utcoffset() or timedelta(0)
        minutes = int(offset.total_seconds()) // 60
        return {
            "portalId": self._world.portal_id,
            "accountType": "DEVELOPER_TEST",
            "timeZone": settings["time_zone"],
            "companyCurrency": "USD",
            "additionalCurrencies": [],
            "utcOffset": f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}",
            "utcOffsetMilliseconds": minutes * 60_000,
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "na1",
        }


def scopes_for(asked: Asked) -> list[str]:
    """The scopes of which the call needs one; none if it needs none."""
    match asked.parts:
        case ("crm", "objects" | "associations" as family, name, *rest):
            reads = asked.method == "GET" or rest[-1:] == ["search"] or rest[-2:] == ["batch", "read"]
            kind = kind_of(name)
            base = kind.name if kind and kind.name in _OWN_SCOPE else "contacts"
            if family == "objects" and reads:
                return [f"crm.objects.{base}.read"]
            return [f"crm.objects.{base}.{'read' if reads else 'write'}"]
        case ("crm", "properties" | "pipelines", name, *rest):
            kind = kind_of(name)
            base = "deals" if kind and kind.name == "deals" else "contacts"
            if asked.method == "GET" or rest[-2:] == ["batch", "read"]:
                return [f"crm.schemas.{base}.read", f"crm.objects.{base}.read"]
            return [f"crm.schemas.{base}.write"]
        case ("crm", "owners", *_):
            return ["crm.objects.owners.read"]
    return []


def kind_for(asked: Asked) -> str:
    """What the ledger calls such a call: contacts create, contacts batch/upsert, properties list, …"""
    match asked.parts:
        case ("crm", "objects", name, *rest):
            kind = kind_of(name)
            word = kind.name if kind else name
            if rest[1:2] == ["associations"]:
                return f"{word} associations"
            if rest[:1] == ["batch"]:
                return f"{word} batch/{'/'.join(rest[1:])}"
            if rest in (["search"], ["merge"], ["gdpr-delete"]):
                return f"{word} {rest[0]}"
            return f"{word} {_VERBS.get(asked.method, asked.method) if rest or asked.method == 'POST' else 'list'}"
        case ("crm", family, *_):
            return f"{family} {_VERBS.get(asked.method, asked.method)}"
    return "/".join(asked.parts[:2])


_VERBS = {"GET": "get", "POST": "create", "PATCH": "update", "PUT": "put", "DELETE": "archive"}
