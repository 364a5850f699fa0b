"""Samples: events as they come from a chatbot, and claims for them as a worker has them."""

from dataclasses import replace
from datetime import UTC, datetime

from bridge.model.delivery import Claim, Result
from bridge.model.event import Event, Kind, StoredEvent

LEAD = Event(
    source="smarterbot",
    kind=Kind.LEAD,
    chatbot_id="bot-1",
    session_id="31305",
    first_name="David",
    last_name="Garcia",
    email="david@example.com",
    phone="+12125550147",
    content="Do you have rooms in May?",
    page_url="https://example.com/rooms?utm_source=mail",
    created_at=datetime(2023, 11, 23, 18, 36, 21, tzinfo=UTC),
    raw={"Type": "Lead", "SessionID": 31305, "Email": "david@example.com"},
)
APPOINTMENT = replace(  # of somebody else: a connector may know a person by his address
    LEAD,
    kind=Kind.APPOINTMENT,
    session_id="31308",
    first_name="Grace",
    email="grace@example.com",
    phone="+12125550148",
    content="Time: 2023-12-01 10:00 AM",
    raw={"Type": "Appointment"},
)
ODD = replace(
    LEAD,
    first_name='Zoë "</script>" O\'Neill',
    last_name="{{ email }} %s \\ 名前 😀",
    email="zoë+chat@exämple.com",
    phone="",
    content="=1+1\n" + "long " * 2000,
    session_id="31306",
)
SPARSE = Event(source="smarterbot", kind=Kind.LEAD, session_id="31307")


def other_lead(number: int) -> Event:
    """A lead of another person for each number."""
    return replace(
        LEAD,
        session_id=str(40000 + number),
        first_name=f"Dana {number}",
        email=f"dana{number}@example.com",
        phone=f"+1212556{number:04d}",
    )


def claim_of(event: Event, number: int = 1, *, revision: int = 1) -> Claim:
    """A worker's right to the delivery of this event, which nobody has tried yet. The same number, the same event and
    person.
    """
    stored = StoredEvent(
        id=number,
        key=f"{number:032x}",
        revision=revision,
        received_at=datetime(2023, 11, 23, 18, 36, 22, tzinfo=UTC),
        event=event,
    )
    return Claim(
        delivery_id=number * 100 + revision,
        token="1.1",  # noqa: S106
        target="target",
        person=f"{number + 0x1000:032x}",
        stored=stored,
        attempts=0,
        uncertain=False,
        if_empty=False,
        copy=0,
    )


def next_attempt(claim: Claim, last: Result) -> Claim:
    """The claim with which a worker tries again, after what came of the last attempt."""
    links = claim.links | {(link.record_key, link.object): link for link in last.links}
    uncertain = claim.uncertain or bool(getattr(last.outcome, "uncertain", False))
    done = claim.done | {(link.record_key, link.object) for link in last.links}
    return replace(claim, attempts=claim.attempts + 1, uncertain=uncertain, links=links, done=done, token="1.2")  # noqa: S106


def tried_before(claim: Claim) -> Claim:
    """The claim of an event of which nobody knows whether an earlier attempt brought it."""
    return replace(claim, attempts=1, uncertain=True, token="1.3")  # noqa: S106


def next_revision(claim: Claim, last: Result, event: Event) -> Claim:
    """The claim for another revision of the same event, of which the last attempt brought the one before."""
    return replace(
        claim_of(event, claim.stored.id, revision=claim.stored.revision + 1),
        links=claim.links | {(link.record_key, link.object): link for link in last.links},
    )
