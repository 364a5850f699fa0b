"""Unanswered: what stands for the answer that a request did not get. So that is the fault of its own rows alone: what
the call wrote before stays known, and nothing that was not sent is uncertain.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.connector import Hold, Retry


@dataclass(frozen=True, slots=True)
class Unanswered:
    """In place of an `Answer`; `outcome`: what comes of the records that the request was about."""

    outcome: Retry | Hold
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        return None

    def certain(self) -> "Unanswered":
        """The same for a request that changes nothing, or was not sent."""
        return Unanswered(replace(self.outcome, uncertain=False))
