"""Delivering: the half that brings events to the targets: what the worker process runs."""

from bridge.engine.crew import Crew
from bridge.engine.dispatch import NO_ANSWER, Dispatcher
from bridge.engine.housekeeping import Housekeeping
from bridge.engine.lookout import Lookout
from bridge.engine.news import News
from bridge.engine.presence import Presence
from bridge.engine.rounds import Rounds
from bridge.engine.silence import Silence
from bridge.log import logger
from bridge.store import schema
from bridge.wiring.opened import Bridge
from bridge.wiring.ways import Ways

log = logger("worker")


class Delivering:
    """The delivering half of a bridge: a dispatcher, and a crew for each target."""

    def __init__(self, bridge: Bridge) -> None:
        schema.check(bridge.database)
        self._presence = Presence(bridge.clock)
        rounds = Rounds(bridge.database, bridge.rules.targets, codec=bridge.codec, clock=bridge.clock)
        housekeeping = Housekeeping(
            bridge.database, bridge.rules, salt=bridge.salt, codec=bridge.codec, clock=bridge.clock
        )
        self._silence = Silence(bridge.database, log, NO_ANSWER)
        lookout = Lookout(rounds, self._presence, housekeeping, self._silence, clock=bridge.clock)
        self._dispatcher = Dispatcher(rounds, self._presence, lookout, self._silence, clock=bridge.clock)
        ways = Ways(bridge)
        self._crews = {name: self._crew(ways, name) for name in bridge.rules.targets}
        self._news = News(bridge.database, self._dispatcher.poke)

    def run(self, *, grace_s: float) -> None:
        """Delivers until `stop`; who is in flight then has `grace_s` to come to its end."""
        self._news.start()
        self._silence.start()
        try:
            self._dispatcher.run(self._crews, grace_s=grace_s)
        finally:
            self._silence.stop()
            self._news.stop()
            self._presence.close()

    def stop(self) -> None:
        self._dispatcher.stop()

    def _crew(self, ways: Ways, name: str) -> Crew:
        return Crew(ways.caller(name), may_send=self._dispatcher.may_send, report=self._dispatcher.report)
