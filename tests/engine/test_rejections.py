"""What was refused is counted and listed, whatever its reason looks like."""

import pytest

from bridge.engine.rejections import Rejections
from bridge.store.counters import totals
from bridge.store.database import Database
from tests.engine.workers import Machine


@pytest.mark.parametrize("reason", ["plugin: " + "x" * 100, "a\x00b", "half \ud83d"])
def test_no_reason_of_a_plugin_keeps_others_from_being_counted(database: Database, reason: str) -> None:
    refused = Rejections(Machine().clock())
    refused.note(source="a" * 40, reason=reason, address="127.0.0.1", size_bytes=1)
    refused.note(source="other", reason="no key matches", address="127.0.0.1", size_bytes=1)

    refused.flush(database, shard=1)

    with database.read() as connection:
        assert [1, 1] == list(totals(connection, "rejected").values())
