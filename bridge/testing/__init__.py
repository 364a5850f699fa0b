"""PUBLIC: the tests that every connector has to pass, for its author to inherit. They need pytest.

    class TestAcme(ConnectorSuite):
        connector = Acme

        def settings(self, url): return {"url": url, "api_key": "a key for tests"}
        def api(self): return AcmeApi()          # a stand-in for the API: see `Api`

The connector talks to that stand-in over real HTTP, through the bridge's own way out, and the suite makes it fail.
"""

import pytest

pytest.register_assert_rewrite("bridge.testing.suite")  # before its first import: what failed is shown

from bridge.testing.api import Api, Request, Response  # noqa: E402
from bridge.testing.suite import ConnectorSuite  # noqa: E402

__all__ = ["Api", "ConnectorSuite", "Request", "Response"]
