"""At the sandbox portal: what somebody at HubSpot did meanwhile: it is found, and it stays."""

from dataclasses import replace

from bridge.testing.samples import LEAD
from tests.connectors.hubspot.test_campaign import at
from tests.connectors.hubspot.test_review import shown, write
from tests.connectors.hubspot.trying import contact

PHONE = LEAD.phone


def test_one_whose_contact_is_no_more_there_is_looked_for_before_another_is_made() -> None:
    with at() as hubspot:
        mine = hubspot.portal.plant("contacts", phone=PHONE, lastname="Lovelace")["id"]
        record = replace(contact(lastname="Byron", phone=PHONE), known_id="999", if_empty=True)

        (outcome,) = write(hubspot, record)

        assert mine == getattr(outcome, "id", None)
        assert [("Lovelace",)] == shown(hubspot, "contacts", "lastname")
