"""PUBLIC: the tests that every connector has to pass, for its author to inherit. They need pytest.

    class TestAcme(ConnectorSuite):
        connector = Acme

        def settings(self, url): return {"url": url, "api_key": "a key for tests", "allow_private_addresses": True}
        def api(self): return AcmeApi()          # a stand-in for the API: see `Api`

The connector talks to that stand-in over real HTTP, through the bridge's own way out, and the suite makes it fail.
"""

import pytest

_TESTS = ("suite", "arriving", "failing", "twice", "together", "parts")
pytest.register_assert_rewrite(*(f"bridge.testing.{name}" for name in _TESTS))  # before: what failed is shown

from bridge.testing.api import Api, Request, Response  # noqa: E402
from bridge.testing.suite import ConnectorSuite  # noqa: E402

__all__ = ["Api", "ConnectorSuite", "Request", "Response"]
