"""Parts: what the tests of a connector are made of: the author's own tests may use them, too."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

from bridge.connector import Connector, Outcome
from bridge.core.mapping import read_records, records_for
from bridge.engine.attempt import Caller
from bridge.engine.batch import attempt_batch
from bridge.engine.clock import Clock
from bridge.model.delivery import Claim, Result
from bridge.model.rules import Policy, TargetRule
from bridge.outbound import Door
from bridge.testing.api import Api, Request, Response, Server
from bridge.testing.samples import LEAD, claim_of
from bridge.testing.settings import read_settings

CLOCK = Clock(now_ms=lambda: time.time_ns() // 1_000_000, boot_s=time.monotonic, jitter=lambda: 0.0)


CLOCK_S = datetime(2023, 11, 23, 18, 40, tzinfo=UTC).timestamp  # stands still: a signature is the same each time


class Parts:
    """What an author says of the connector, and what can be done with it."""

    connector: ClassVar[Any]  # the class
    changing: ClassVar[frozenset[str]] = frozenset()  # headers, in lower case, that change with each request

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
        declared = getattr(self.connector, "default_records", ())
        rule = TargetRule(
            "target",
            self.connector.__name__,
            policy=Policy(timeout_s=timeout_s),
            records=read_records(declared) if declared else (),
        )
        return Caller(rule, connector, Door(timeout_s=timeout_s, allow_private_addresses=True, now_s=CLOCK_S), CLOCK)

    def attempt(self, server: Server, claim: Claim, *, timeout_s: float = 10.0) -> Result:
        """What comes of one try; fails where the connector raised."""
        caller = self.caller(server, timeout_s=timeout_s)
        if caller.max_batch > 1:
            results, _ = attempt_batch(caller, [claim], number=1)
            assert results, "deliver_batch raised, or did not say what came of each plan"
            (result,) = results
        else:
            result = caller.attempt(claim)
        must_not_have_raised(result.outcome)
        return result

    def records(self, claim: Claim) -> list[Any]:
        declared = getattr(self.connector, "default_records", ())
        return list(records_for(claim, read_records(declared) if declared else ()))

    def comparable(self, request: Request, url: str) -> tuple[str, str, dict[str, str], str]:
        host = url.removeprefix("http://")
        headers = {
            name: value.replace(host, "host") for name, value in request.headers.items() if name not in self.changing
        }
        return request.method, request.path, headers, request.body.decode("utf-8", "replace").replace(host, "host")


def must_not_have_raised(outcome: Outcome | None) -> None:
    reason = getattr(outcome, "reason", "")
    assert not reason.endswith(" in the connector"), f"the connector raised: {reason}"
