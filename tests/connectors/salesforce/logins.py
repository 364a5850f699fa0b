"""What the tests of the login share: the ways in, and a process of the bridge that goes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.connector import Plan, Record
from bridge.engine.shares import Shares
from bridge.engine.tokens import Tokens
from bridge.errors import CallEnded
from bridge.outbound import Door
from bridge.store.codec import Codec
from bridge.store.database import Database
from bridge.testing.parts import CLOCK
from bridge.testing.settings import read_settings
from connectors.salesforce import Salesforce, SalesforceSettings
from tests.connectors.salesforce.orgs import Warned

USER = "integration@sandbox.example"
WAYS: Mapping[str, Any] = {
    "client_credentials": {
        "client_credentials": {"consumer_key": "sandbox-client", "consumer_secret": "sandbox-secret"}
    },
    "jwt": {"jwt": {"consumer_key": "sandbox-client", "username": USER, "private_key": "…"}},
    "refresh_token": {"refresh_token": {"consumer_key": "sandbox-client", "refresh_token": "sandbox-refresh"}},
    "refresh_token_secret": {
        "refresh_token": {
            "consumer_key": "sandbox-client",
            "consumer_secret": "sandbox-secret",
            "refresh_token": "sandbox-refresh",
        }
    },
    "soap": {"password": {"username": USER, "password": "sandbox-password", "security_token": "sandbox-token"}},
    "password": {
        "password": {
            "username": USER,
            "password": "sandbox-password",
            "security_token": "sandbox-token",
            "consumer_key": "sandbox-client",
            "consumer_secret": "sandbox-secret",
        }
    },
    "given": {"access_token": "00Dsandbox!given"},
}


def auth(way: str, keys: tuple[str, str]) -> Any:
    return {"jwt": {**WAYS["jwt"]["jwt"], "private_key": keys[0]}} if way == "jwt" else WAYS[way]


@dataclass
class Process:
    """A bridge's process: its connector, and what its calls share."""

    url: str
    auth: Any
    database: Database | None = None

    def __post_init__(self) -> None:
        given = {"url": self.url, "auth": self.auth, "allow_private_addresses": True}
        settings = read_settings(SalesforceSettings, given)
        self.connector = Salesforce(settings)
        self.warned: list[str] = []
        shared: Any = Warned(self.warned)
        if self.database:
            tokens = Tokens(self.database, "crm", settings, salt=b"salt", codec=Codec(), clock=CLOCK)
            shared = Shares("crm", None, tokens, clock=CLOCK)
        self.door = Door(timeout_s=20, allow_private_addresses=True, shared=shared)

    def probe(self) -> Any:
        try:
            return self.connector.probe(self.door.call())
        except CallEnded as ended:  # as the bridge does
            return ended.outcome

    def deliver(self, number: int = 1) -> Any:
        record = Record("person", "Lead", f"key-{number}", {"LastName": f"Visitor {number}", "Company": "x"}, "k")
        try:
            return self.connector.deliver_batch([Plan(number, [record])], self.door.call())[0][0]
        except CallEnded as ended:
            return ended.outcome
