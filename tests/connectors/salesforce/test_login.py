"""Login: in each of the ways that Salesforce has; once, however many need it; and no credential in any reason."""

import base64
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs

import pytest
import responses
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from requests import PreparedRequest

from bridge.connector import Delivered, Hold, Plan, Record, Retry, Usable
from bridge.engine.shares import Shares
from bridge.engine.tokens import Tokens
from bridge.errors import CallEnded
from bridge.model.rules import TargetRule
from bridge.outbound import Door
from bridge.sandbox.salesforce.org import Org
from bridge.store import targets as rows
from bridge.store.codec import Codec
from bridge.store.database import Database
from bridge.testing.parts import CLOCK
from bridge.testing.settings import read_settings
from connectors.salesforce import Salesforce, SalesforceSettings
from connectors.salesforce.login import SOAP_WARNING
from tests.connectors.salesforce.orgs import Warned, alive

USER = "integration@sandbox.example"
WAYS: Mapping[str, Any] = {
    "client_credentials": {
        "client_credentials": {"consumer_key": "sandbox-client", "consumer_secret": "sandbox-secret"}
    },
    "jwt": {"jwt": {"consumer_key": "sandbox-client", "username": USER, "private_key": "…"}},
    "refresh_token": {"refresh_token": {"consumer_key": "sandbox-client", "refresh_token": "sandbox-refresh"}},
    "refresh_token_secret": {
        "refresh_token": {
            "consumer_key": "sandbox-client",
            "consumer_secret": "sandbox-secret",
            "refresh_token": "sandbox-refresh",
        }
    },
    "soap": {"password": {"username": USER, "password": "sandbox-password", "security_token": "sandbox-token"}},
    "password": {
        "password": {
            "username": USER,
            "password": "sandbox-password",
            "security_token": "sandbox-token",
            "consumer_key": "sandbox-client",
            "consumer_secret": "sandbox-secret",
        }
    },
    "given": {"access_token": "00Dsandbox!given"},
}


@pytest.fixture(scope="module")
def keys() -> tuple[str, str]:
    """A private key and its public one, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain).decode()
    return private, key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture
def org(keys: tuple[str, str]) -> Iterator[Org]:
    with Org(jwt_public_key=keys[1]) as org:
        yield org


def auth(way: str, keys: tuple[str, str]) -> Any:
    return {"jwt": {**WAYS["jwt"]["jwt"], "private_key": keys[0]}} if way == "jwt" else WAYS[way]


@dataclass
class Process:
    """A bridge's process: its connector, and what its calls share."""

    url: str
    auth: Any
    database: Database | None = None

    def __post_init__(self) -> None:
        given = {"url": self.url, "auth": self.auth, "allow_private_addresses": True}
        settings = read_settings(SalesforceSettings, given)
        self.connector = Salesforce(settings)
        self.warned: list[str] = []
        shared: Any = Warned(self.warned)
        if self.database:
            tokens = Tokens(self.database, "crm", settings, salt=b"salt", codec=Codec(), clock=CLOCK)
            shared = Shares("crm", None, tokens, clock=CLOCK)
        self.door = Door(timeout_s=20, allow_private_addresses=True, shared=shared)

    def probe(self) -> Any:
        try:
            return self.connector.probe(self.door.call())
        except CallEnded as ended:  # as the bridge does
            return ended.outcome

    def deliver(self, number: int = 1) -> Any:
        record = Record("person", "Lead", f"key-{number}", {"LastName": f"Visitor {number}", "Company": "x"}, "k")
        try:
            return self.connector.deliver_batch([Plan(number, [record])], self.door.call())[0][0]
        except CallEnded as ended:
            return ended.outcome


@pytest.fixture
def known(database: Database) -> Database:
    with database.write() as connection:
        rows.register(connection, [TargetRule("crm", "salesforce")])
    return database


def logins(org: Org) -> list[str]:
    return [call.path for call in org.calls if call.kind == "login"]


def refreshed_with(org: Org) -> list[str]:
    """The refresh tokens that were used, in order."""
    return [parse_qs(call.body)["refresh_token"][0] for call in org.calls if call.kind == "login"]


# the ways


@pytest.mark.parametrize("way", WAYS)
def test_each_way_leads_in(org: Org, keys: tuple[str, str], way: str) -> None:
    process = Process(org.url, auth(way, keys))

    found = process.probe()

    (organization,) = org.records("Organization")
    assert organization["Id"] == found.account
    path = {"soap": ["/services/Soap/u/62.0"], "given": []}.get(way, ["/services/oauth2/token"])
    assert path == logins(org)
    assert [SOAP_WARNING] * (way == "soap") == process.warned
    assert (SOAP_WARNING in found.note) is (way == "soap")


@pytest.mark.parametrize("way", [way for way in WAYS if way != "given"])
def test_a_session_that_ended_is_renewed_and_the_lead_delivered(org: Org, keys: tuple[str, str], way: str) -> None:
    process = Process(org.url, auth(way, keys))
    process.probe()
    org.end_sessions()

    assert isinstance(process.deliver(), Delivered)
    assert 2 == len(logins(org))
    assert 1 == len(alive(org, "Lead"))


def test_a_given_session_that_ended_holds_the_target_and_says_what_to_do(org: Org) -> None:
    process = Process(org.url, WAYS["given"])
    assert isinstance(process.probe(), Usable)
    org.end_sessions()

    found = process.deliver()

    assert Hold("the given access_token is no longer good: log in with client_credentials instead") == found
    assert [] == logins(org)


def test_a_key_in_which_line_ends_are_spelled_is_read(org: Org, keys: tuple[str, str]) -> None:
    """As variables of hosts hold them."""
    spelled = {"jwt": {**WAYS["jwt"]["jwt"], "private_key": keys[0].replace("\n", "\\n")}}

    assert isinstance(Process(org.url, spelled).probe(), Usable)


def test_a_key_that_is_none_is_told_and_sends_nothing(org: Org, keys: tuple[str, str]) -> None:
    broken = keys[0].replace(keys[0][100:140], "")

    found = Process(org.url, {"jwt": {**WAYS["jwt"]["jwt"], "private_key": broken}}).probe()

    assert isinstance(found, Hold)
    assert "the private_key cannot be used" in found.reason
    assert keys[0][200:230] not in found.reason
    assert [] == org.calls


def test_somebody_elses_key_is_refused(org: Org) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()

    found = Process(org.url, {"jwt": {**WAYS["jwt"]["jwt"], "private_key": text}}).deliver()

    assert Hold("login refused: invalid_grant: invalid assertion") == found


# once for all


@pytest.mark.parametrize("way", ["client_credentials", "refresh_token"])
def test_threads_and_processes_that_meet_an_ended_session_log_in_once(org: Org, known: Database, way: str) -> None:
    org.change(rotate_refresh_tokens=True)
    processes = [Process(org.url, WAYS[way], known) for _ in range(2)]
    for process in processes:
        assert isinstance(process.probe(), Usable)
    assert 1 == len(logins(org))
    org.end_sessions()

    with ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(processes[number % 2].deliver, number) for number in range(12)]
        found = {type(one.result(timeout=60)) for one in asked}

    assert {Delivered} == found
    assert 12 == len(alive(org, "Lead"))
    assert 2 == len(logins(org))


def test_a_rotated_refresh_token_is_used_once_also_after_a_restart(org: Org, known: Database) -> None:
    org.change(rotate_refresh_tokens=True)
    for _ in range(3):
        process = Process(org.url, WAYS["refresh_token"], known)  # as after a restart
        assert isinstance(process.probe(), Usable)
        org.end_sessions()
        assert isinstance(process.deliver(), Delivered)

    used = refreshed_with(org)
    assert ("sandbox-refresh", len(used)) == (used[0], len(set(used)))
    assert 4 == len(used), "one for the start, and one for each session that ended"


def test_a_grant_that_is_refused_holds_the_target_and_asks_for_nothing_more(org: Org, known: Database) -> None:
    """One client sent 1,600 rejected logins in 38 minutes."""
    org.change(refresh_token="another")
    process = Process(org.url, WAYS["refresh_token"], known)

    found = process.deliver()

    assert Hold("login refused: invalid_grant: expired access/refresh token") == found
    assert 1 == len(org.calls)


@pytest.mark.parametrize(
    ("changed", "way", "told"),
    [
        ({"client_secret": "x"}, "client_credentials", "invalid_client: invalid client credentials"),
        ({"client_id": "x"}, "client_credentials", "invalid_client_id: client identifier invalid"),
        ({"grants": []}, "client_credentials", "invalid_grant: no client credentials user enabled"),
        ({"username": "x"}, "jwt", "invalid_grant: user hasn't approved this consumer"),
        ({"password": "x"}, "password", "invalid_grant: authentication failure"),
        ({"password": "x"}, "soap", "INVALID_LOGIN: Invalid username, password, security token"),
        ({"grants": []}, "soap", "UNSUPPORTED_API_VERSION: SOAP API login() is not available"),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")  # simple-salesforce explains a refusal of a JWT
def test_each_refusal_is_the_accounts_fault_in_the_orgs_words(
    org: Org, keys: tuple[str, str], changed: dict[str, Any], way: str, told: str
) -> None:
    org.change(**changed)

    found = Process(org.url, auth(way, keys)).deliver()

    assert isinstance(found, Hold), found
    assert found.reason.startswith(f"login refused: {told}")
    assert ["login"] == [call.kind for call in org.calls]


def test_a_password_without_its_token_is_told_from_a_wrong_one(org: Org) -> None:
    """The sandbox wants the token; so does an org that does not know our address."""
    without = {"password": {"username": USER, "password": "sandbox-password"}}

    found = Process(org.url, without).deliver()

    assert isinstance(found, Hold)
    assert found.reason.startswith("login refused: LOGIN_MUST_USE_SECURITY_TOKEN")


# what a login host may say

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


def test_a_login_has_the_attempts_deadline_not_its_own(org: Org) -> None:
    org.fault(match={"path": "/services/oauth2/token"}, hang=True)
    process = Process(org.url, WAYS["client_credentials"])
    process.door = replace(process.door, timeout_s=0.4)

    with pytest.raises(Exception, match="no access token: timeout after 0"):
        process.deliver()
