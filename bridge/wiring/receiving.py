"""Receiving: the half that takes webhooks in and stores them: what the web process runs."""

import os
import threading

from bridge.engine.chores import Chores
from bridge.engine.commits import Commits
from bridge.engine.committer import Committer
from bridge.engine.kept import Kept
from bridge.engine.receive import Receiver
from bridge.engine.rejections import Rejections
from bridge.errors import StoreError
from bridge.log import logger
from bridge.store import schema, targets
from bridge.wiring.opened import Bridge

log = logger("bridge")


def committer_here(bridge: Bridge) -> Committer:
    """One whose thread is this process's."""
    return Committer(bridge.database, bridge.intake, clock=bridge.clock, shard=os.getpid())


class Receiving:
    """The receiving half of a bridge; `committer`: who stores, else a thread of this process."""

    def __init__(self, bridge: Bridge, committer: Commits | None = None) -> None:
        self.bridge = bridge
        self.committer = committer or committer_here(bridge)
        rejections, kept, shard = Rejections(bridge.clock), Kept(bridge.codec), os.getpid()
        flushes = [lambda: rejections.flush(bridge.database, shard=shard), lambda: kept.flush(bridge.database)]
        self._chores = Chores(flushes)
        self.receiver = Receiver(
            bridge.rules,
            plugins=bridge.plugins,
            database=bridge.database,
            committer=self.committer,
            rejections=rejections,
            kept=kept,
            salt=bridge.salt,
            codec=bridge.codec,
            clock=bridge.clock,
        )

    def start(self) -> None:
        """Starts the committer; what came before its source had a key is stored as soon as that takes arrivals."""
        schema.check(self.bridge.database)
        with self.bridge.database.write() as connection:
            targets.register(connection, self.bridge.rules.targets.values())
        for name in self.bridge.sources_without_key:
            log.error("source has no signing key: it answers test requests only", source=name)
        self.committer.start()
        self._chores.start()
        threading.Thread(target=self._store_kept, name="kept", daemon=True).start()

    def stop(self) -> None:
        """Writes what is still to be written."""
        self.committer.stop()
        self._chores.stop()

    def _store_kept(self) -> None:
        try:
            self.receiver.verify_kept()
        except StoreError as error:
            log.error("kept requests cannot be read: they stay", reason=str(error))
