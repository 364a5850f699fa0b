"""Settings: each mistake is told at its line of the configuration, with what to write instead."""

import json
from pathlib import Path
from typing import Any

import pytest

from bridge.config.load import load
from bridge.errors import ConfigError
from connectors.salesforce import Salesforce

URL = "https://acme.my.salesforce.com"
APP = {"consumer_key": "a key", "consumer_secret": "a secret of ours"}
CLIENT = {"client_credentials": APP}
USER = {"username": "bridge@acme.example", "password": "a password of ours"}
PEM = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"
GOOD = {"url": URL, "auth": CLIENT}

EMPTY = "this is empty (set the variable that it comes from)"
BEGIN = "-----BEGIN PRIVATE KEY-----"
NO_PEM = f"this is no unencrypted private key in PEM form (it begins with {BEGIN}; write file:/path/to/it)"
NO_FORM = "this has none of the forms that are known here (write one of: "
WAYS = "access_token, client_credentials, jwt, password, refresh_token)"
NO_VERSION = 'this is no version of the API from 46.0 on (such as "62.0")'
NO_SOAP = "the API has no password login from 65.0 on (write 64.0, or better: use client_credentials)"
NO_MAPPING = "this must be a mapping (write key: value lines under it, a space after each colon)"
NO_RULE = "this is no id of an assignment rule (true, false or 01Q…)"
NO_NAMES = "these are no names of an object and a field (API names, such as Lead: Chat_Key__c)"
OWN_FIELD = "our key needs a custom field of its own (make a text field that is unique and an external id, and name it"
TOGETHER = "consumer_key and consumer_secret go together (add {}, or leave both out)"
NO_PAGES = "this is the address of the pages, not of the API (write https://{}.my.salesforce.com)"
ALONE = f"there is more than an address here (write the org's address alone: {URL})"
OWN_ADDRESS = "this login needs the org's own address (write the org's own address: Setup, My Domain)"
LOGIN = "https://login.salesforce.com"


def told(folder: Path, settings: dict[str, Any]) -> list[str]:
    """What a person reads, without the excerpt: path, message and hint; each with its line."""
    lines = json.dumps(settings, indent=1, ensure_ascii=False).splitlines()
    text = "\n".join(f"   {line}" for line in lines)
    path = folder / "bridge.yaml"
    path.write_text(
        "version: 1\nsources: {main: {signing_keys: [a long signing key]}}\n"
        f"targets:\n crm:\n  connector: salesforce\n  settings:\n{text}\n"
    )
    try:
        load(path, environment={}, connectors={"salesforce": Salesforce})
    except ConfigError as error:
        told = []
        for problem in error.problems:
            assert "of ours" not in str(problem), "an excerpt shows a secret"
            assert problem.line >= 6, problem
            told.append(f"{problem.path.removeprefix('targets.crm.settings')}: {problem.message} ({problem.hint})")
        return told
    return []


@pytest.mark.parametrize(
    "settings",
    [
        GOOD,
        GOOD | {"url": f"{URL}/"},
        GOOD | {"url": "https://acme--dev.sandbox.my.salesforce.com"},
        GOOD | {"api_version": 62.0},
        GOOD | {"api_version": 62},
        GOOD | {"api_version": "68.0", "assignment": False},
        GOOD | {"assignment": "01Q5e0000000001", "external_ids": {"Lead": "Chat_Key__c", "Event": "ns__Key__c"}},
        GOOD | {"assignment": "01Q5e0000000001EAA", "on_multiple": "reject", "duplicates": "save"},
        GOOD | {"auth": {"access_token": "a session of ours"}},
        GOOD | {"auth": {"password": USER | {"security_token": "of ours"}}, "api_version": "64.0"},
        GOOD | {"auth": {"password": USER | APP}, "api_version": "65.0"},
        {"url": LOGIN, "auth": {"password": USER}},
        {"url": LOGIN, "auth": {"jwt": {"consumer_key": "k", "username": "u", "private_key": PEM}}},
        {"url": "https://test.salesforce.com", "auth": {"refresh_token": {"consumer_key": "k", "refresh_token": "r"}}},
        {"url": "http://127.0.0.1:8090", "auth": CLIENT, "allow_private_addresses": True},
    ],
    ids=lambda value: json.dumps(value)[:60],
)
def test_good_ones_are_taken(tmp_path: Path, settings: dict[str, Any]) -> None:
    assert [] == told(tmp_path, settings)


def auth(**way: Any) -> dict[str, Any]:
    return GOOD | {"auth": way}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"auth": CLIENT}, [".url: 'url' is missing (add url: … here)"]),
        ({"url": URL}, [".auth: 'auth' is missing (add auth: … here)"]),
        # where the org is
        (GOOD | {"url": f"{URL}/services/data/v62.0"}, [f".url: {ALONE}"]),
        (GOOD | {"url": f"{URL}?un=x"}, [f".url: {ALONE}"]),
        (GOOD | {"url": f"{URL}#x"}, [f".url: {ALONE}"]),
        (GOOD | {"url": "https://acme.lightning.force.com"}, [f".url: {NO_PAGES.format('acme')}"]),
        (GOOD | {"url": "https://acme.lightning.force.com/lightning/page/home"}, [f".url: {NO_PAGES.format('acme')}"]),
        (
            GOOD | {"url": "https://acme--dev.sandbox.lightning.force.com"},
            [f".url: {NO_PAGES.format('acme--dev.sandbox')}"],
        ),
        (GOOD | {"url": "https://acme.my.salesforce-setup.com/lightning/setup"}, [f".url: {NO_PAGES.format('acme')}"]),
        (
            GOOD | {"url": "http://acme.my.salesforce.com"},
            [".url: this is not https: credentials would go unencrypted (write https://)"],
        ),
        (GOOD | {"url": LOGIN}, [f".url: {OWN_ADDRESS}"]),
        ({"url": LOGIN, "auth": {"access_token": "a session of ours"}}, [f".url: {OWN_ADDRESS}"]),
        (
            GOOD | {"url": "acme.my.salesforce.com"},
            [".url: this must begin with https:// or http:// and name a host (such as https://host/path)"],
        ),
        # how to log in
        (
            auth(client_credentials={"consumer_key": "", "consumer_secret": ""}),
            [f".auth.client_credentials.{name}: {EMPTY}" for name in ("consumer_key", "consumer_secret")],
        ),
        (
            auth(client_credentials=APP | {"consumer_secret": " "}),
            [f".auth.client_credentials.consumer_secret: {EMPTY}"],
        ),
        (
            auth(client_credential=APP),
            [".auth.client_credential: unknown key 'client_credential' (did you mean 'client_credentials'?)"],
        ),
        (auth(**APP), [f".auth: {NO_FORM}{WAYS}"]),
        (GOOD | {"auth": {}}, [f".auth: {NO_FORM}{WAYS}"]),
        (
            auth(client_credentials=APP, access_token="a session of ours"),
            [".auth.access_token: 'access_token' cannot stand beside the other keys here (keep one form)"],
        ),
        (
            auth(client_credentials=APP, password=USER),
            [".auth.password: 'password' cannot stand beside the other keys here (keep one form)"],
        ),
        (
            auth(jwt={"consumer_key": "k", "username": "", "private_key": ""}),
            [f".auth.jwt.username: {EMPTY}", f".auth.jwt.private_key: {EMPTY}"],
        ),
        *(
            (
                auth(jwt={"consumer_key": "k", "username": "u", "private_key": text}),
                [f".auth.jwt.private_key: {NO_PEM}"],
            )
            for text in ("server.key", PEM.replace("PRIVATE", "PUBLIC"), PEM.replace("PRIVATE", "ENCRYPTED PRIVATE"))
        ),
        (auth(access_token=" "), [f".auth.access_token: {EMPTY}"]),
        (
            auth(refresh_token={"consumer_key": "k", "refresh_token": "", "consumer_secret": ""}),
            [f".auth.refresh_token.{name}: {EMPTY}" for name in ("refresh_token", "consumer_secret")],
        ),
        (
            auth(refresh_token="a token of ours"),
            [f".auth.refresh_token: {NO_MAPPING}"],
        ),
        (auth(password=USER | {"consumer_key": "k"}), [f".auth.password: {TOGETHER.format('consumer_secret')}"]),
        (auth(password=USER | {"consumer_secret": "k"}), [f".auth.password: {TOGETHER.format('consumer_key')}"]),
        (
            auth(password={"username": "", "password": ""}),
            [f".auth.password.{name}: {EMPTY}" for name in ("username", "password")],
        ),
        # versions, names, ids
        *(
            (GOOD | {"api_version": text}, [f".api_version: {NO_VERSION}"])
            for text in ("v62.0", "45.0", "62", "", "latest")
        ),
        (
            auth(password=USER) | {"api_version": "65.0"},
            [f".api_version: {NO_SOAP}"],
        ),
        (GOOD | {"external_ids": {"Lead": "Chat Key"}}, [f".external_ids.Lead: {NO_NAMES}"]),
        (GOOD | {"external_ids": {"Lead": ""}}, [f".external_ids.Lead: {NO_NAMES}"]),
        (GOOD | {"external_ids": {"Lead/x": "A__c"}}, [f".external_ids.Lead/x: {NO_NAMES}"]),
        (GOOD | {"external_ids": {"Lead": "Id"}}, [f".external_ids.Lead: {OWN_FIELD} here)"]),
        (GOOD | {"external_ids": {"Lead": "Email"}}, [f".external_ids.Lead: {OWN_FIELD} here)"]),
        *((GOOD | {"assignment": text}, [f".assignment: {NO_RULE}"]) for text in ("01Q", "00Q5e0000000001", "yes", "")),
        (GOOD | {"duplicates": "Link"}, [".duplicates: this must be link, save or fail (did you mean 'link'?)"]),
        (GOOD | {"on_multiple": "oldest"}, [".on_multiple: this must be newest or reject ()"]),
        (GOOD | {"external_id": {}}, [".external_id: unknown key 'external_id' (did you mean 'external_ids'?)"]),
    ],
    ids=lambda value: json.dumps(value)[:90],
)
def test_a_mistake_is_told_at_its_place(tmp_path: Path, settings: dict[str, Any], expected: list[str]) -> None:
    assert expected == told(tmp_path, settings)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    wrong = {"url": f"{URL}/x", "api_version": "1", "assignment": "x", "external_ids": {"Lead": "x y"}}

    found = told(tmp_path, GOOD | wrong)

    assert [".url", ".api_version", ".assignment", ".external_ids.Lead"] == [text.partition(":")[0] for text in found]


def test_what_is_known_is_named_where_a_key_is_of_another_client(tmp_path: Path) -> None:
    found = told(tmp_path, GOOD | {"domain": "acme", "instance_url": URL, "sandbox": True})

    assert [".domain", ".instance_url", ".sandbox"] == [text.partition(":")[0] for text in found]
    assert all("known here: allow_private_addresses, api_version, assignment, auth" in text for text in found)
