"""Health: may this process take requests? A CRM that is down does not make it unready; a database that is missing or
takes nothing (a full disk) does, and the end of the committer. Only looks: strangers may ask as often as they like.
Answers in about two seconds, whatever the database does.
"""

from functools import partial
from typing import Any

from bridge.errors import StoreError
from bridge.store import schema
from bridge.web.one_look import OneLook
from bridge.wiring.receiving import Receiving

Ready = tuple[bool, dict[str, Any]]


class Health:
    """Whether requests can be stored, and what there is to say about it."""

    def __init__(self, receiving: Receiving) -> None:
        self._receiving = receiving
        self._look = OneLook(partial(_readiness, receiving), name="readiness")

    def readiness(self) -> Ready:
        try:
            return self._look()
        except TimeoutError:
            return False, {"status": "not ready", "database": "does not answer"} | _details(self._receiving)


def _readiness(receiving: Receiving) -> Ready:
    details = _details(receiving)
    try:
        schema.check(receiving.bridge.database)
    except StoreError as error:
        return False, {"status": "not ready", "database": type(error).__name__} | details
    if receiving.committer.has_ended:
        return False, {"status": "not ready", "database": "ok", "committer": "ended"} | details
    if receiving.bridge.database.is_short_of_room:
        details |= {"disk": "nearly full"}
    if not receiving.committer.can_store:
        return False, {"status": "not ready", "database": "cannot be written"} | details
    return True, {"status": "ready", "database": "ok"} | details


def _details(receiving: Receiving) -> dict[str, Any]:
    return {"config": "loaded", "sources_without_key": len(receiving.bridge.sources_without_key)}
