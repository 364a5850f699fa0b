"""PUBLIC: the tests that every connector has to pass, for its author to inherit. They need pytest.

    class TestAcme(ConnectorSuite):
        connector = Acme

        def settings(self, url): return {"url": url, "api_key": "a key for tests"}
        def api(self): return AcmeApi()          # a stand-in for the API: see `Api`

The connector talks to that stand-in over real HTTP, through the bridge's own way out, and the suite makes it fail.
"""

from bridge.testing.api import Api, Request, Response
from bridge.testing.suite import ConnectorSuite

__all__ = ["Api", "ConnectorSuite", "Request", "Response"]
