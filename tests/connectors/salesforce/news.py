"""What the tests of news share: somebody who stands at the org, and the lines that were written of him."""

from typing import Any

from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import LEAD
from connectors.salesforce.change import NEWS
from tests.connectors.salesforce.orgs import alive, plant

STANDING = {"FirstName": "David", "LastName": "Garcia", "Email": LEAD.email, "Phone": "+1 415 555 0100"}
WORDS = "Do you have rooms in May?"


def standing(org: Org, name: str = "Contact", **other: Any) -> str:
    return plant(org, name, **({"Company": "Acme"} if name == "Lead" else {}), **(STANDING | other))


def news(org: Org, name: str = "Contact") -> list[str]:
    """What the lines say, of all records of this object."""
    lines = [line for row in alive(org, name) for line in str(row["Description"] or "").splitlines()]
    return [line.removeprefix(f"{NEWS} ") for line in lines if line.startswith(NEWS)]
