"""The HubSpot connector passes the suite that every connector has to pass: with a private app, and with OAuth."""

from typing import Any, ClassVar

from bridge.testing import Api, ConnectorSuite, Request, Response
from connectors.hubspot import HubSpot
from tests.connectors.hubspot.standin import Standing, invalid

CATEGORY = {401: "INVALID_AUTHENTICATION", 403: "MISSING_SCOPES", 400: "VALIDATION_ERROR", 404: "OBJECT_NOT_FOUND"}


def refuse(object_: str, properties: dict[str, str]) -> None:
    if "nobody may say this" in properties.get("hs_note_body", ""):
        raise invalid("INVALID_STRING", "hs_note_body")


class TestWithAPrivateApp(ConnectorSuite):
    connector = HubSpot
    unwanted: ClassVar[dict[str, Any]] = {"content": "nobody may say this"}

    def settings(self, url: str) -> dict[str, Any]:
        return {"access_token": "pat-na1-a-token-for-tests", "base_url": url, "allow_private_addresses": True}

    def api(self) -> Api:
        found = Standing()
        found.refuse = refuse
        return found

    def refusal(self, status: int) -> Response:
        return Response(status, {"status": "error", "message": "refused", "category": CATEGORY.get(status, "OTHER")})


class WithLogins(Standing):
    """Gives tokens, each with another refresh token, and takes only the last one."""

    def __init__(self) -> None:
        super().__init__()
        self.refuse = refuse
        self.logins = 0

    def answer(self, request: Request) -> Response:
        if request.path == "/oauth/v1/token":
            self.logins += 1
            tokens = {"access_token": f"token-{self.logins}-of-tests", "refresh_token": f"next-{self.logins}"}
            return Response(200, tokens | {"expires_in": 1800, "token_type": "bearer"})
        if request.headers["authorization"] != f"Bearer token-{self.logins}-of-tests":
            return Response(401, {"status": "error", "category": "EXPIRED_AUTHENTICATION", "message": "expired"})
        return super().answer(request)


class TestWithOAuth(TestWithAPrivateApp):
    def settings(self, url: str) -> dict[str, Any]:
        secrets = {"client_secret": "a-secret-for-tests", "refresh_token": "the-first-refresh-token"}
        return {"oauth": {"client_id": "bridge"} | secrets, "base_url": url, "allow_private_addresses": True}

    def api(self) -> Api:
        return WithLogins()

    def is_login(self, request: Request) -> bool:
        return request.path == "/oauth/v1/token"
