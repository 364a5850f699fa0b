"""What no reason quotes: no secret and no token, in whatever spelling HubSpot sends one back."""

import html
import json
from urllib.parse import quote, quote_plus

import pytest

from bridge.connector import Hold, Outcome
from bridge.testing.api import Request, Response
from tests.connectors.hubspot.standin import Standing
from tests.connectors.hubspot.trying import contact, trying

PERSON = contact(email="ada@example.com", firstname="Ada")
ODD = 'pat/na1+"odd"&more'
OAUTH = {"client_id": "a-client", "client_secret": "a secret/of ours", "refresh_token": "first/refresh+token"}


class Quoting(Standing):
    """Gives access tokens, as often as it is to, and quotes in a refusal of all else what it was sent."""

    def __init__(self, *, logins: int) -> None:
        super().__init__()
        self.logins = 0
        self.most_logins = logins

    def answer(self, request: Request) -> Response:
        if request.path != "/oauth/v1/token":
            return refusal(f"not with {request.headers['authorization']} of next/{self.logins}+token")
        if self.logins == self.most_logins:
            return refusal(f"not with {request.body.decode().partition('&client_id=a-client')[2]}")
        self.logins += 1
        tokens = {"access_token": f"access/{self.logins}+token", "refresh_token": f"next/{self.logins}+token"}
        return Response(200, tokens | {"expires_in": 1800})


def refusal(message: str) -> Response:
    return Response(401, {"status": "error", "category": "INVALID_AUTHENTICATION", "message": message})


def reason(outcome: Outcome) -> str:
    return str(getattr(outcome, "reason", outcome))


@pytest.mark.parametrize("of_row", [False, True])
@pytest.mark.parametrize(
    "quoted", [ODD, json.dumps(ODD)[1:-1], quote(ODD), quote(ODD, safe=""), quote_plus(ODD), html.escape(ODD)]
)
def test_a_secret_is_hidden_in_whatever_spelling_it_is_quoted(quoted: str, *, of_row: bool) -> None:
    error = {"status": "error", "category": "VALIDATION_ERROR", "message": f"not with <{quoted}>"}
    with trying(access_token=ODD) as hubspot:
        hubspot.fail(*((207, {"results": [], "errors": [error]}) if of_row else (400, error)))

        (outcome,) = hubspot.write(PERSON)

        assert "HTTP 400: not with <***>" == reason(outcome)


def test_the_tokens_of_a_login_are_hidden_where_the_api_quotes_them() -> None:
    with trying(Quoting(logins=9), probed=False, access_token=None, oauth=OAUTH) as hubspot:
        (outcome,) = hubspot.write(PERSON)

        told = "HTTP 401: the access token is refused: not with Bearer *** of ***"
        assert told == reason(outcome)
        assert Hold(told) == hubspot.hubspot.probe(hubspot.call())


@pytest.mark.parametrize("logins", [0, 1])
def test_a_refresh_token_is_hidden_where_the_login_quotes_it_also_a_rotated_one(logins: int) -> None:
    with trying(Quoting(logins=logins), probed=False, access_token=None, oauth=OAUTH) as hubspot:
        (outcome,) = hubspot.write(PERSON)

        told = "HTTP 401: the access token is refused: not with &client_secret=***&refresh_token=***"
        assert told == reason(outcome)
