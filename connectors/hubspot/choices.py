"""Choices: the internal value of an option that the records name by its label, or in another case. Asked only where
HubSpot refused one, and kept for a while.
"""

import threading
from collections.abc import Mapping
from typing import Any

from bridge.connector import Answer, found_at
from connectors.hubspot.client import Client

KEPT_S = 600.0


class Choices:
    """The options of the account's properties, by object. Thread-safe."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._known: dict[str, tuple[float, Mapping[str, Any]]] = {}

    def choice(self, object_: str, name: str, text: str) -> str | None:
        """What HubSpot calls the option that was meant; None: it is not known to have another of this name."""
        _, known = self._known.get(object_, (0.0, {}))
        options = known.get(name)
        meant = text.strip().casefold()
        for option in options if isinstance(options, list) else ():
            value, label = found_at(option, "value"), found_at(option, "label")
            if isinstance(value, str) and meant in (value.casefold(), str(label).strip().casefold()):
                return value if value != text else None
        return None

    def learn(self, object_: str, client: Client, *, now_s: float) -> Answer | None:
        """Asks which options there are, unless that is known; gives an answer that does not say it."""
        with self._turn:
            asked_s, _ = self._known.get(object_, (-KEPT_S, {}))
        if now_s - asked_s < KEPT_S:
            return None
        answer = client.properties(object_)
        results = found_at(answer.json(), "results") if answer.status == 200 else None
        if not isinstance(results, list):
            return answer
        options = {str(found_at(one, "name")): found_at(one, "options") for one in results}
        with self._turn:
            self._known[object_] = (now_s, options)
        return None
