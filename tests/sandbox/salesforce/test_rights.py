"""What the org's user may see and do, object by object."""

from typing import Any

import pytest
from simple_salesforce import Salesforce

from bridge.sandbox.salesforce.org import Org
from tests.sandbox.salesforce.refusals import refusal, refused_for


@pytest.fixture
def unseen(org: Org) -> dict[str, Any]:
    """A Contact that is there, in an org whose user does not see Contacts."""
    contact = org.plant("Contact", LastName="Lovelace", Email="ada@example.com")
    org.change(objects={"Contact": {"readable": False}})
    return contact


def test_an_object_that_the_user_may_not_read_is_not_there_for_him(
    org: Org, client: Salesforce, unseen: dict[str, Any]
) -> None:
    """As recorded in github.com/forcedotcom/SalesforceMobileSDK-Android/issues/1113 (2016)."""
    status, [error] = refusal(lambda: client.query("SELECT Id FROM Contact"))

    assert (400, "INVALID_TYPE") == (status, error["errorCode"])
    assert "sObject type 'Contact' is not supported. If you are attempting to use" in error["message"]
    assert (404, "NOT_FOUND") == refused_for(client.Contact.describe)[:2]
    assert (404, "NOT_FOUND") == refused_for(lambda: client.Contact.get(unseen["Id"]))[:2]
    assert (404, "NOT_FOUND") == refused_for(lambda: client.Contact.create({"LastName": "Byron"}))[:2]
    listed = [one["name"] for one in client.describe()["sobjects"]]  # type: ignore[index]
    assert ("Contact" in listed, "Lead" in listed) == (False, True)
    assert [unseen] == org.records("Contact")


def test_nothing_can_hang_on_a_record_that_the_user_may_not_read(client: Salesforce, unseen: dict[str, Any]) -> None:
    task = {"Subject": "Call", "WhoId": unseen["Id"]}

    assert (400, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY") == refused_for(lambda: client.Task.create(task))[:2]
