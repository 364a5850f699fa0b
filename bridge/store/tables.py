"""The tables: everything the bridge knows, in one place. Personal data stands only in columns marked (codec).

Times are integers, milliseconds since 1970 UTC. Hashes (key, person, alias) are keyed with the salt in `meta`; they
and the links hold nothing personal and outlive retention. Partial indexes name their states as literals, so that both
planners use them.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)
Id = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts by itself only for INTEGER PRIMARY KEY


def _where(condition: str) -> dict[str, Any]:
    """What makes an index a partial one, in both dialects."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


# What the first migration made once, such as the salt of all hashes; and what is written to see if anything can be.
meta = Table(
    "meta",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

# One revision of an event, never changed but to purge its payload.
events = Table(
    "events",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("source", String(64), nullable=False),
    Column("key", String(32), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("chatbot_id", Text, nullable=False),
    Column("person", String(32), nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("signed_at", BigInteger, nullable=False),  # seconds, the sender's clock
    Column("created_at", BigInteger),
    Column("routed", Integer, nullable=False),  # how many targets wanted it; 0 is unrouted
    Column("stale", Boolean, nullable=False),  # signed before the newest known revision: kept, not delivered
    Column("fields", LargeBinary),  # (codec) JSON of the canonical fields; null once purged
    Column("raw", LargeBinary),  # (codec) the bytes as they came
    Column("digests", Text),  # JSON of field hashes, written when the payload is purged
    Column("trace", String(64)),  # traceparent of the request, where one came
    UniqueConstraint("key", "revision"),
    Index("ix_events_payload", "received_at", **_where("fields IS NOT NULL")),
    Index("ix_events_unrouted", "id", **_where("routed = 0")),
)

# The duty to bring one event to one target.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("event_id", Id, ForeignKey("events.id"), nullable=False),
    Column("target", String(64), nullable=False),
    Column("copy", Integer, nullable=False, server_default="0"),  # n-th `replay --as-new`
    Column("state", String(16), nullable=False),
    Column("person", String(32), nullable=False),
    # Order in the lane: its id, or that of what it supersedes; of one that gave way, when it is due.
    Column("position", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("again", Boolean, Computed("attempts > 0", persisted=True), nullable=False),
    Column("uncertain", Boolean, nullable=False, server_default=text("false")),
    Column("if_empty", Boolean, nullable=False, server_default=text("false")),
    Column("superseded", Boolean, nullable=False, server_default=text("false")),  # a newer revision waits for its end
    Column("holds", Integer, nullable=False, server_default="0"),  # how often it caused a hold
    Column("held_at", BigInteger, nullable=False, server_default="0"),  # when it first did
    Column("worker", Id),
    Column("token", String(32)),
    Column("claimed_at", BigInteger),  # when it was last claimed or settled: by the clock that says when it is due
    Column("first_sent_at", BigInteger),
    Column("finished_at", BigInteger),
    Column("reason", LargeBinary),  # (codec) why it is where it is: CRM texts quote the visitor
    Column("degraded", LargeBinary),  # (codec) what had to be left out
    UniqueConstraint("event_id", "target", "copy"),
    # The head of a lane: at most one delivery of a person is queued or claimed at a target.
    Index("uq_deliveries_lane", "person", "target", unique=True, **_where("state IN ('queued', 'claimed')")),
    # First attempts and later ones are claimed apart: neither keeps the other waiting.
    Index("ix_deliveries_due", "target", "again", "due_at", "id", **_where("state = 'queued'")),
    Index("ix_deliveries_claimed", "target", "worker", **_where("state = 'claimed'")),
    # Those that gave way come last.
    Index("ix_deliveries_waiting", "person", "target", "if_empty", "position", **_where("state = 'waiting'")),
    Index("ix_deliveries_dead", "target", "id", **_where("state = 'dead'")),
    Index("ix_deliveries_finished", "finished_at", **_where("finished_at IS NOT NULL")),
)

# One try at a delivery.
attempts = Table(
    "attempts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("delivery_id", Id, ForeignKey("deliveries.id"), nullable=False, index=True),
    Column("worker", Id, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("took_ms", Integer, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("uncertain", Boolean, nullable=False),
    Column("reason", LargeBinary),  # (codec)
)

# The remembered CRM id of a record.
links = Table(
    "links",
    metadata,
    Column("target", String(64), nullable=False),
    Column("account", String(128), nullable=False),
    Column("object", String(128), nullable=False),
    Column("record_key", String(64), nullable=False),
    Column("crm_id", String(255), nullable=False),
    Column("url", Text, nullable=False),
    Column("delivery_id", Id, nullable=False),  # the one that wrote it last: its checkpoint
    Column("written_at", BigInteger, nullable=False),
    Column("not_taken", Text),  # JSON of the names of fields that the record had to go without
    PrimaryKeyConstraint("target", "account", "record_key", "object"),
    Index("ix_links_delivery", "delivery_id"),
)

# A way to recognise a person: hashed email, phone or session. A person is named after the first one that was seen.
aliases = Table(
    "aliases",
    metadata,
    Column("alias", String(32), primary_key=True),
    Column("person", String(32), nullable=False),
    # The best that the person who is named after this alias is known by: email 2, phone 1, session 0; -1: nobody is.
    Column("rank", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# A configured CRM account as the engine finds it.
targets = Table(
    "targets",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("connector", String(64), nullable=False),
    Column("configured", Boolean, nullable=False),  # false: it left the configuration, its deliveries wait
    Column("state", String(16), nullable=False),
    Column("account", String(128), nullable=False, server_default=""),  # as the last probe named it
    Column("why", LargeBinary),  # (codec)
    Column("held_until", BigInteger, nullable=False, server_default="0"),
    Column("held_since", BigInteger, nullable=False, server_default="0"),
    Column("probing_until", BigInteger, nullable=False, server_default="0"),  # a worker looks; others leave it alone
    Column("health", Text, nullable=False, server_default="{}"),  # JSON: what the hold rules remember
    Column("delivered_at", BigInteger, nullable=False, server_default="0"),
    Column("free_at", BigInteger, nullable=False, server_default="0"),  # µs; up to it all of the rate is given out
    Column("token", LargeBinary),  # (codec) JSON: access token of the CRM, shared by all processes
    Column("token_by", String(32)),  # who is fetching one
    Column("token_by_until", BigInteger, nullable=False, server_default="0"),  # others leave it to them
    Column("limits", Text),  # JSON of the last limit headers
)

# A living worker process.
workers = Table(
    "workers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("host", String(255), nullable=False),  # says which workers can look at each other's lock file
    Column("lock", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("beat", BigInteger, nullable=False),
    Column("beat_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,  # an id is never given out twice: claims belong to it
)

# A signed body, or element of one, that is no event: once for each content.
quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source", String(64), nullable=False),
    Column("hash", String(32), nullable=False, unique=True),
    Column("received_at", BigInteger, nullable=False),
    Column("signed_at", BigInteger, nullable=False),
    Column("path", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("raw", LargeBinary),  # (codec)
    Column("state", String(16), nullable=False, server_default="kept"),
)

# A bounded ring of refused requests: slot = number modulo the ring's size; the last number is a counter. No body.
rejections = Table(
    "rejections",
    metadata,
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("source", String(64), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
)

# The last requests that came before their source had a key: verified when it arrives.
unverified = Table(
    "unverified",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source", String(64), nullable=False, index=True),
    Column("received_at", BigInteger, nullable=False),
    Column("request", LargeBinary, nullable=False),  # (codec) JSON of what is signed besides: headers, query
    Column("body", LargeBinary, nullable=False),  # (codec)
)

# Who did what by hand.
audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("who", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
)

# Running totals, so that no page ever counts rows. A shard a process, so that none waits for another.
counters = Table(
    "counters",
    metadata,
    Column("name", String(64), nullable=False),
    Column("label", String(96), nullable=False),
    Column("shard", Integer, nullable=False),
    Column("value", BigInteger, nullable=False),
    PrimaryKeyConstraint("name", "label", "shard"),
)
