"""Account: what HubSpot says of the account: its number, its time zone, where its pages are. Asked once by each
instance, and not again soon where it does not say.
"""

import threading
from dataclasses import dataclass

from bridge.connector import Answer, found_at, id_from
from connectors.hubspot.client import Client
from connectors.hubspot.settings import HubSpotSettings

DOMAIN = "app.hubspot.com"
AGAIN_S = 600.0  # after which an account that did not say is asked again


@dataclass(frozen=True, slots=True)
class Account:
    portal: str = ""
    zone: str = ""  # such as US/Eastern
    domain: str = DOMAIN  # app-eu1.hubspot.com for accounts in the EU


def account_in(answer: Answer, *, portal: str) -> Account:
    """Shape: {portalId, timeZone, uiDomain, …} (https://developers.hubspot.com/docs/api/settings/account-information)."""
    found = answer.json() if answer.status == 200 else None
    zone, domain = found_at(found, "timeZone"), found_at(found, "uiDomain")
    at_home = isinstance(domain, str) and domain.endswith(".hubspot.com") and domain.replace(".", "-").isascii()
    return Account(
        portal or id_from(found_at(found, "portalId")),
        zone if isinstance(zone, str) else "",
        domain if at_home and domain.replace("-", "").replace(".", "").isalnum() else DOMAIN,
    )


class Accounts:
    """The account of one instance. Thread-safe."""

    def __init__(self, settings: HubSpotSettings) -> None:
        self._portal = str(settings.portal_id)
        self._turn = threading.Lock()
        self._known: Account | None = None
        self._asked_s = -AGAIN_S

    def get(self, client: Client, *, now_s: float) -> Account:
        """The account; empty where it does not say, which keeps nothing from being written."""
        with self._turn:
            known, asks = self._known, now_s - self._asked_s >= AGAIN_S
            if known is None and asks:
                self._asked_s = now_s
        if known is None and asks:
            self.learn(client.account())
        return self._known or Account(self._portal)

    def learn(self, answer: Answer) -> Account:
        """Keeps what an answer says."""
        found = account_in(answer, portal=self._portal)
        if answer.status == 200 and found.portal:
            self._known = found
        return found
