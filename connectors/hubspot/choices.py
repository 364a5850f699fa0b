"""Choices: the internal value of an option that the records name by its label, or in another case. Asked only where
HubSpot refused one, and kept for a while.
"""

import threading
from collections.abc import Mapping
from typing import Any

from bridge.connector import found_at
from connectors.hubspot.client import Client

KEPT_S = 600.0


class Choices:
    """The options of the account's properties, by object. Thread-safe."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._known: dict[str, tuple[float, Mapping[str, Any]]] = {}

    def choice(self, object_: str, name: str, text: str, client: Client, *, now_s: float) -> str | None:
        """What HubSpot calls the option that was meant; None: there is no other of this name."""
        options = self._of(object_, client, now_s).get(name)
        meant = text.strip().casefold()
        for option in options if isinstance(options, list) else ():
            value, label = found_at(option, "value"), found_at(option, "label")
            if isinstance(value, str) and meant in (value.casefold(), str(label).strip().casefold()):
                return value if value != text else None
        return None

    def _of(self, object_: str, client: Client, now_s: float) -> Mapping[str, Any]:
        with self._turn:
            asked_s, known = self._known.get(object_, (0.0, {}))
        if now_s - asked_s < KEPT_S:
            return known
        answer = client.properties(object_)
        results = found_at(answer.json(), "results") if answer.status == 200 else None
        if not isinstance(results, list):
            return {}
        options = {str(found_at(one, "name")): found_at(one, "options") for one in results}
        with self._turn:
            self._known[object_] = (now_s, options)
        return options
