"""Accept: durable, verified accepts a second at 64 clients; against storing nothing, and against a bare Flask."""

from functools import partial

from tests.bench.figures import Line, ratio, value
from tests.bench.running import Bench, load

FRONTS = {"bare-granian": "Flask on granian WSGI", "bare-front": "Flask on our front"}


def lines(bench: Bench) -> list[Line]:
    """Figures 1 to 3; all five servers run at once and are loaded in turns. A machine that is shared changes its speed
    by a fifth within seconds: many short rounds tell more than a few long ones, and what is compared comes close
    together.
    """
    ours = {"sqlite": bench.web(), "postgres": bench.web(kind="postgres"), "nothing": bench.app("nothing-stored")}
    stored = _measured(bench, ours, rounds=4 if bench.quick else 24)
    fronts = {"sqlite": ours["sqlite"], **{name: bench.app(name) for name in FRONTS}}
    plain = _measured(bench, fronts, rounds=4 if bench.quick else 8)
    ceiling = [load(bench.inbox().port, 1)["rate"]]
    return [
        ratio("1 accepts / storing nothing, SQLite", *_pair(stored, "nothing", "rate"), "/s", at_least=0.85),
        ratio(
            "1 accepts / storing nothing, Postgres",
            *_pair(stored, "nothing", "rate", ours="postgres"),
            "/s",
            at_least=0.75,
        ),
        *(
            ratio(f"2 accepts / bare {front}", *_pair(plain, name, "rate"), "/s", at_least=0.38)
            for name, front in FRONTS.items()
        ),
        *(
            ratio(f"3 answer p99 / bare {front}", *_pair(plain, name, "p99_ms"), " ms", at_most=1.0)
            for name, front in FRONTS.items()
        ),
        value("  what the load generator itself can send", ceiling, "/s"),
        value("  its CPU for a request", [run["cpu_us"] for run in stored["sqlite"]], " µs"),
    ]


_Runs = dict[str, list[dict[str, float]]]


def _measured(bench: Bench, ports: dict[str, int], *, rounds: int) -> _Runs:
    """What the load generator said of each, round by round."""
    seconds = bench.seconds(2, 1.5)
    runs = bench.turns(*[partial(load, port, seconds) for port in ports.values()], rounds=rounds)
    return dict(zip(ports, runs, strict=True))


def _pair(runs: _Runs, theirs: str, what: str, *, ours: str = "sqlite") -> tuple[list[float], list[float]]:
    return [run[what] for run in runs[ours]], [run[what] for run in runs[theirs]]
