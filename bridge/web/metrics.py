"""Metrics: what Prometheus is told, read from the database, so that it is right for any number of processes."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bridge.store import counters, targets, workers
from bridge.store.codec import Codec
from bridge.store.database import Database


def exposition(database: Database) -> bytes:
    """The text that a Prometheus server reads."""
    registry = CollectorRegistry()
    registry.register(_Collector(database))
    return generate_latest(registry)


class _Collector(Collector):
    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        with self._database.read() as connection:
            received = counters.totals(connection, "received")
            rejected = counters.totals(connection, "rejected")
            states = counters.totals(connection, "deliveries")
            known = targets.all_targets(connection, codec=Codec())
            living = workers.living(connection)
        yield _counter("bridge_received", "Events by source and what became of them", "result", received)
        yield _counter("bridge_rejected", "Refused requests by source and reason", "reason", rejected)
        family = GaugeMetricFamily("bridge_deliveries", "Deliveries by target and state", labels=["target", "state"])
        for label, value in states.items():
            family.add_metric(label.split(":", 1), max(value, 0))
        yield family
        held = GaugeMetricFamily(
            "bridge_target_active", "1 where deliveries are sent, 0 where they wait", labels=["target"]
        )
        for target in known.values():
            held.add_metric([target.name], 1.0 if target.state == "active" else 0.0)
        yield held
        beats = GaugeMetricFamily(
            "bridge_worker_beat_timestamp_seconds", "When each worker last beat", labels=["worker", "pid"]
        )
        for worker in living:
            beats.add_metric([str(worker.id), str(worker.pid)], worker.beat_at / 1000)
        yield beats


def _counter(name: str, text: str, second: str, totals: dict[str, int]) -> Metric:
    family = CounterMetricFamily(name, text, labels=["source", second])
    for label, value in totals.items():
        family.add_metric(label.split(":", 1), value)
    return family
