"""Parts: what the tests of a connector are made of: the author's own tests may use them, too."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from bridge.connector import Connector, Outcome
from bridge.core.mapping import records_for
from bridge.core.records import read_defaults
from bridge.engine.attempt import Caller
from bridge.engine.batch import attempt_batch
from bridge.engine.clock import Clock
from bridge.model.delivery import Claim, Result
from bridge.model.mapping import MappingRule
from bridge.model.record import Skipped
from bridge.model.rules import Policy, TargetRule
from bridge.outbound import Alone, Door
from bridge.testing.api import Api, Request, Response, Server
from bridge.testing.samples import LEAD, claim_of, other_lead
from bridge.testing.settings import read_settings

CLOCK = Clock(now_ms=lambda: time.time_ns() // 1_000_000, boot_s=time.monotonic, jitter=lambda: 0.0)


CLOCK_S = datetime(2023, 11, 23, 18, 40, tzinfo=UTC).timestamp  # stands still: a signature is the same each time


class Parts:
    """What an author says of the connector, and what can be done with it."""

    connector: ClassVar[Any]  # the class
    changing: ClassVar[frozenset[str]] = frozenset()  # headers, in lower case, that change with each request
    unwanted: ClassVar[Mapping[str, Any]] = {}  # what a lead says that the stand-in refuses by itself

    def settings(self, url: str) -> dict[str, Any]:
        """Settings as they stand in the configuration, for an API at this address."""
        raise NotImplementedError

    def api(self) -> Api:
        """A new stand-in for the API, with nothing in it."""
        raise NotImplementedError

    def is_login(self, request: Request) -> bool:
        """Whether the request only gets an access token."""
        return False

    def refusal(self, status: int) -> Response:
        """How this API words a refusal."""
        return Response(status, {"error": f"refused with {status}"})

    def lead(self, **said: Any) -> Claim:
        """A worker's right to deliver a lead, in which `said` stands instead of the usual."""
        return claim_of(replace(LEAD, **said))

    def leads(self, count: int, *, first: int = 1) -> list[Claim]:
        """The same for leads of so many persons."""
        return [claim_of(other_lead(number), number) for number in range(first, first + count)]

    @contextmanager
    def serving(self) -> Iterator[Server]:
        """The stand-in for the API, with what it was sent (`requests`) and what is to go wrong with it (`fault`)."""
        with Server(self.api(), is_login=self.is_login) as server:
            yield server

    def read(self, settings: Mapping[str, Any]) -> Any:
        """The connector's Settings, checked as the configuration is."""
        return read_settings(self.connector.Settings, settings)

    def caller(self, server: Server, *, timeout_s: float = 10.0) -> Caller:
        connector: Connector = self.connector(self.read(self.settings(server.url)))
        policy = Policy(timeout_s=timeout_s)
        rule = TargetRule("target", self.connector.__name__, policy=policy, mapping=self.mapping)
        door = Door(timeout_s=timeout_s, allow_private_addresses=True, now_s=CLOCK_S, shared=Counting())
        return Caller(rule, connector, door, CLOCK)

    def attempt(self, server: Server, claim: Claim, *, timeout_s: float = 10.0) -> Result:
        """What comes of one try; fails where the connector raised."""
        (result,) = self.attempts(self.caller(server, timeout_s=timeout_s), [claim])
        return result

    def attempts(self, caller: Caller, claims: Sequence[Claim]) -> list[Result]:
        """What comes of one try for each, in one call where the connector takes many; fails where it raised."""
        if caller.max_batch > 1:
            found, _ = attempt_batch(caller, claims, number=1)
            assert len(found) == len(claims), "deliver_batch raised, or did not say what came of each plan"
            places = {claim.delivery_id: place for place, claim in enumerate(claims)}
            results = sorted(found, key=lambda result: places[result.claim.delivery_id])
        else:
            results = [caller.attempt(claim) for claim in claims]
        for result in results:
            must_not_have_raised(result.outcome)
        return results

    def unwanted_or_skip(self) -> None:
        if not self.unwanted:
            pytest.skip('say what a lead has to say for the stand-in to refuse it: unwanted = {"email": "…"}')

    def unwanted_one(self, claim: Claim) -> Claim:
        return replace(claim, stored=replace(claim.stored, event=replace(claim.stored.event, **self.unwanted)))

    @property
    def mapping(self) -> MappingRule:
        """What a target without records of its own gets."""
        declared = getattr(self.connector, "default_records", ())
        return read_defaults(declared, getattr(self.connector, "default_vars", {})) if declared else MappingRule()

    def records(self, claim: Claim) -> list[Any]:
        return list(records_for(claim, self.mapping))

    def comparable(self, request: Request, url: str) -> tuple[str, str, dict[str, str], str]:
        host = url.removeprefix("http://")
        headers = {
            name: value.replace(host, "host") for name, value in request.headers.items() if name not in self.changing
        }
        return request.method, request.path, headers, request.body.decode("utf-8", "replace").replace(host, "host")


class Counting(Alone):
    """Counts the requests that go through the door, or are announced to it."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def spend(self, count: int, *, within_s: float) -> None:
        self.count += count


def must_not_have_raised(outcome: Outcome | Skipped | None) -> None:
    reason = getattr(outcome, "reason", "")
    assert not reason.endswith(" in the connector"), (
        f"the connector raised: {reason} (its traceback is in the log that pytest shows)"
    )
