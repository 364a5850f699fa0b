"""What is old is let go, and is still known when it comes again."""

from collections.abc import Mapping

from sqlalchemy import func, select

from bridge.core.normalise import normalise
from bridge.model.rules import SourceRule, TargetRule
from bridge.store import retention, schema
from bridge.store.arrival import prepare
from bridge.store.codec import Codec
from bridge.store.counters import Tally, totals
from bridge.store.database import Database
from bridge.store.intake import Intake
from bridge.store.tables import attempts, deliveries, events

SOURCE = SourceRule("smarterbot")
REGIONS: Mapping[str, str] = {"smarterbot": "US"}
LEAD = (
    b'{"Type":"Lead","SerialNumber":"1","SessionID":%d,"CreateTime":"2023-11-23T18:36:21Z",'
    b'"Email":"a%d@example.com","Content":"private","PhoneNumber":"%b"}'
)


def receive(database: Database, number: int, *, phone: bytes = b"", at_ms: int = 1000) -> dict[str, int]:
    salt, codec, tally = schema.salt(database), Codec(), Tally()
    intake = Intake(database, targets=[TargetRule("crm", "http")], salt=salt, codec=codec)
    reading = normalise(LEAD % (number, number, phone), source=SOURCE)
    arrival = prepare(reading, source=SOURCE, signed_at=1, received_at=at_ms, salt=salt, codec=codec)
    with database.write() as connection:
        intake.write(connection, [arrival], now_ms=at_ms, tally=tally)
        tally.write(connection, shard=0)
    with database.read() as connection:
        return totals(connection, "received")


def end_all(database: Database, at_ms: int = 2000) -> None:
    with database.write() as connection:
        connection.execute(deliveries.update().values(state="delivered", finished_at=at_ms, reason=b"\x00quoted"))


def purge(database: Database, before_ms: int) -> int:
    with database.write() as connection:
        return retention.purge_payloads(
            connection, before_ms=before_ms, regions=REGIONS, salt=schema.salt(database), codec=Codec()
        )


def test_a_purged_payload_is_gone_and_its_event_still_known(database: Database) -> None:
    receive(database, 1)
    end_all(database)

    assert 1 == purge(database, 5000)

    with database.read() as connection:
        row = connection.execute(select(events)).one()
        assert (None, None) == (row.fields, row.raw)
        assert [None] == list(connection.execute(select(deliveries.c.reason)).scalars())
    assert 1 == receive(database, 1)["smarterbot:duplicate"]
    assert 1 == receive(database, 1, phone=b"+12125550147")["smarterbot:revision"]


def test_what_is_not_delivered_yet_is_kept_however_old(database: Database) -> None:
    receive(database, 1)

    assert 0 == purge(database, 5000)


def test_old_deliveries_go_with_their_attempts_and_new_ones_stay(database: Database) -> None:
    receive(database, 1)
    receive(database, 2, at_ms=9000)
    end_all(database)
    with database.write() as connection:
        row = {"delivery_id": 1, "worker": 1, "started_at": 1, "took_ms": 1, "outcome": "delivered", "uncertain": False}
        connection.execute(attempts.insert().values(row))
        assert 1 == retention.purge_metadata(connection, before_ms=5000, tally=Tally())

    with database.read() as connection:
        assert [2] == list(connection.execute(select(deliveries.c.id)).scalars())
        assert 0 == connection.execute(select(func.count()).select_from(attempts)).scalar()
        assert 2 == connection.execute(select(func.count()).select_from(events)).scalar()
