"""Where a line of news goes, and what is said where it can go nowhere."""

from dataclasses import replace

import pytest

from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import LEAD, claim_of
from connectors.salesforce.change import LONGEST_TEXT
from tests.connectors.salesforce.mappings import FILLED, FILLING
from tests.connectors.salesforce.news import STANDING, WORDS, news, standing
from tests.connectors.salesforce.orgs import Way, colleague, one


@pytest.mark.parametrize("write", [{"write": "always"}, None], ids=["replaced by each event", "not mapped"])
def test_it_is_kept_however_the_text_is_written(org: Org, write: dict[str, str] | None) -> None:
    standing(org, Description="Met in Delft.")
    text = {"Description": {"value": "{{ content }}", **write}} if write else {}
    fields = {name: value for name, value in FILLING.items() if name != "Description"} | text
    way = Way(org, records=[{**FILLED, "fields": fields}])

    for _ in range(2):
        way.outcome(claim_of(LEAD))

    before = WORDS if write else "Met in Delft."
    assert f"{before}\nSaid in the chat: Phone +12125550147" == one(org, "Contact")["Description"]
    assert ["POST composite"] * 3 == way.calls(), "a look and a write, and the second look"


def test_what_is_only_to_be_made_is_left_as_it_is(org: Org) -> None:
    contact = standing(org, Description="x" * LONGEST_TEXT)
    record = {**FILLED, "mode": "create", "fields": {**FILLING, "Description": None}}

    outcome = Way(org, records=[record]).outcome(claim_of(LEAD))

    assert (contact, "") == (outcome.id, outcome.degraded)
    assert (STANDING["Phone"], []) == (one(org, "Contact")["Phone"], news(org))


@pytest.mark.parametrize(("is_overtaken", "phone"), [(False, LEAD.phone), (True, STANDING["Phone"])])
def test_what_a_mapping_replaces_is_no_news(org: Org, is_overtaken: bool, phone: str) -> None:
    """Nor where a newer event replaced it."""
    standing(org)
    record = {**FILLED, "fields": FILLING | {"Phone": "{{ phone }}"}}

    Way(org, records=[record]).outcome(replace(claim_of(LEAD), if_empty=is_overtaken))

    assert (phone, []) == (one(org, "Contact")["Phone"], news(org))


def test_where_a_description_has_no_room_degraded_says_so(org: Org) -> None:
    contact = standing(org, Description="x" * LONGEST_TEXT)

    outcome = Way(org).outcome(claim_of(LEAD))

    assert contact == outcome.id
    assert "Phone: what the visitor said stands nowhere at Salesforce: `bridge events show` has" in outcome.degraded
    assert [] == news(org)


def test_where_a_description_is_hidden_degraded_says_so(org: Org) -> None:
    org.change(objects={"Contact": {"fields": {"Description": None}}})
    contact = standing(org)

    outcome = Way(org).outcome(claim_of(LEAD))

    assert contact == outcome.id
    assert "Phone: what the visitor said stands nowhere at Salesforce" in outcome.degraded


def test_a_colleague_who_takes_the_number_over_is_told_no_more(org: Org) -> None:
    contact = standing(org)
    way = Way(org)
    way.outcome(claim_of(LEAD))
    colleague(org).Contact.update(contact, {"Phone": "(212) 555-0147", "Description": ""})

    way.outcome(claim_of(replace(LEAD, content="And in June?"), 2))

    assert [] == news(org)
