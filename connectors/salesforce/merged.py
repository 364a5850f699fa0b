"""Merged: which record was kept where one that we know is gone. The bin says so, for as long as it holds the one that
is gone: 15 days, if nobody empties it before.

Sources: https://developer.salesforce.com/docs/atlas.en-us.212.0.api.meta/api/sforce_api_calls_merge.htm,
https://developer.salesforce.com/docs/platform/apex-dev/references/apex-dev/langcon-apex-dml-examples-merge.html (2026).
"""

from collections.abc import Iterable

from connectors.salesforce.org import Org
from connectors.salesforce.said import Said
from connectors.salesforce.soql import Ask
from connectors.salesforce.work import PREFIXES

MERGEABLE = ("Account", "Case", "Contact", "Lead")
MOST_STEPS = 8  # from one record to the one that it is now


def kept_instead(org: Org, object_: str, ids: Iterable[str]) -> dict[str, str] | Said:
    """By the first 15 characters of these ids: of those that were merged, the id of the one that was kept. It may be
    gone by now itself.
    """
    return _named(org, object_, ids, ("MasterRecordId",))


def is_now(org: Org, id_: str) -> str:
    """The id of what a Lead or Contact is by now, over merges and conversions, as far as the org says it."""
    for _ in range(MOST_STEPS):
        object_ = PREFIXES.get(id_[:3], "")
        names = ("MasterRecordId", "ConvertedContactId") if object_ == "Lead" else ("MasterRecordId",)
        found = _named(org, object_, [id_], names) if object_ else {}
        if isinstance(found, Said) or not found:
            break
        id_ = found[id_[:15]]
    return id_


def _named(org: Org, object_: str, ids: Iterable[str], names: tuple[str, ...]) -> dict[str, str] | Said:
    ask = Ask(object_, select=set(names))
    ask.add("Id", ids)
    answer = org.query(ask.queries(), deleted=True)
    if isinstance(answer, Said):
        return answer
    found: dict[str, str] = {}
    for row in (row for rows in answer for row in rows):
        named = next((row[name] for name in names if isinstance(row.get(name), str) and row[name]), None)
        if named and isinstance(row.get("Id"), str):
            found[row["Id"][:15]] = named
    return found
