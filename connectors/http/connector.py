"""Connector: one request for each record, and what its answer means."""

from dataclasses import replace
from typing import ClassVar, assert_never

from bridge.connector import Answer, Call, Delivered, Hold, Outcome, Record, Reject, Retry, Usable, judge
from connectors.http.auth import auth_header, revealed
from connectors.http.body import content_type, written
from connectors.http.said import said
from connectors.http.settings import HttpSettings, hidden


class Http:
    """Sends a record's fields, as they are or in the body that the settings describe."""

    Settings: ClassVar[type] = HttpSettings

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        named = {name: revealed(value) for name, value in settings.headers.items()}
        self._headers = named | auth_header(settings.auth)
        self._hidden = list(hidden(settings))

    def deliver(self, record: Record, call: Call) -> Outcome:
        try:
            body = written(self._settings.body, record)
        except (TypeError, ValueError, RecursionError) as error:
            return Reject(f"the body cannot be written as JSON ({type(error).__name__})", cause="body")
        headers = self._headers_for(record, body, now_s=call.now_s)
        answer = call.http.request(self._settings.method, self._settings.url, headers=headers, body=body)
        outcome = judge(answer)
        if isinstance(outcome, Delivered):
            outcome = self._settings.success.judge(answer)
        match outcome:
            case Delivered():
                return outcome
            case Retry() | Reject() | Hold():
                return replace(outcome, reason=self._reason(outcome.reason, answer))
            case _:
                assert_never(outcome)

    def probe(self, call: Call) -> Usable | Hold:
        probe = self._settings.probe
        if probe is None:
            return Usable(note="not asked: no probe is configured")
        answer = call.http.request(probe.method, probe.url, headers=self._headers)
        outcome = judge(answer)
        if isinstance(outcome, Delivered):
            return Usable()
        for_s = outcome.for_s if isinstance(outcome, Hold) else None
        return Hold(f"probe: {self._reason(outcome.reason, answer)}", for_s=for_s)

    def _headers_for(self, record: Record, body: bytes, *, now_s: float) -> dict[str, str]:
        """The configured headers, and the key and the signature, which none of them may replace, however written."""
        key, sign = record.idempotency_key, self._settings.sign
        ours = {"Idempotency-Key": key} | (sign.headers(body, id_=key, now_s=now_s) if sign else {})
        taken = {name.lower() for name in ours}
        others = {name: value for name, value in self._headers.items() if name.lower() not in taken}
        return {"Content-Type": content_type(self._settings.body)} | others | ours

    def _reason(self, reason: str, answer: Answer) -> str:
        text = said(answer, hidden=self._hidden)
        return f"{reason}: {text}" if text else reason
