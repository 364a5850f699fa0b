"""Accept: durable, verified accepts a second at 64 clients; against storing nothing, and against a bare Flask."""

from functools import partial

from tests.bench.figures import Line, ratio, value
from tests.bench.running import Bench, load

FRONTS = {"bare-granian": "Flask on granian WSGI", "bare-front": "Flask on our front"}


def lines(bench: Bench) -> list[Line]:
    """Figures 1 to 3; all five servers run at once and are loaded in turns. A machine that is shared changes its speed
    by a fifth within seconds: many short rounds tell more than a few long ones.
    """
    seconds, rounds = bench.seconds(2, 1.5), 4 if bench.quick else 16
    ports = {
        "sqlite": bench.web(),
        "postgres": bench.web(kind="postgres"),
        "nothing": bench.app("nothing-stored"),
        **{name: bench.app(name) for name in FRONTS},
    }
    measured = [partial(load, port, seconds) for port in ports.values()]
    runs = bench.turns(*measured, rounds=rounds)
    found = dict(zip(ports, runs, strict=True))
    rates = {name: [run["rate"] for run in runs] for name, runs in found.items()}
    p99s = {name: [run["p99_ms"] for run in runs] for name, runs in found.items()}
    ceiling = [load(bench.inbox().port, 1)["rate"]]
    return [
        ratio("1 accepts / storing nothing, SQLite", rates["sqlite"], rates["nothing"], "/s", at_least=0.85),
        ratio("1 accepts / storing nothing, Postgres", rates["postgres"], rates["nothing"], "/s", at_least=0.75),
        *(
            ratio(f"2 accepts / bare {front}", rates["sqlite"], rates[name], "/s", at_least=0.38)
            for name, front in FRONTS.items()
        ),
        *(
            ratio(f"3 answer p99 / bare {front}", p99s["sqlite"], p99s[name], " ms", at_most=1.0)
            for name, front in FRONTS.items()
        ),
        value("  what the load generator itself can send", ceiling, "/s"),
    ]
