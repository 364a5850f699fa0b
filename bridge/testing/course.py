"""Course: several deliveries on their way, attempt by attempt, as workers take them on."""

from collections.abc import Sequence
from dataclasses import replace

from bridge.connector import Delivered
from bridge.model.delivery import Claim, Result
from bridge.testing.api import Fault, Server
from bridge.testing.parts import Parts
from bridge.testing.samples import next_attempt, next_revision

Ids = dict[tuple[str, str], str]


class Course:
    """Deliveries that are tried again until each is delivered. Each attempt is another worker's."""

    def __init__(self, suite: Parts, server: Server, claims: Sequence[Claim]) -> None:
        self._suite = suite
        self._server = server
        self.claims = list(claims)
        self.last: list[Result | None] = [None] * len(self.claims)

    @property
    def delivered(self) -> bool:
        return not self._open()

    def attempt(self, fault: Fault | None = None, *, times: int = 1) -> None:
        """Tries all that are not delivered yet, with this going wrong."""
        self._server.fault = fault
        for _ in range(times):
            places = self._open()
            if places:
                results = self._suite.attempts(
                    self._suite.caller(self._server), [self.claims[place] for place in places]
                )
                for place, result in zip(places, results, strict=True):
                    self.claims[place] = next_attempt(self.claims[place], result)
                    self.last[place] = result
        self._server.fault = None

    def told(self) -> str:
        return ", ".join(repr(result.outcome) for result in self.last if result is not None)

    def revised(self) -> "Course":
        """The deliveries of the next revisions."""
        revisions = [
            next_revision(claim, last, replace(claim.stored.event, phone="+12125559999"))
            for claim, last in zip(self.claims, self.last, strict=True)
            if last is not None
        ]
        return Course(self._suite, self._server, revisions)

    def _open(self) -> list[int]:
        return [
            place
            for place, result in enumerate(self.last)
            if result is None or not isinstance(result.outcome, Delivered)
        ]


def ids_of(result: Result) -> Ids:
    """The ids that were told, by record; without those that have none."""
    return {(link.record_key, link.object): link.crm_id for link in result.links if link.crm_id}


def same_ids(before: Ids, after: Ids) -> bool:
    """Whether no record has another id than before. An id may be told only once."""
    return all(after.get(record, id_) == id_ for record, id_ in before.items())
