"""What becomes of a call to a CRM's API: if it is carried out, how it is answered, how it stands in the ledger."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import blake2b

from bridge.sandbox.crm.calls import Call, Calls
from bridge.sandbox.exchange import Reply, Request
from bridge.sandbox.faults import WELL, Faults, Outcome

JSON = {"Content-Type": "application/json;charset=UTF-8"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a CRM makes of a call: the answer, what kind of call it was, and how much it counts against the quota."""

    reply: Reply
    kind: str
    cost: int = 1
    locks: frozenset[str] = frozenset()  # ids of records that nobody else may write until the answer leaves


class Calling:
    """Not for use by several threads at once. `spoiled` gives the body of an answer with this status by a fault."""

    def __init__(self, calls: Calls, *, answer: Callable[[Request], Answer], spoiled: Callable[[int], bytes]) -> None:
        self._calls, self._answer, self._spoiled = calls, answer, spoiled
        self.faults = Faults()
        self._seen: Counter[bytes] = Counter()

    def decide(self, request: Request) -> Outcome:
        """What is to become of the call. The n-th of several equal calls always meets the same random faults."""
        told = f"{request.method} {request.path}?{request.query} ".encode() + request.body
        digest = blake2b(told, digest_size=8).digest()
        self._seen[digest] += 1
        return self.faults.decide(request, draw=f"{digest.hex()} {self._seen[digest]}")

    def carry_out(self, request: Request, outcome: Outcome) -> tuple[Answer, Reply]:
        """Does it, unless the outcome forbids that, and notes it; what came of it, and the answer that leaves."""
        if outcome.stored:
            answer = self._answer(request)
        else:
            answer = Answer(Reply(outcome.status, JSON, self._spoiled(outcome.status)), "fault")
        reply = answer.reply if outcome is WELL else self._treated(answer.reply, outcome)
        self._note(request, outcome, answer, reply.status)
        return answer, reply

    def clear(self) -> None:
        """Forgets all faults, and which calls there were."""
        self.faults.clear()
        self._seen.clear()

    def _treated(self, reply: Reply, outcome: Outcome) -> Reply:
        headers = {**reply.headers, **outcome.headers}
        if outcome.body is not None:
            return Reply(outcome.status, {**headers, **JSON, **outcome.headers}, outcome.body, outcome.fault)
        if outcome.status // 100 != 2:
            return Reply(outcome.status, headers, self._spoiled(outcome.status), outcome.fault)
        return replace(reply, headers=headers, fault=outcome.fault)

    def _note(self, request: Request, outcome: Outcome, answer: Answer, status: int) -> None:
        fault, now_ms = outcome.fault, time.time_ns() // 1_000_000
        whole = not (fault.hang or fault.reset or fault.garbage or fault.latency_s or fault.drip_s)
        path = f"{request.path}?{request.query}" if request.query else request.path
        call = Call(
            *(self._calls.count + 1, now_ms, request.method, path, dict(request.headers)),
            body=request.body.decode("utf-8", "replace"),
            kind=answer.kind,
            cost=answer.cost,
            done=outcome.stored,
            status=None if fault.hang or fault.reset else status,
            answered_ms=now_ms if whole else None,  # what leaves late is noted when it has
        )
        self._calls.note(call)
