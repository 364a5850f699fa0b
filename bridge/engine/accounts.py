"""Accounts: which account of each target this worker's own credentials belong to, as its probes named it. Other workers
may have others, while some were restarted with new ones and some not.
"""

from bridge.log import logger
from bridge.model.record import Hold, Usable
from bridge.store.targets import Target

_ADVICE = "give all workers the same credentials and restart them; a new account: targets resume --new-account"

log = logger("worker")


class Accounts:
    """Used by the dispatcher's thread."""

    def __init__(self) -> None:
        self._mine: dict[str, str] = {}  # by target
        self._told: set[str] = set()  # targets of which was told that they are elsewhere

    def learn(self, target: str, answer: Usable | Hold) -> None:
        """What a probe of this worker said."""
        if isinstance(answer, Usable) and answer.account:
            self._mine[target] = answer.account

    def are_elsewhere(self, target: Target) -> bool:
        """Whether this worker's credentials are of another account than the one that the target's links belong to,
        while another worker, whose are right, has opened the target. This one must not send: in its account the ids of
        those links are strangers' records.
        """
        mine = self._mine.get(target.name, "")
        if not mine or target.account in ("", mine):
            self._told.discard(target.name)
            return False
        if target.name not in self._told:
            self._told.add(target.name)
            log.error("at another account than other workers, sends nothing", target=target.name, advice=_ADVICE)
        return True
