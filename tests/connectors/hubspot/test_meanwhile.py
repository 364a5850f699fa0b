"""At the sandbox portal: what somebody at HubSpot did meanwhile: it is found, and it stays."""

from dataclasses import replace

import pytest

from bridge.connector import Record
from bridge.testing.samples import APPOINTMENT, LEAD, claim_of, next_revision
from tests.connectors.hubspot.trying import at, contact

PHONE = LEAD.phone


def test_one_whose_contact_is_no_more_there_is_looked_for_before_another_is_made() -> None:
    with at() as hubspot:
        mine = hubspot.portal.plant("contacts", phone=PHONE, lastname="Lovelace")["id"]
        record = replace(contact(lastname="Byron", phone=PHONE), known_id="999", if_empty=True)

        (outcome,) = hubspot.write(record)

        assert mine == getattr(outcome, "id", None)
        assert [("Lovelace",)] == hubspot.shown("contacts", "lastname")


@pytest.mark.parametrize(
    ("object_", "stands", "told"),
    [
        (
            "deals",
            {"dealname": "Ada", "pipeline": "default", "dealstage": "closedwon"},
            {"dealname": "Ada L.", "pipeline": "default", "dealstage": "appointmentscheduled"},
        ),
        (
            "tasks",
            {"hs_timestamp": "2026-01-01T00:00:00Z", "hs_task_subject": "Ada", "hs_task_status": "COMPLETED"},
            {"hs_task_subject": "Ada L.", "hs_task_status": "NOT_STARTED"},
        ),
    ],
)
def test_what_a_colleague_moved_on_is_not_taken_back_by_a_correction(
    object_: str, stands: dict[str, str], told: dict[str, str]
) -> None:
    with at() as hubspot:
        there = hubspot.portal.plant(object_, **stands)["id"]

        hubspot.write(Record("it", object_, "k1", told, known_id=there))

        name, *_, stage = told
        assert [(told[name], stands[stage])] == hubspot.shown(object_, name, stage)


def test_the_first_stage_is_set_where_a_deal_is_made() -> None:
    with at() as hubspot:
        hubspot.write(Record("deal", "deals", "k1", {"dealname": "Ada", "dealstage": "qualifiedtobuy"}))

        assert [("qualifiedtobuy",)] == hubspot.shown("deals", "dealstage")


def test_a_task_that_a_colleague_put_off_is_not_due_again_by_a_correction() -> None:
    with at() as hubspot:
        claim = claim_of(replace(APPOINTMENT, content="Some time?"))
        (result,) = hubspot.bring(claim)
        (task,) = hubspot.there("tasks")
        put_off = {"hs_timestamp": "2030-01-01T00:00:00Z"}
        hubspot.write(Record("it", "tasks", "k9", put_off, known_id=task["id"]))

        hubspot.bring(next_revision(claim, result, replace(APPOINTMENT, content="Or in May?")))

        ((due, body),) = hubspot.shown("tasks", "hs_timestamp", "hs_task_body")
        assert ("2030-01-01", True) == (due[:10], body.startswith("Or in May?"))
