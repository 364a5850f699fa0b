"""At the sandbox portal: an appointment that is moved, to a time that can be read or not."""

from dataclasses import replace

import pytest

from bridge.connector import Delivered, Record
from bridge.model.event import Event
from bridge.testing.samples import APPOINTMENT, claim_of, next_revision, tried_before
from tests.connectors.hubspot.trying import At, at

TIMES = ("hs_meeting_start_time", "hs_meeting_end_time")
LATER = replace(APPOINTMENT, content="Time: some day next week, <late>")


def moved(hubspot: At, *events: Event) -> Delivered:
    """What came of the last of these revisions."""
    claim = claim_of(events[0])
    (result,) = hubspot.bring(claim)
    for event in events[1:]:
        claim = next_revision(claim, result, event)
        (result,) = hubspot.bring(claim)
    assert isinstance(result.outcome, Delivered), result.outcome
    return replace(result.outcome, degraded="; ".join(result.degraded))


def test_a_meeting_whose_new_time_cannot_be_read_says_so_with_the_words_as_they_came() -> None:
    with at() as hubspot:
        hubspot.bring(claim_of(APPOINTMENT))
        before = hubspot.shown("meetings", *TIMES)

    with at() as hubspot:
        outcome = moved(hubspot, APPOINTMENT, LATER)

        assert before == hubspot.shown("meetings", *TIMES)
        ((title, body),) = hubspot.shown("meetings", "hs_meeting_title", "hs_meeting_body")
        assert "Check the time: Grace Garcia" == title
        assert body.startswith("The visitor wrote again, no time could be read there")
        assert "Time: some day next week, &lt;late&gt;" in body
        assert "no time could be read" in outcome.degraded
        assert (1, 1) == (len(hubspot.there("notes")), len(hubspot.there("tasks")))


def test_a_time_that_can_be_read_afterwards_moves_the_meeting() -> None:
    with at() as hubspot:
        outcome = moved(hubspot, APPOINTMENT, LATER, replace(APPOINTMENT, content="Time: 2023-12-05 11:00 AM"))

        ((title, start),) = hubspot.shown("meetings", "hs_meeting_title", TIMES[0])
        assert ("Chat appointment: Grace Garcia", "2023-12-05T11:00:00Z") == (title, start.replace(".000", ""))
        assert "" == outcome.degraded


def test_what_a_colleague_noted_of_the_outcome_stays_where_there_is_no_new_time() -> None:
    with at() as hubspot:
        claim = claim_of(APPOINTMENT)
        (result,) = hubspot.bring(claim)
        (meeting,) = hubspot.there("meetings")
        colleague = Record("it", "meetings", "k9", {"hs_meeting_outcome": "CANCELED"}, known_id=meeting["id"])
        hubspot.write(colleague)

        hubspot.bring(next_revision(claim, result, LATER))

        assert [("Check the time: Grace Garcia", "CANCELED")] == hubspot.shown(
            "meetings", "hs_meeting_title", "hs_meeting_outcome"
        )


@pytest.mark.parametrize("is_uncertain", [False, True])
@pytest.mark.parametrize("unique", [None, "bridge_event_id"])
def test_without_a_meeting_none_is_made_for_a_time_that_cannot_be_read(
    unique: str | None, *, is_uncertain: bool
) -> None:
    with at({"unique": {"activity": unique}} if unique else None) as hubspot:
        if unique:
            hubspot.its_caller.prepare()
        claim = claim_of(LATER)
        (result,) = hubspot.bring(tried_before(claim) if is_uncertain else claim)

        assert Delivered is type(result.outcome)
        assert () == tuple(result.degraded)
        assert [] == hubspot.there("meetings")
        hubspot.bring(next_revision(claim, result, APPOINTMENT))
        assert 1 == len(hubspot.there("meetings"))


def test_a_meeting_that_a_colleague_deleted_is_not_made_again_for_a_time_that_cannot_be_read() -> None:
    fields = {"only_change": "no time", "hs_meeting_title": "Check the time"}
    with at() as hubspot:
        (outcome,) = hubspot.write(Record("meeting", "meetings", "k1", fields, known_id="999"))

        assert Delivered is type(outcome)
        assert [] == hubspot.there("meetings")
