"""Each way to log in, with the real client; and how sessions and refresh tokens end."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from simple_salesforce import Salesforce, SalesforceLogin
from simple_salesforce.exceptions import SalesforceAuthenticationFailed, SalesforceExpiredSession

from bridge.sandbox.salesforce.org import Org

CLIENT = {"consumer_key": "sandbox-client", "consumer_secret": "sandbox-secret"}
USER = {"username": "integration@sandbox.example", "password": "sandbox-password"}


def pem(key: rsa.RSAPrivateKey) -> tuple[str, str]:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


@pytest.fixture(scope="module")
def keys() -> tuple[str, str]:
    return pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))


@pytest.mark.parametrize(
    "options",
    [
        {**CLIENT, "domain": "acme.my"},
        {**CLIENT, **USER, "password": "sandbox-passwordsandbox-token"},
        {**USER, "security_token": "sandbox-token"},
        {**USER, "organizationId": "00D5e0000000001EAA"},
    ],
    ids=["client-credentials", "password", "soap", "soap-by-range"],
)
def test_the_real_client_logs_in_and_writes(org: Org, session: requests.Session, options: dict[str, str]) -> None:
    client = Salesforce(session=session, **options)

    client.Lead.create({"LastName": "Lovelace", "Company": "Analytical"})

    assert ["Lovelace"] == [lead["LastName"] for lead in org.records("Lead")]
    assert [("login", 0), ("create", 1)] == [(call.kind, call.cost) for call in org.calls]
    assert org.url.removeprefix("http://") == client.sf_instance


def test_a_signed_assertion_logs_in(org: Org, session: requests.Session, keys: tuple[str, str]) -> None:
    org.change(jwt_public_key=keys[1])

    client = Salesforce(session=session, username=USER["username"], consumer_key="sandbox-client", privatekey=keys[0])

    assert 1 == client.query("SELECT Id FROM Organization")["totalSize"]


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({}, "invalid_grant", "invalid assertion"),
        ({"aud": "https://example.com"}, "invalid_grant", "audience is invalid"),
        ({"exp": 1}, "invalid_grant", "expired authorization code"),
        ({"iss": "other"}, "invalid_client_id", "client identifier invalid"),
        ({"sub": "eve@example.com"}, "invalid_grant", "user hasn't approved this consumer"),
    ],
)
def test_an_assertion_that_is_wrong_is_refused(
    org: Org, keys: tuple[str, str], change: dict[str, Any], code: str, text: str
) -> None:
    org.change(jwt_public_key=keys[1])
    other, _ = pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)) if not change else keys
    claims = {"iss": "sandbox-client", "sub": USER["username"], "aud": "https://login.salesforce.com"}
    signed = jwt.encode({**claims, "exp": int(time.time()) + 100, **change}, other, algorithm="RS256")
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": signed}

    answer = requests.post(f"{org.url}/services/oauth2/token", form, timeout=10)

    assert (400, {"error": code, "error_description": text}) == (answer.status_code, answer.json())


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        ({**CLIENT, "domain": "acme.my", "consumer_key": "x"}, "invalid_client_id", "client identifier invalid"),
        ({**CLIENT, "domain": "acme.my", "consumer_secret": "x"}, "invalid_client", "invalid client credentials"),
        ({**CLIENT, **USER, "password": "x"}, "invalid_grant", "authentication failure"),
        ({**USER, "security_token": "x"}, "INVALID_LOGIN", "Invalid username, password, security token"),
        ({**USER}, "LOGIN_MUST_USE_SECURITY_TOKEN", "Are you at a new location?"),
        ({**USER, "security_token": "sandbox-token", "version": "65.0"}, "UNSUPPORTED_API_VERSION", "65.0"),
    ],
)
def test_a_login_that_is_wrong_is_refused(
    session: requests.Session, options: dict[str, str], code: str, text: str
) -> None:

    version = options.pop("version", "59.0")
    with pytest.raises(SalesforceAuthenticationFailed) as failed:
        SalesforceLogin(session=session, sf_version=version, **options)

    assert code == failed.value.code
    assert text in str(failed.value)


def test_a_grant_that_the_org_does_not_allow(org: Org, session: requests.Session) -> None:
    org.change(grants=["jwt"])

    with pytest.raises(SalesforceAuthenticationFailed, match="no client credentials user enabled"):
        Salesforce(session=session, **CLIENT, domain="acme.my")


def token(org: Org, **form: str) -> tuple[int, dict[str, str]]:
    body = {"client_id": "sandbox-client", "client_secret": "sandbox-secret", **form}
    answer = requests.post(f"{org.url}/services/oauth2/token", body, timeout=10)
    return answer.status_code, answer.json()


def test_the_answer_with_a_token(org: Org) -> None:
    status, answer = token(org, grant_type="client_credentials")

    assert 200 == status
    assert {"access_token", "instance_url", "id", "token_type", "issued_at", "signature", "scope"} == answer.keys()
    assert ("Bearer", org.url) == (answer["token_type"], answer["instance_url"])
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    assert USER["username"] == requests.get(answer["id"], headers=bearer, timeout=10).json()["username"]
    info = requests.get(f"{org.url}/services/oauth2/userinfo", headers=bearer, timeout=10).json()
    assert "00D5e0000000001EAA" == info["organization_id"]


def test_a_refresh_token_stays_good_where_it_does_not_rotate(org: Org) -> None:
    answers = [token(org, grant_type="refresh_token", refresh_token="sandbox-refresh") for _ in range(2)]

    assert [200, 200] == [status for status, _ in answers]
    assert "refresh_token" not in answers[0][1]


def test_a_rotated_refresh_token_is_good_once_and_a_second_use_revokes_the_grant(org: Org) -> None:
    org.change(rotate_refresh_tokens=True)

    _, first = token(org, grant_type="refresh_token", refresh_token="sandbox-refresh")
    _, second = token(org, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert second["refresh_token"] != first["refresh_token"]

    gone = (400, {"error": "invalid_grant", "error_description": "expired access/refresh token"})
    assert gone == token(org, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert gone == token(org, grant_type="refresh_token", refresh_token=second["refresh_token"])


def test_two_refreshes_at_once(org: Org) -> None:
    org.fault(match={"path": "/services/oauth2/token"}, latency_s=1)

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(token, org, grant_type="refresh_token", refresh_token="sandbox-refresh")
        assert org.wait_for(lambda: len(org.calls) == 1, 10)
        status, refused = token(org, grant_type="refresh_token", refresh_token="sandbox-refresh")

    assert (400, "token request is already being processed") == (status, refused["error_description"])
    assert 200 == slow.result()[0]
    assert 200 == token(org, grant_type="refresh_token", refresh_token="sandbox-refresh")[0]


def test_grants_that_are_none(org: Org) -> None:
    assert (400, "unsupported_grant_type") == (token(org)[0], token(org)[1]["error"])
    assert (400, "unsupported_grant_type") == (token(org, grant_type="x")[0], token(org, grant_type="x")[1]["error"])


def test_a_session_ends_after_its_calls_and_the_client_logs_in_again(org: Org, session: requests.Session) -> None:
    org.change(session_calls=2)
    client = Salesforce(session=session, **CLIENT, domain="acme.my")

    for _ in range(3):
        client.query("SELECT Id FROM Lead")

    assert ["login", "query", "query", "refused", "login", "query"] == [call.kind for call in org.calls]
    assert 3 == org.cost


@pytest.mark.parametrize("end", [lambda org: org.end_sessions(), lambda org: org.change(session_s=0)])
def test_sessions_end_on_command_and_by_time(
    org: Org, connect: Callable[..., Salesforce], end: Callable[[Org], None]
) -> None:
    org.change(session_s=0.000001)
    _, answer = token(org, grant_type="client_credentials")
    end(org)

    with pytest.raises(SalesforceExpiredSession) as expired:
        connect(session_id=answer["access_token"]).limits()

    assert [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}] == expired.value.content


def test_the_given_session_ends_on_command_only(
    org: Org, client: Salesforce, connect: Callable[..., Salesforce]
) -> None:
    org.change(session_s=0, session_calls=0)
    client.limits()
    assert "ok" == requests.post(f"{org.url}/_/expire", timeout=10).json()["status"]

    with pytest.raises(SalesforceExpiredSession):
        client.limits()
    org.change(access_token="another")
    assert connect(session_id="another").limits()


def test_who_brings_no_session_is_told_so(org: Org) -> None:
    answer = requests.get(f"{org.url}/services/data/v59.0/limits", timeout=10)

    assert (401, [{"message": "INVALID_HEADER_TYPE", "errorCode": "INVALID_AUTH_HEADER"}]) == (
        answer.status_code,
        answer.json(),
    )
