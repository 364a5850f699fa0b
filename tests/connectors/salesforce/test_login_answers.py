"""What a login host may answer: what passes is told from what does not, and no credential is in any reason."""

import base64
import json
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
import responses
from requests import PreparedRequest

from bridge.connector import Delivered, Hold, Retry
from tests.connectors.salesforce.logins import USER, WAYS, Process, auth

URL = "https://acme.my.salesforce.com"
TOKEN = f"{URL}/services/oauth2/token"
SOAP = f"{URL}/services/Soap/u/62.0"
ECHOED = ("client_credentials", "jwt", "refresh_token_secret", "soap", "password")
ODD = "p&ss<w>rd \"'/+=ü"  # spelled otherwise in XML, JSON and forms


@pytest.fixture
def mocked() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        yield mocked


@pytest.mark.parametrize(
    ("status", "code", "text", "expected"),
    [
        (400, "invalid_grant", "token request is already being processed", Retry),
        (400, "invalid_grant", "expired authorization code", Retry),
        (400, "invalid_grant", "inactive organization", Hold),
        (400, "unsupported_grant_type", "grant type not supported", Hold),
        (400, "invalid_app_access", "user is not admin approved to access this app", Hold),
        (503, "SERVER_UNAVAILABLE", "try later", Retry),
    ],
)
@pytest.mark.parametrize("way", ["client_credentials", "refresh_token"])
def test_what_passes_is_told_from_what_does_not(
    mocked: responses.RequestsMock, way: str, status: int, code: str, text: str, expected: type
) -> None:
    mocked.post(TOKEN, status=status, json={"error": code, "error_description": text})

    found = Process(URL, WAYS[way]).deliver()

    assert isinstance(found, expected), found
    assert f"login refused: {code}: {text}" == found.reason
    assert 1 == len(mocked.calls)


@pytest.mark.parametrize("way", ["client_credentials", "refresh_token", "password"])
def test_too_many_logins_rest_for_a_while(mocked: responses.RequestsMock, way: str) -> None:
    mocked.post(TOKEN, status=400, json={"error": "invalid_grant", "error_description": "login rate exceeded"})

    found = Process(URL, WAYS[way]).deliver()

    assert isinstance(found, Hold)
    assert 900 == found.for_s


PAGE = b"<html><head><title>x</title></head><body>We are down for maintenance.</body></html>"
GOOD = {"access_token": "a session", "instance_url": URL}


@pytest.mark.parametrize("way", ["client_credentials", "refresh_token", "soap"])
@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, PAGE, Retry),
        (200, b"", Retry),
        (200, b"[]", Retry),
        (200, b'"a text"', Retry),
        (200, b'{"access_token": "a session"}', Retry),
        (200, b'{"access_token": 5, "instance_url": "https://acme.my.salesforce.com"}', Retry),
        (200, b'{"access_token": " ", "instance_url": "https://acme.my.salesforce.com"}', Retry),
        (200, b"\xff\xfe\x00", Retry),
        (500, PAGE, Retry),
        (502, b"", Retry),
        (503, b"\xff\xfe", Retry),
        (406, PAGE, Retry),
        (420, PAGE, Retry),
        (408, b"", Retry),
        (429, b"", Hold),
        (404, PAGE, Hold),
        (403, b"[]", Hold),
        (302, b"", Hold),
    ],
)
def test_an_answer_that_is_no_login_is_read_by_its_status(
    mocked: responses.RequestsMock, way: str, status: int, body: bytes, expected: type
) -> None:
    mocked.post(SOAP if way == "soap" else TOKEN, status=status, body=body)

    found = Process(URL, WAYS[way]).deliver()

    assert isinstance(found, expected), found
    assert str(status) in found.reason
    assert not getattr(found, "uncertain", False), "no record was on its way"
    assert 1 == len(mocked.calls)


@pytest.mark.parametrize("status", [200, 400, 403, 500, 503])
@pytest.mark.parametrize("shape", ["text", "oauth", "errors", "xml"])
@pytest.mark.parametrize("way", ECHOED)
def test_no_reason_has_a_credential_in_it_also_where_the_host_sends_back_what_it_was_sent(
    mocked: responses.RequestsMock, keys: tuple[str, str], way: str, shape: str, status: int
) -> None:
    given = json.loads(json.dumps(auth(way, keys)))
    for part in given.values():
        for name in part.keys() & {"password", "security_token", "consumer_secret", "refresh_token"}:
            part[name] = f"{name} {ODD}"
    seen: list[str] = []

    def echo(request: PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        body = request.body.decode() if isinstance(request.body, bytes) else str(request.body)
        start = max(body.find("<n1:username>"), 0)  # reasons are cut
        told = f"{request.headers.get('Authorization', '')} {body[start:]}"
        seen.append(told)
        answers = {
            "text": told,
            "oauth": json.dumps({"error": "invalid_grant", "error_description": told}),
            "errors": json.dumps([{"errorCode": "INVALID_LOGIN", "message": told}]),
            "xml": "<x xmlns:sf='y'><sf:exceptionCode>INVALID</sf:exceptionCode>"
            f"<sf:exceptionMessage><![CDATA[{told}]]></sf:exceptionMessage></x>",
        }
        return status, {}, answers[shape].encode()

    mocked.add_callback("POST", TOKEN, callback=echo)
    mocked.add_callback("POST", SOAP, callback=echo)

    found = Process(URL, given).deliver()

    assert isinstance(found, Hold | Retry), found
    assert 1 == len(seen)
    for word in ("p&ss", "p%26ss", "p&amp;ss", "rd \\\"'", base64.b64encode(b"sandbox-client:")[:-4].decode(), "eyJ"):
        assert word not in found.reason


def test_a_session_is_never_quoted_also_where_the_org_sends_it_back(mocked: responses.RequestsMock) -> None:
    mocked.post(TOKEN, json={**GOOD, "access_token": "00D!a session of ours"})

    def echo(request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        told = f"not with {request.headers['Authorization']}"
        return 400, {}, json.dumps([{"errorCode": "INVALID_FIELD", "message": told}])

    mocked.add_callback("POST", f"{URL}/services/data/v62.0/composite", callback=echo)

    found = Process(URL, WAYS["client_credentials"]).deliver()

    assert "HTTP 400: INVALID_FIELD: not with Bearer ***" == found.reason


def test_an_org_that_moved_is_followed(mocked: responses.RequestsMock) -> None:
    """As after a migration of its instance: the session ends, and the next login names another address."""
    old, new = "https://old.my.salesforce.com", "https://new.my.salesforce.com"
    mocked.post(TOKEN, json={"access_token": "the first", "instance_url": old})
    mocked.post(TOKEN, json={"access_token": "the second", "instance_url": new})
    ended = [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}]
    mocked.post(f"{old}/services/data/v62.0/composite", status=401, json=ended)
    made = {"id": "00Q7e000001WZ30EAG", "success": True, "errors": []}
    answer = {"compositeResponse": [{"referenceId": "person", "httpStatusCode": 201, "body": made}]}
    mocked.post(f"{new}/services/data/v62.0/composite", json=answer)
    process = Process(URL, WAYS["client_credentials"])

    found = [process.deliver(), process.deliver()]

    assert [Delivered("00Q7e000001WZ30EAG", f"{new}/00Q7e000001WZ30EAG")] * 2 == found
    hosts = [str(call.request.url).partition("/services")[0] for call in mocked.calls]
    assert [URL, old, URL, new, new] == hosts


@pytest.mark.parametrize(
    ("url", "audience"),
    [
        ("https://acme.my.salesforce.com", "https://login.salesforce.com"),
        ("https://login.salesforce.com", "https://login.salesforce.com"),
        ("https://test.salesforce.com", "https://test.salesforce.com"),
        ("https://acme--dev.sandbox.my.salesforce.com", "https://test.salesforce.com"),
    ],
)
def test_a_signed_assertion_names_the_login_host_and_is_sent_to_the_configured_one(
    mocked: responses.RequestsMock, keys: tuple[str, str], url: str, audience: str
) -> None:
    mocked.post(f"{url}/services/oauth2/token", status=400, json={"error": "invalid_grant"})

    Process(url, auth("jwt", keys)).deliver()

    sent = parse_qs(str(mocked.calls[0].request.body, "utf-8"))["assertion"][0]
    claims = json.loads(base64.urlsafe_b64decode(sent.split(".")[1] + "=="))
    assert (audience, "sandbox-client", USER) == (claims["aud"], claims["iss"], claims["sub"])
