"""What a rehearsal shows of a request: no secret, and all else as it would be sent."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.connector import Secret
from bridge.engine.rehearse import Request, claim_for, rehearse
from bridge.model.event import Event, Kind
from bridge.model.rules import TargetRule
from bridge.wiring.environment import clock
from connectors.http import Http, HttpSettings

ADA = Event("main", Kind.LEAD, email="ada@example.com")


def request(**settings: Any) -> Request:
    """The request that an http target with these settings would be sent for a lead."""
    rule = TargetRule("crm", "http", HttpSettings(**{"url": "https://crm.example.com/leads"} | settings))
    claim = claim_for(ADA, region="US", received_at=datetime(2023, 11, 28, tzinfo=UTC))
    (found,) = rehearse(rule, Http(rule.settings), claim, clock=clock())
    assert found.request is not None, found.why
    return found.request


@pytest.mark.parametrize("value", ["1", "en", "webhook-crm-bridge", "a-long-api-key"])
def test_a_secret_is_hidden_and_what_the_bridge_says_itself_is_not(value: str) -> None:
    plain, found = request(), request(headers={"X-Api-Key": Secret(value)})

    assert "***" == found.headers["X-Api-Key"]
    assert plain.headers == {name: said for name, said in found.headers.items() if name != "X-Api-Key"}


def test_a_secret_within_a_header_is_hidden_too() -> None:
    found = request(headers={"X-Api-Key": Secret("a-long-api-key"), "X-Both": "id=7; key=a-long-api-key"})

    assert "id=7; key=***" == found.headers["X-Both"]


def test_what_an_address_has_in_its_query_is_hidden() -> None:
    found = request(url="https://crm.example.com/leads?api key=a-long-api-key")

    assert "https://crm.example.com/leads?***" == found.url


def test_a_short_secret_lets_nothing_be_seen_of_a_longer_one_that_has_it_in_it() -> None:
    found = request(headers={"X-Lang": Secret("en"), "X-Api-Key": Secret("kenobi-token")})

    assert ("***", "***") == (found.headers["X-Lang"], found.headers["X-Api-Key"])


def test_a_setting_that_only_begins_like_an_address_is_in_nobodys_way() -> None:
    found = request(headers={"X-Scheme": "https://"}, body={"scheme": "http://["})

    assert "https://" == found.headers["X-Scheme"]
