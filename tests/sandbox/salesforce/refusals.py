"""What an org says when it refuses something, as the real client tells it."""

from collections.abc import Callable
from typing import Any

import pytest
from simple_salesforce.exceptions import SalesforceError


def refusal(call: Callable[[], Any]) -> tuple[int, Any]:
    """Status and body of a call that is refused."""
    with pytest.raises(SalesforceError) as failed:
        call()
    return failed.value.status, failed.value.content


def refused_for(call: Callable[[], Any]) -> tuple[int, str, str, list[str]]:
    """Status, code, message and fields of a call that is refused for one reason."""
    status, body = refusal(call)
    [error] = body
    return status, error["errorCode"], error["message"], error.get("fields", [])
