"""Mend: what is done about a record that the org refused: changed so that it may be taken, or given its outcome."""

import re
from dataclasses import replace
from typing import Any

from bridge.connector import Reject
from connectors.salesforce.describe import Described, Describes
from connectors.salesforce.errors import Remedy, cause_of, is_of_converted, outcome_of, remedy_for
from connectors.salesforce.heal import heal
from connectors.salesforce.merged import is_now
from connectors.salesforce.org import Org
from connectors.salesforce.said import Fault, Said
from connectors.salesforce.settings import FIRST_ALLOW_SAVE
from connectors.salesforce.work import PREFIXES, Work

_ID = re.compile(r"\b[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?\b")

MOST_HEALINGS = 3  # of one record: the org names one kind of fault at a time


class Mend:
    """For one call."""

    def __init__(self, org: Org, describes: Describes) -> None:
        self._org = org
        self._settings = org.settings
        self._describes = describes

    def refused(self, work: Work, said: Said) -> None:
        """Leaves the work open where it is to be tried again, and gives it an outcome where not."""
        match remedy_for(said):
            case Remedy.HEAL if work.healings < MOST_HEALINGS and heal(work, said, self._described(work, said)):
                work.healings += 1
            case Remedy.LINK:
                self._duplicate(work, said)
            case Remedy.EXISTS:
                self._exists(work, said)
            case Remedy.SEVERAL:
                self._several(work, said)
            case Remedy.AGAIN if not work.looked_again:
                self._again(work, said)
            case None if work.id and not work.looked_again and _names_no_record(said):
                self._again(work, said)
            case _:
                work.outcome = outcome_of(said)

    def _described(self, work: Work, said: Said) -> Described | None:
        """The fields' lengths, where something is too long: the org names one such field at a time."""
        if not any(fault.code == "STRING_TOO_LONG" for fault in said.faults):
            return None
        found = self._describes.of(work.object, self._org)
        return found if isinstance(found, Described) else None

    def _duplicate(self, work: Work, said: Said) -> None:
        """A rule says that another record is like this one. It is the person, where this one is yet to be made; one
        that is there already stays itself, and the rule only warns.
        """
        fault = next(fault for fault in said.faults if fault.code == "DUPLICATES_DETECTED")
        found = [id_ for id_ in _matched(fault) if id_ not in work.gone]
        is_linked = self._settings.duplicates == "link" and not work.id
        if is_linked and work.external and work.there is None and not work.looked_again:
            work.looked_again = True  # whether it is there already was not asked
            work.undecide()
        elif is_linked and len(set(found)) > 1 and self._settings.on_multiple == "reject":
            ids = ", ".join(found[:5])
            work.outcome = Reject(f"a duplicate rule names several records: {ids}", cause="several duplicates")
        elif is_linked and found and work.known != found[0]:
            self._is(work, found[0])
        elif is_linked and not found and not work.alone:
            work.alone = True  # a single call's answer names the records that match, a row's does not
        elif self._may_save(work, fault):
            work.allow_save = True
        elif work.id and not found and not work.alone and self._settings.duplicates != "fail":
            work.alone = True
        else:
            work.outcome = Reject(f"{said.told}{self._why_not_saved(work, found)}", cause=cause_of(fault))

    def _may_save(self, work: Work, fault: Fault) -> bool:
        """Whether it may be saved over the objection: that is not known before it is tried, where a row says little."""
        is_wanted = self._settings.duplicates != "fail" and self._settings.saves_over_alerts
        return is_wanted and not work.allow_save and _result(fault).get("allowSave") is not False

    def _why_not_saved(self, work: Work, found: list[str]) -> str:
        if self._settings.duplicates == "fail":
            return ""
        if not self._settings.saves_over_alerts:
            return f' (this API cannot save over an alert: write api_version: "{FIRST_ALLOW_SAVE}" or a later one)'
        if work.id:
            twins = ", ".join(found[:5]) or "another record"
            return f" (the rule blocks the change of {work.id}, which is like {twins}: only an alert can be saved over)"
        nobody = "it names no record to link to, and " if self._settings.duplicates == "link" else ""
        return f" ({nobody}the rule blocks it: only an alert can be saved over)"

    def _exists(self, work: Work, said: Said) -> None:
        """A value that has to be unique is there already: where it is our key, so is the record."""
        fault = next(fault for fault in said.faults if fault.code == "DUPLICATE_VALUE")
        key = self._settings.external_ids.get(work.record.object)
        found = _ID.findall(fault.message)
        is_ours = key is not None and (key in fault.fields or re.search(rf"\b{key}\b", fault.message))
        if is_ours and found and found[-1] not in (work.known, *work.gone):
            self._is(work, found[-1])
        else:
            work.outcome = outcome_of(said)

    def _several(self, work: Work, said: Said) -> None:
        """Several records have our key: 300 with their addresses, or a row's error with their ids."""
        told = said.content if isinstance(said.content, list) else []
        texts = [one for one in told if isinstance(one, str)] + [fault.message for fault in said.faults]
        ids = sorted({id_ for text in texts for id_ in _ID.findall(text.rpartition("/")[2])})
        if self._settings.on_multiple == "newest" and ids and ids[-1] != work.known:
            self._is(work, ids[-1])  # ids are given out in rising order
        else:
            named = f"several records have this key: {', '.join(ids[:5]) or said.told}"
            work.outcome = Reject(named, cause="several records have the key")

    def _again(self, work: Work, said: Said) -> None:
        """The record is another one by now: converted, deleted or merged; or the person is whom it hangs on."""
        work.looked_again = True
        if self._led_on(work, said):
            return
        if work.id or work.external:
            work.known = work.id
            work.undecide()
        else:
            work.outcome = outcome_of(said)

    def _led_on(self, work: Work, said: Said) -> bool:
        """An activity of a Lead that was converted or merged meanwhile goes to whom it became. What an earlier attempt
        made of it went there with the conversion: so it is looked for there, or, where that is not to be seen, by what
        it says.
        """
        who = work.fields.get("WhoId")
        if not isinstance(who, str) or not _ID.fullmatch(who):
            return False
        now = is_now(self._org, who)
        work.rehung = is_of_converted(said) and PREFIXES.get(who[:3]) == "Lead"
        if work.id and work.rehung:
            del work.fields["WhoId"]
        elif work.id or (now == who and not work.rehung):
            work.fields["WhoId"] = now
        else:
            work.record = replace(work.record, fields={**work.record.fields, "WhoId": now})
            work.undecide()
        return work.rehung or now != who

    def _is(self, work: Work, id_: str) -> None:
        """The record is this one: changed instead of made."""
        work.known = id_
        work.undecide()


def _names_no_record(said: Said) -> bool:
    """Whether there is no record of the id that was to be changed: purged, so that not even its bin knows it. Rows say
    the same of an id in a field.
    """
    return any(fault.code in ("NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY") for fault in said.faults)


def _result(fault: Fault) -> dict[str, Any]:
    """What a duplicate rule says; the vendor really spells it `duplicateResut`."""
    found = fault.more.get("duplicateResut") or fault.more.get("duplicateResult")
    return found if isinstance(found, dict) else {}


def _matched(fault: Fault) -> list[str]:
    """The ids of the records that a duplicate rule found."""
    found: list[str] = []
    for matches in _items(_result(fault), "matchResults"):
        for record in _items(matches, "matchRecords"):
            row = record.get("record")
            id_ = row.get("Id") if isinstance(row, dict) else None
            if isinstance(id_, str) and _ID.fullmatch(id_):
                found.append(id_)
    return found


def _items(value: Any, name: str) -> list[dict[str, Any]]:
    found = value.get(name) if isinstance(value, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
