"""The http connector's settings, as a file has them: what can never be delivered is refused at its line."""

from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.addresses import refusal
from bridge.model.wire import is_inside
from tests.connectors.files import SECRET, problems


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("nonsense", "https://host/path"),
        ("", "https://host/path"),
        ("${EMPTY}", "https://host/path"),
        ("$CRM_URL", "https://host/path"),
        ("htps://crm.example.com/", "https://host/path"),
        ("ftp://x/", "https://host/path"),
        ("//x.com", "https://host/path"),
        ("http://[::1", "https://host/path"),
        ("http://[fe80::1%25eth0]/", "https://host/path"),
        ("https://crm.example.com:99999/", "https://host/path"),
        ("https://crm.example.com:0/", "https://host/path"),
        ("https://crm..example.com/", "https://host/path"),
        (f"https://{'a' * 64}.example.com/", "https://host/path"),
        ("https://{{ account }}.example.com/", "https://host/path"),
        ("https://{{account}}.example.com/", "https://host/path"),
        (f"https://user:{SECRET}@host/", "move them to `auth`"),
        (f"user:{SECRET}@host", "https://host/path"),
    ],
)
@pytest.mark.parametrize("key", ["url", "probe"])
def test_a_url_that_leads_nowhere_is_refused_at_its_line(tmp_path: Path, key: str, url: str, hint: str) -> None:
    (problem,) = problems(tmp_path, **{key: url if key == "url" else {"url": url}})

    place = ("targets.t.settings.url", 7) if key == "url" else ("targets.t.settings.probe.url", 8)
    assert place == (problem.path, problem.line)
    assert hint in problem.hint
    assert SECRET not in str(problem)


@pytest.mark.parametrize(
    "url",
    [
        "https://crm.example.com",
        " https://crm.example.com/leads?key=1#x\n",
        "http://crm.example.com:8080/",
        "https://bü.example/",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/",
        "https://my_host.example/",
        "https://intranet/",
    ],
)
def test_any_other_url_may_be_one(tmp_path: Path, url: str) -> None:
    assert [] == problems(tmp_path, url=url, probe={"url": url})


@pytest.mark.parametrize(
    "host",
    ["10.0.0.5", "127.0.0.1:8080", "localhost", "LOCALHOST.", "a.localhost", "192.168.1.1", "169.254.169.254", "[::1]",
     "127.1", "127.0.0.1.", "0x7f.1", "2130706433", "[::ffff:10.0.0.1]", "[fe80::1]", "0.0.0.0"],
)  # fmt: skip
def test_an_address_where_nothing_is_delivered_needs_to_be_allowed(tmp_path: Path, host: str) -> None:
    url = f"http://{host}/"

    found = problems(tmp_path, url=url, probe={"url": url})

    assert ["targets.t.settings.url", "targets.t.settings.probe.url"] == [one.path for one in found]
    assert "set allow_private_addresses: true" in found[0].hint
    assert [] == problems(tmp_path, url=url, probe={"url": url}, allow_private_addresses=True)


@given(st.ip_addresses())
def test_whatever_is_inside_is_refused_by_the_door_too(address: Any) -> None:
    if is_inside(str(address)):
        assert refusal(str(address))


def test_the_usual_private_networks_are_inside() -> None:
    assert all(map(is_inside, ["10.1.2.3", "172.16.0.1", "192.168.0.1", "127.0.0.1", "fd00::1", "::1", "100.64.0.1"]))
    assert not is_inside(str(ip_address("93.184.216.34")))
    assert not is_inside("10.example.com")


@pytest.mark.parametrize(
    ("headers", "path", "message"),
    [
        ({"X Y": "a"}, "headers.X Y", "no header name may have"),
        ({"": "a"}, "headers.", "no header name may have"),
        ({"Ü": "a"}, "headers.Ü", "no header name may have"),
        ({"X": f"{SECRET}\r\nB: c"}, "headers.X", "line break"),
        ({"X": f"{SECRET}\0"}, "headers.X", "NUL"),
        ({"X": f"{SECRET}\x1b"}, "headers.X", "control character"),
        ({"X": f"{SECRET}€"}, "headers.X", "outside Latin-1"),
        ({"X": "${FILE}"}, "headers.X", "line break"),
        ({"Content-Length": "5"}, "headers.Content-Length", "is the bridge's to set"),
        ({"transfer-encoding": "chunked"}, "headers.transfer-encoding", "is the bridge's to set"),
    ],
)
def test_a_header_that_cannot_be_sent_is_refused_at_its_place(
    tmp_path: Path, headers: dict[str, str], path: str, message: str
) -> None:
    (problem,) = problems(tmp_path, headers=headers)

    assert (f"targets.t.settings.{path}", 8) == (problem.path, problem.line)
    assert message in problem.message
    assert SECRET not in str(problem)


def test_the_excerpt_shows_what_is_wrong_with_a_headers_name(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, headers={"X Y": SECRET})

    assert '      headers: {"X Y": *********}' == problem.excerpt


@pytest.mark.parametrize(
    ("auth", "path", "message"),
    [
        ({"bearer": ""}, "bearer", "this is empty"),
        ({"bearer": "${EMPTY}"}, "bearer", "this is empty"),
        ({"bearer": f"{SECRET}\n"}, "bearer", "line break"),
        ({"bearer": "${FILE}"}, "bearer", "line break"),
        ({"bearer": f"Bearer {SECRET}"}, "bearer", "white space"),
        ({"bearer": f"{SECRET}€"}, "bearer", "outside Latin-1"),
        ({"basic": {"username": "a:b", "password": SECRET}}, "basic.username", "a colon"),
        ({"basic": {"username": "a", "password": "${FILE}"}}, "basic.password", "line break"),
        ({"basic": {"username": "a", "password": "${BYTES}"}}, "basic.password", "no UTF-8 text"),
        ({"basic": {"username": "", "password": ""}}, "basic.username", "are empty"),
        ({"header": {"name": "X Key", "value": SECRET}}, "header.name", "no header name may have"),
        ({"header": {"name": "X-Key", "value": "${FILE}"}}, "header.value", "line break"),
        ({"header": {"name": "X-Key", "value": ""}}, "header.value", "this is empty"),
    ],
)
def test_credentials_that_cannot_be_sent_are_refused_and_not_shown(
    tmp_path: Path, auth: dict[str, Any], path: str, message: str
) -> None:
    (problem,) = problems(tmp_path, auth=auth)

    assert (f"targets.t.settings.auth.{path}", 8) == (problem.path, problem.line)
    assert message in problem.message
    assert problem.hint
    assert SECRET not in str(problem)


@pytest.mark.parametrize(
    "auth",
    [
        {"bearer": "a.b-c_d~e+f/g="},
        {"basic": {"username": "key", "password": ""}},
        {"basic": {"username": "ü", "password": "pass: word €"}},
        {"header": {"name": "X-Api-Key", "value": "a b"}},
    ],
)
def test_credentials_that_can_be_sent_are_taken(tmp_path: Path, auth: dict[str, Any]) -> None:
    assert [] == problems(tmp_path, auth=auth)


@pytest.mark.parametrize("settings", [{"url": "https://h/{{ id }}"}, {"headers": {"X-A": "{{ email }}"}}])
def test_nothing_else_is_a_template_either(tmp_path: Path, settings: dict[str, Any]) -> None:
    (problem,) = problems(tmp_path, **settings)

    assert "settings are constants" in problem.message


def test_all_that_is_wrong_with_a_target_is_told_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path, url="nonsense", headers={"X Y": "a", "Z": "€"}, auth={"bearer": ""}, probe={"url": ""}, methd="POST"
    )

    assert ["url", "headers.X Y", "headers.Z", "auth.bearer", "probe.url", "methd"] == [
        one.path.removeprefix("targets.t.settings.") for one in found
    ]
