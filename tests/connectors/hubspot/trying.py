"""Trying: a connector beside a stand-in or at the sandbox portal, for the tests of what HubSpot alone does."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any

from bridge.connector import Hold, Outcome, Plan, Record, Usable
from bridge.engine.attempt import Caller
from bridge.model.delivery import Claim, Result
from bridge.model.mapping import MappingRule
from bridge.outbound import Door
from bridge.sandbox.hubspot.portal import Portal
from bridge.testing.api import Fault, Response, Server
from bridge.testing.parts import CLOCK_S, Counting, Parts
from bridge.testing.samples import LEAD, claim_of
from connectors.hubspot import HubSpot
from tests.connectors.hubspot.standin import Standing


class Trying(Parts):
    """One instance of the connector, at a stand-in that is being served."""

    connector = HubSpot

    def __init__(self, api: Standing, server: Server, settings: Mapping[str, Any], *, probed: bool) -> None:
        self.api = api
        self.server = server
        given = {"access_token": "pat-na1-a-token-for-tests", "base_url": server.url, "allow_private_addresses": True}
        self.hubspot = HubSpot(self.read(given | dict(settings)))
        if probed:  # as a worker does before it delivers
            self.hubspot.probe(self.call())
            server.requests.clear()

    def caller(self, server: Server, *, timeout_s: float = 10.0) -> Caller:
        return replace(super().caller(server, timeout_s=timeout_s), connector=self.hubspot)

    def settings(self, url: str) -> dict[str, Any]:
        return {"access_token": "pat-na1-a-token-for-tests", "base_url": url, "allow_private_addresses": True}

    def bring(self, *claims: Claim) -> list[Result]:
        """What comes of one attempt with all these, in one call."""
        return self.attempts(self.caller(self.server), list(claims))

    def brought(self, mapping: MappingRule, claim: Claim) -> Result:
        """What comes of one attempt with records of one's own."""
        caller = self.caller(self.server)
        (result,) = self.attempts(replace(caller, rule=replace(caller.rule, mapping=mapping)), [claim])
        return result

    def lead_of(self, number: int = 1, **said: Any) -> Claim:
        return claim_of(replace(LEAD, **said), number)

    def write(self, *records: Record) -> list[Outcome]:
        """What comes of each record, each a delivery of its own, in one call."""
        call = Door(allow_private_addresses=True, now_s=CLOCK_S, shared=Counting()).call()
        outcomes = self.hubspot.deliver_batch([Plan(n, [record]) for n, record in enumerate(records)], call)
        return [one for (one,) in outcomes]

    def call(self) -> Any:
        return Door(allow_private_addresses=True, now_s=CLOCK_S, shared=Counting()).call()

    def paths(self) -> list[str]:
        """What was asked of HubSpot."""
        return [f"{one.method} {one.path.partition('?')[0]}" for one in self.server.requests]

    def fail(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        self.server.fault = Fault(Response(status, body, headers or {}))


@contextmanager
def trying(api: Standing | None = None, *, probed: bool = True, **settings: Any) -> Iterator[Trying]:
    api = api or Standing()
    with Server(api, is_login=lambda _: False) as server:
        yield Trying(api, server, settings, probed=probed)


class At(Parts):
    """One instance of the connector at a portal."""

    connector = HubSpot

    def __init__(self, portal: Portal, **settings: Any) -> None:
        self.portal = portal
        given = {"access_token": "pat-na1-sandbox", "base_url": portal.url, "allow_private_addresses": True}
        self._given = {name: value for name, value in (given | settings).items() if value}

    def settings(self, url: str) -> dict[str, Any]:
        return self._given

    def bring(self, *claims: Claim) -> list[Result]:
        return self.attempts(self.its_caller, list(claims))

    def probe(self) -> Usable | Hold:
        """As a worker does before it delivers."""
        return self.its_caller.probe()

    @cached_property
    def its_caller(self) -> Caller:
        class Here:
            url = self.portal.url

        door = Door(timeout_s=10, allow_private_addresses=True, now_s=CLOCK_S, shared=Counting())
        return replace(self.caller(Here()), door=door)  # type: ignore[arg-type]

    def there(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.portal.records(kind) if not one["archived"]]

    def write(self, *records: Record) -> list[Outcome]:
        """What comes of each record, each a delivery of its own, in one call."""
        return [outcome for (outcome,) in self.written(*([record] for record in records))]

    def written(self, *plans: Sequence[Record]) -> list[list[Outcome]]:
        """What comes of each record of each delivery, in one call."""
        call = Door(timeout_s=10, allow_private_addresses=True, now_s=CLOCK_S, shared=_Waiting(self.portal)).call()
        connector: Any = self.its_caller.connector
        found: list[list[Outcome]] = connector.deliver_batch(
            [Plan(n, list(plan)) for n, plan in enumerate(plans)], call
        )
        return found

    def shown(self, kind: str, *names: str) -> list[tuple[str, ...]]:
        """These properties of all that is there, in the order in which it was made."""
        return [tuple(one["properties"].get(name, "") for name in names) for one in self.there(kind)]


class _Waiting(Counting):
    """While the connector waits, search finds what was written."""

    def __init__(self, portal: Portal) -> None:
        super().__init__()
        self._portal = portal

    def wait(self, seconds: float, *, within_s: float) -> None:
        self._portal.catch_up()


@contextmanager
def at(settings: dict[str, Any] | None = None, **of_portal: Any) -> Iterator[At]:
    with Portal(**{"search_lag_s": 0.0, "rolling_requests": 10_000, "search_requests": 10_000} | of_portal) as portal:
        yield At(portal, **settings or {})


def contact(key: str = "k1", **fields: Any) -> Record:
    return Record("person", "contacts", key, fields)


def message(key: str, email: str, text: str, **more: Any) -> Record:
    return contact(key, email=email, message=text, **more)


def appending(record: Record) -> Record:
    return replace(record, writes={"message": "append"})
