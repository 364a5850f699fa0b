"""Where a duplicate rule objects: to one that is made, and to a change of one that is there already."""

from dataclasses import replace
from typing import Any

import pytest

from bridge.connector import Delivered, Reject
from bridge.model.delivery import Claim
from bridge.model.record import Link
from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import LEAD, claim_of, other_lead
from tests.connectors.salesforce.mappings import FILLED, FILLING, TASK
from tests.connectors.salesforce.orgs import KEYED, Way, alive, one, plant

PERSON = FILLED | {"match": ["Email"]}
BY_PHONE = {"objects": ["Lead", "Contact"], "against": ["Contact"], "field": "Phone", "on": ["create", "update"]}
TWIN = {"LastName": "Garcia", "Phone": LEAD.phone, "Email": "other@example.com"}
LEAD_KEY = {"external_ids": {"Lead": "Chat_Key__c"}}


def claim(**said: Any) -> Claim:
    return claim_of(replace(LEAD, **said))


def outcome(way: Way, mine: Claim, most: int) -> Any:
    """What came of the first; the others have to be delivered."""
    found = way.deliver(mine, *[claim_of(replace(other_lead(n), phone=""), n) for n in range(2, 1 + most)])
    assert [Delivered] * (most - 1) == [type(result.outcome) for result in found[1:]], found
    return found[0].outcome


def garcia(org: Org) -> dict[str, Any]:
    (row,) = [row for row in alive(org, "Lead") if row["Email"] == LEAD.email]
    return row


def found_lead(org: Org) -> str:
    """A Lead of the visitor without the phone, by which a Contact is like it as soon as it is written."""
    return plant(org, "Lead", LastName="Garcia", Company="Acme", Email=LEAD.email)


@pytest.mark.parametrize("allow_save", [True, False], ids=["alert", "block"])
@pytest.mark.parametrize("policy", ["link", "save", "fail"])
def test_where_a_rule_objects_to_a_new_one_the_operators_policy_holds(
    org: Org, policy: str, *, allow_save: bool
) -> None:
    org.change(duplicate_rules=[BY_PHONE | {"allow_save": allow_save}])
    twin = plant(org, "Contact", **TWIN)

    found = Way(org, {"duplicates": policy}).outcome(claim_of(LEAD))

    if policy == "link":
        assert twin == found.id
        assert "rooms in May?" in one(org, "Contact")["Description"]
    elif policy == "save" and allow_save:
        assert found.id == one(org, "Lead")["Id"]
    else:
        assert isinstance(found, Reject), found
        assert "DUPLICATES_DETECTED" in found.reason
        assert [] == alive(org, "Lead")


def test_what_was_healed_is_healed_again_where_the_record_turns_out_to_be_another(org: Org, most: int) -> None:
    """The org looks at lengths first, and at duplicates then; the fields are decided anew for the one that it names."""
    org.change(duplicate_rules=[BY_PHONE])
    twin = plant(org, "Contact", **TWIN)
    title = {"Title": "{{ raw.Title }}"}

    found = outcome(Way(org, records=[PERSON | {"fields": FILLING | title}]), claim(raw={"Title": "x" * 200}), most)

    assert (twin, "Title was cut to 128 characters") == (found.id, found.degraded), found


def test_a_visitor_who_writes_a_reference_is_linked_to_the_one_that_a_rule_names(org: Org, most: int) -> None:
    org.change(duplicate_rules=[BY_PHONE])
    twin = plant(org, "Contact", **TWIN)

    assert twin == outcome(Way(org, records=[PERSON]), claim(content="see @{x.y}"), most).id
    assert "@{x.y}" in one(org, "Contact")["Description"]


def test_of_several_that_a_rule_names_none_is_taken_if_the_operator_wants_that(org: Org, most: int) -> None:
    org.change(duplicate_rules=[BY_PHONE])
    made = [plant(org, "Contact", **TWIN | {"Email": f"o{number}@example.com"}) for number in range(2)]

    found = outcome(Way(org, {"on_multiple": "reject"}, records=[PERSON]), claim_of(LEAD), most)

    assert isinstance(found, Reject), found
    assert all(id_ in found.reason for id_ in made)


@pytest.mark.parametrize("policy", ["link", "save"])
@pytest.mark.parametrize("known", [True, False], ids=["known", "found"])
def test_the_change_of_one_that_is_there_is_saved_over_an_alert(
    org: Org, most: int, policy: str, *, known: bool
) -> None:
    org.change(duplicate_rules=[BY_PHONE])
    plant(org, "Contact", **TWIN)
    lead, claim = found_lead(org), claim_of(LEAD)
    if known:
        claim = replace(claim, links={(claim.person, "Lead"): Link("Lead", claim.person, lead)})

    found = outcome(Way(org, {"duplicates": policy}, records=[PERSON, TASK]), claim, most)

    assert isinstance(found, Delivered), found
    row = garcia(org)
    assert (lead, LEAD.phone, LEAD.content) == (row["Id"], row["Phone"], row["Description"].partition("\n")[0])
    assert lead in [task["WhoId"] for task in alive(org, "Task")]
    assert one(org, "Contact")["Description"] is None, "nothing was said of the other one"


@pytest.mark.parametrize("policy", ["link", "save"])
def test_where_the_change_is_blocked_the_reason_says_so_and_names_the_two(org: Org, most: int, policy: str) -> None:
    org.change(duplicate_rules=[BY_PHONE | {"allow_save": False}])
    twin, lead = plant(org, "Contact", **TWIN), found_lead(org)

    found = outcome(Way(org, {"duplicates": policy}, records=[PERSON]), claim_of(LEAD), most)

    assert isinstance(found, Reject), found
    assert f"the rule blocks the change of {lead}, which is like {twin}" in found.reason
    assert "DUPLICATES_DETECTED" == found.cause
    assert garcia(org)["Phone"] is None


def test_with_fail_the_change_is_refused_too(org: Org, most: int) -> None:
    org.change(duplicate_rules=[BY_PHONE])
    plant(org, "Contact", **TWIN)
    found_lead(org)

    found = outcome(Way(org, {"duplicates": "fail"}, records=[PERSON]), claim_of(LEAD), most)

    assert isinstance(found, Reject), found
    assert garcia(org)["Phone"] is None


def test_an_api_that_cannot_save_over_an_alert_is_told(org: Org, most: int) -> None:
    org.change(duplicate_rules=[BY_PHONE])
    plant(org, "Contact", **TWIN)
    found_lead(org)

    found = outcome(Way(org, {"api_version": "51.0"}, records=[PERSON]), claim_of(LEAD), most)

    assert isinstance(found, Reject), found
    assert 'write api_version: "52.0" or a later one' in found.reason


def test_one_that_a_rule_names_is_changed_over_another_alert(org: Org, most: int) -> None:
    """The rule names the Contact, and objects then to what is written to it, since there is another one alike."""
    by_city = {"objects": ["Contact"], "against": ["Contact"], "field": "MailingCity", "on": ["update"]}
    org.change(duplicate_rules=[BY_PHONE, by_city])
    twin = plant(org, "Contact", **TWIN)
    plant(org, "Contact", LastName="Else", MailingCity="Delft")

    found = outcome(Way(org, records=[PERSON | {"fields": FILLING | {"City": "Delft"}}]), claim_of(LEAD), most)

    assert isinstance(found, Delivered), found
    assert (twin, "Delft") == (found.id, next(r for r in alive(org, "Contact") if r["Id"] == twin)["MailingCity"])


def test_what_has_our_key_is_not_taken_for_the_one_that_a_rule_names(most: int) -> None:
    """It is upserted without a look, so that it is not known whether it is there."""
    with Org(objects=KEYED, duplicate_rules=[BY_PHONE]) as org:
        fields = {"LastName": "{{ last_name }}", "Company": "x", "Email": "{{ email }}", "Phone": "{{ raw.Phone }}"}
        record = PERSON | {"match": [], "fields": fields}
        way = Way(org, LEAD_KEY | {"assignment": False}, records=[record])
        lead = outcome(way, claim_of(LEAD), most).id
        twin = plant(org, "Contact", **TWIN)

        found = outcome(way, claim_of(replace(LEAD, raw={"Phone": LEAD.phone}), revision=2), most)

        assert isinstance(found, Delivered), found
        assert (lead, LEAD.phone) == (found.id, garcia(org)["Phone"])
        new = outcome(way, claim_of(replace(other_lead(9), raw={"Phone": LEAD.phone}), 9), most)
        assert twin == new.id, "of whom nothing is there"


@pytest.mark.parametrize("allow_save", [True, False])
def test_where_the_one_that_is_like_it_may_not_be_seen_a_lead_is_made_over_an_alert(
    org: Org, most: int, *, allow_save: bool
) -> None:
    org.change(duplicate_rules=[BY_PHONE | {"allow_save": allow_save}], objects={"Contact": {"readable": False}})
    plant(org, "Contact", **TWIN)

    found = outcome(Way(org, records=[PERSON]), claim_of(LEAD), most)

    if allow_save:
        assert (Delivered, LEAD.phone) == (type(found), garcia(org)["Phone"])
    else:
        assert isinstance(found, Reject), found
        assert "it names no record to link to" in found.reason
