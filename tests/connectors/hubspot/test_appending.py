"""At the sandbox portal: what is added to what stands there, and to nothing else."""

from dataclasses import replace

from bridge.connector import Record
from tests.connectors.hubspot.trying import appending, at, message


def test_a_short_text_is_added_although_a_longer_one_has_it_in_it() -> None:
    with at() as hubspot:
        hubspot.portal.plant("contacts", email="ada@example.com", message="Hi there")

        for text in ("Hi", "there", "Hi", "Hi there\nHi"):
            hubspot.write(appending(message("k1", "ada@example.com", text)))

        assert [("Hi there\nHi\nthere",)] == hubspot.shown("contacts", "message")


def test_a_short_text_is_added_to_a_note_once() -> None:
    with at() as hubspot:
        person = hubspot.portal.plant("contacts", email="ada@example.com")["id"]
        stands = "<div>Hi there</div><p>Hello</p>"
        note = hubspot.portal.plant("notes", hs_timestamp="2026-01-01T00:00:00Z", hs_note_body=stands)["id"]
        fields = {"to_contact": person, "hs_note_body": "Hi\nHello"}
        record = Record("note", "notes", "k", fields, known_id=note, writes={"hs_note_body": "append"})

        for _ in range(2):
            hubspot.write(record)

        assert [(f"{stands}<br>Hi<br>Hello",)] == hubspot.shown("notes", "hs_note_body")


def test_what_stands_at_one_contact_is_not_written_to_another() -> None:
    with at() as hubspot:
        known = hubspot.portal.plant("contacts", phone="1", message="told in confidence")["id"]
        hubspot.portal.plant("contacts", email="ada@example.com", message="Hi")
        record = replace(message("k1", "ada@example.com", "Yo", phone="2"), known_id=known)

        hubspot.write(replace(record, writes={"message": "append", "phone": "if_empty"}))

        assert [("told in confidence", "1"), ("Hi\nYo", "2")] == hubspot.shown("contacts", "message", "phone")
