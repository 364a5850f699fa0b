"""Account: what HubSpot says of the account: its number, its time zone, where its pages are."""

from dataclasses import dataclass

from bridge.connector import Answer, found_at, id_from
from connectors.hubspot.settings import HubSpotSettings

DOMAIN = "app.hubspot.com"


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
    """The account of one instance, as its last probe found it: a worker probes a target before it delivers to it."""

    def __init__(self, settings: HubSpotSettings) -> None:
        self._portal = str(settings.portal_id)
        self.known = Account(self._portal)

    def learn(self, answer: Answer) -> Account:
        """Keeps what an answer says; one that does not say it keeps nothing from being written."""
        found = account_in(answer, portal=self._portal)
        if answer.status == 200 and found.portal:
            self.known = found
        return found
