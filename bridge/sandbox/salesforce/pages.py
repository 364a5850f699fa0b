"""Queries over REST: the text, and the pages in which a long answer comes."""

from itertools import count
from typing import Any

from bridge.sandbox.salesforce.asked import Asked, Result
from bridge.sandbox.salesforce.errors import refused_request
from bridge.sandbox.salesforce.query import Searcher
from bridge.sandbox.salesforce.soql import parse
from bridge.sandbox.salesforce.world import World

_MOST, _LEAST = 2000, 200
_MOST_CURSORS = 10  # open at once; the oldest is forgotten


class Pages:
    """The answers of which more pages may be asked."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._open: dict[str, list[dict[str, Any]]] = {}
        self._numbers = count(1)

    def answer(self, asked: Asked, rest: list[str], *, deleted: bool) -> Result:
        """A query, or the next page of one. `Refused`."""
        if rest:
            return self._more(asked, rest)
        if "q" not in asked.query:
            raise refused_request("MALFORMED_QUERY", "unexpected token: '<EOF>'")
        total, records = Searcher(self._world, api=asked.api).run(parse(asked.query["q"]), deleted=deleted)
        name = f"01g5e00000{next(self._numbers):05d}AAA"
        if len(records) > self._size(asked):
            self._open[name] = records
            if len(self._open) > _MOST_CURSORS:
                del self._open[next(iter(self._open))]
        return self._page(asked, name, records, 0, total)

    def _more(self, asked: Asked, rest: list[str]) -> Result:
        name, _, start = rest[0].rpartition("-")
        records = self._open.get(name)
        if records is None or not start.isdecimal() or len(rest) > 1:
            raise refused_request("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(asked, name, records, int(start), len(records))

    def _page(self, asked: Asked, name: str, records: list[dict[str, Any]], start: int, total: int) -> Result:
        end = start + self._size(asked)
        body: dict[str, Any] = {"totalSize": total, "done": end >= len(records)}
        if not body["done"]:
            body["nextRecordsUrl"] = f"/services/data/v{asked.api}/query/{name}-{end}"
        return Result(body={**body, "records": records[start:end]})

    def _size(self, asked: Asked) -> int:
        options = dict(part.partition("=")[::2] for part in asked.headers.get("sforce-query-options", "").split(","))
        wanted = options.get("batchSize", "")
        return min(max(int(wanted), _LEAST), _MOST) if wanted.isdecimal() else _MOST
