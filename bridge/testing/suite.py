"""Suite: what is asked of every connector: the parts beside it, and what concerns settings and secrets."""

import json
import logging
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest

from bridge.testing.api import Fault, Response, Server
from bridge.testing.arriving import Arriving
from bridge.testing.failing import Failing
from bridge.testing.samples import LEAD, claim_of
from bridge.testing.settings import SHORTEST, SettingsRefused, is_required, telling_secrets
from bridge.testing.together import Together
from bridge.testing.twice import Twice


class ConnectorSuite(Arriving, Failing, Twice, Together):
    """Inherit it, and name the connector, its settings and a stand-in for its API."""

    def test_settings_that_it_does_not_know_are_refused(self) -> None:
        with pytest.raises(SettingsRefused):
            self.read(self.settings("https://api.example.com") | {"no_such_setting": 1})

    def test_settings_that_it_needs_must_be_there(self) -> None:
        given = self.settings("https://api.example.com")
        self.read(given)
        for one in fields(self.connector.Settings):
            if one.name in given and is_required(one):
                with pytest.raises(SettingsRefused):
                    self.read({name: value for name, value in given.items() if name != one.name})

    def test_no_secret_is_shown_in_a_text_a_log_or_an_outcome(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        with self.serving() as server:
            settings = self.read(self.settings(server.url))
            shown = [repr(settings), str(settings), repr(self.connector(settings)), str(self.connector(settings))]
            for logins in (False, True):
                for status in (200, 400, 401, 422, 429, 500):
                    server.fault = Fault(Response(status), echo=True, logins=logins)
                    shown.append(repr(self.attempt(server, claim_of(LEAD)).outcome))
                    shown.append(repr(self.caller(server).probe()))
            hidden = [*telling_secrets(settings), *_tokens(server)]
            told = [text for text in (*shown, caplog.text) if any(secret in text for secret in hidden)]
            assert not told, "a secret of the settings or an access token stands in: " + " | ".join(
                _masked(text, hidden) for text in told
            )


def _tokens(server: Server) -> Iterator[str]:
    """What the API gave to whoever logged in and was then sent as a header: the access tokens."""
    sent = "\n".join(value for request in server.requests for value in request.headers.values())
    for answer in server.logins:
        try:
            found = json.loads(answer.content())
        except ValueError:
            continue
        yield from (text for text in _texts(found) if len(text) >= SHORTEST and text in sent)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _masked(text: str, hidden: list[str]) -> str:
    for secret in hidden:
        text = text.replace(secret, "****")
    return text[-300:]
