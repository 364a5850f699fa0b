"""Acme: one contact for each person, one note for each lead or appointment."""

from dataclasses import dataclass
from typing import ClassVar

from bridge.connector import (
    Answer,
    Call,
    Delivered,
    Hold,
    Outcome,
    Record,
    Retry,
    Secret,
    Usable,
    WrongSettings,
    found_at,
    id_from,
    judge,
    wrong_url,
)


@dataclass(frozen=True)
class Settings:
    """What stands under `settings:` in the configuration."""

    url: str
    api_key: Secret
    allow_private_addresses: bool = False  # read by the bridge: may the API be inside a private network?

    def __post_init__(self) -> None:
        if wrong := wrong_url(self.url, at=("url",), allow_private_addresses=self.allow_private_addresses):
            raise WrongSettings(*wrong)


class Acme:
    """Writes each record under a key of ours (PUT): the same request twice makes one record."""

    Settings: ClassVar[type] = Settings
    api_version = 1
    default_records = (
        {
            "name": "person",
            "object": "contacts",
            "keyed_by": "person",
            "fields": {
                "first_name": "{{ first_name }}",
                "last_name": "{{ last_name }}",
                "email": "{{ email }}",
                "phone": "{{ phone }}",
                "source": "Chat",
            },
        },
        {
            "name": "note",
            "object": "notes",
            "fields": {
                "contact_id": "{{ records.person.id }}",
                "kind": "{{ kind }}",
                "text": "{{ content }}",
                "page": "{{ page_url }}",
                "at": "{{ created_at }}",
            },
        },
    )

    def __init__(self, settings: Settings) -> None:
        self._url = settings.url.rstrip("/")
        self._api_key = settings.api_key

    def deliver(self, record: Record, call: Call) -> Outcome:
        """Writes one record. What may go wrong on the way, the bridge sees to."""
        if record.if_empty and record.known_id:  # a PUT would replace what is newer
            return Delivered(record.known_id)
        answer = call.http.request(
            "PUT",
            f"{self._url}/{record.object}/{record.key}",
            headers=self._headers() | {"Idempotency-Key": record.idempotency_key},
            json=dict(record.fields),
        )
        return self._outcome(answer)

    def probe(self, call: Call) -> Usable | Hold:
        """Whether the key is good, and whose it is."""
        answer = call.http.request("GET", f"{self._url}/me", headers=self._headers())
        outcome = judge(answer)
        if isinstance(outcome, Delivered):
            return Usable(account=id_from(found_at(answer.json(), "account")))
        return outcome if isinstance(outcome, Hold) else Hold(outcome.reason)

    def _outcome(self, answer: Answer) -> Outcome:
        outcome = judge(answer)
        if not isinstance(outcome, Delivered):
            return outcome
        id_ = id_from(found_at(answer.json(), "id"))
        return Delivered(id_) if id_ else Retry("Acme named no id for the record", uncertain=True)

    def _headers(self) -> dict[str, str]:
        return {"X-Api-Key": self._api_key.reveal()}
