"""An org for each test, and the real client on it, over real HTTP."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from simple_salesforce import Salesforce

from bridge.sandbox.salesforce.org import Org

KEY = {"Chat_Key__c": {"external_id": True, "unique": True, "length": 80}}
OBJECTS = {"Lead": {"fields": KEY}, "Contact": {"fields": KEY}, "Event": {"fields": KEY}}


@pytest.fixture
def org() -> Iterator[Org]:
    with Org(objects=OBJECTS) as org:
        yield org


@pytest.fixture
def session(org: Org) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.mount("https://", org.adapter())
        yield session


@pytest.fixture
def connect(org: Org, session: requests.Session) -> Callable[..., Salesforce]:
    def connected(**options: Any) -> Salesforce:
        given = {"session_id": org.settings["access_token"], "instance_url": org.instance_url}
        return Salesforce(**{**given, "session": session, **options})

    return connected


@pytest.fixture
def client(connect: Callable[..., Salesforce]) -> Salesforce:
    return connect()
