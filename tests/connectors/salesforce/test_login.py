"""Login: in each of the ways that Salesforce has; once, however many need it; and no credential in any reason."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bridge.connector import Delivered, Hold, Usable
from bridge.model.rules import TargetRule
from bridge.sandbox.salesforce.org import Org
from bridge.store import targets as rows
from bridge.store.database import Database
from connectors.salesforce.login import SOAP_WARNING
from tests.connectors.salesforce.logins import USER, WAYS, Process, auth
from tests.connectors.salesforce.orgs import alive


@pytest.fixture
def org(keys: tuple[str, str]) -> Iterator[Org]:
    with Org(jwt_public_key=keys[1]) as org:
        yield org


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


def test_a_login_has_the_attempts_deadline_not_its_own(org: Org) -> None:
    org.fault(match={"path": "/services/oauth2/token"}, hang=True)
    process = Process(org.url, WAYS["client_credentials"])
    process.door = replace(process.door, timeout_s=0.4)

    with pytest.raises(Exception, match="no access token: timeout after 0"):
        process.deliver()
