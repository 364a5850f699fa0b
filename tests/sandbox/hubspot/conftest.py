"""A portal for each test, and the real client on it, over real HTTP."""

from collections.abc import Iterator

import pytest

from bridge.sandbox.hubspot.portal import Portal
from tests.sandbox.hubspot.clients import Clients

KEYS = {kind: {"bridge_event_id": {"hasUniqueValue": True}} for kind in ("notes", "meetings", "tasks", "deals")}


@pytest.fixture
def portal() -> Iterator[Portal]:
    changes = {**KEYS, "contacts": {"chat_key": {"hasUniqueValue": True}, "plan": {"options": ["free", "paid"]}}}
    with Portal(search_lag_s=0.0, properties=changes) as portal:
        yield portal


@pytest.fixture
def clients(portal: Portal) -> Clients:
    return Clients(portal)
