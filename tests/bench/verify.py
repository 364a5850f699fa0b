"""Verify: a large body that is signed re-serialised, against parsing and writing it with the standard library."""

import gc
import json
import time
from collections.abc import Callable
from functools import partial

from bridge.core.ecmascript import restringify
from bridge.core.signature import HEADER, verify
from bridge.core.signing import sign
from bridge.model.signed import Request
from tests.bench.figures import Line, ratio
from tests.bench.running import Bench
from tests.processes import KEY, lead

MIB = 1 << 20
AT = 1_700_000_000


def lines(bench: Bench) -> list[Line]:
    """Figure 7: a realistic body and the worst kinds that a stranger may send."""
    size = 16 * MIB if not bench.quick else 4 * MIB
    return [_line(bench, kind, _filled(make, size)) for kind, make in KINDS.items()]


def _line(bench: Bench, kind: str, body: bytes) -> Line:
    written = restringify(body)
    assert written
    assert written != body
    header = sign(written, key=KEY.encode(), at=AT).encode()
    ours, baseline = bench.turns(
        partial(_took_ms, partial(_verify, header, body)), partial(_took_ms, partial(_std, body))
    )
    size = f"{len(body) / MIB:.0f} MiB"
    return ratio(f"7 verify {size}, {kind} / loads + dumps", ours, baseline, " ms", at_most=3)


def _verify(header: bytes, body: bytes) -> None:
    keys = [KEY.encode()]
    request = Request(body, {HEADER.lower(): header})
    assert verify(request, keys=keys, now_s=AT, past_s=1, future_s=1, reserialise=restringify).reserialised


def _std(body: bytes) -> None:
    json.dumps(json.loads(body))


def _took_ms(work: Callable[[], None]) -> float:
    gc.collect()
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _filled(make: Callable[[int], str], size: int) -> bytes:
    """A JSON array of what `make` gives, of about this size, with the space that makes its raw bytes not match."""
    items, found = [], 0
    while found < size:
        items.append(make(len(items)))
        found += len(items[-1]) + 2
    return f"[{', '.join(items)}]".encode()


def _lead(number: int) -> str:
    return json.dumps(lead(number, Content="asked about prices, and whether Günther is in\n" * 3))


KINDS: dict[str, Callable[[int], str]] = {
    "leads": _lead,
    "floats": lambda n: f"{n}.{n % 977}1",
    "small floats": lambda n: f"{n}.5e-12",
    "escapes": lambda n: '"' + r"\u00e9\n\u4e2d\"" * 40 + '"',
    "tiny objects": lambda n: '{"a":1}',
    "index keys": lambda n: f'{{"b":1,"{n % 10}":2}}',
}
