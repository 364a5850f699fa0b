"""The door as an attacker tries it: odd spellings, names that lie or change, redirects to the inside.

The world is faked, not the bridge: a DNS, and routes on which a public address is a server on loopback.
"""

import socket
from contextlib import nullcontext
from ipaddress import IPv4Address
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.core.addresses import refusal
from bridge.errors import CallFailed
from bridge.outbound import Door
from bridge.sandbox.inbox import Inbox
from tests.core.test_addresses import REFUSED

PUBLIC, OTHER = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"


class World:
    """A DNS whose answers for a name may change with each question, and routes to one server."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connect = socket.socket.connect
        self._ask = socket.getaddrinfo
        self.answers: list[list[str]] = []  # one after the other; the last stays
        self.asked: list[str] = []
        self.dialled: list[str] = []

    def getaddrinfo(self, host: str, port: int, **more: Any) -> list[Any]:
        self.asked.append(host)
        if not self.answers:
            return self._ask(host, port, **more)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [entry for address in found for entry in self._ask(address, port, **more)]

    def connect(self, sock: socket.socket, address: Any) -> None:
        self.dialled.append(address[0])
        if address[0] not in (PUBLIC, OTHER):
            raise AssertionError(f"{address} was dialled")
        self._connect(sock, ("127.0.0.1", self._port))


@pytest.fixture
def world(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> World:
    found = World(int(inbox.url.rpartition(":")[2]))
    monkeypatch.setattr(socket, "getaddrinfo", found.getaddrinfo)
    monkeypatch.setattr(socket.socket, "connect", lambda sock, address: found.connect(sock, address))
    return found


def refused(url: str, door: Door | None = None) -> str:
    call = (door or Door()).call(5.0)
    with pytest.raises(CallFailed) as caught:
        call.http.request("POST", url, json={})
    assert (False, False) == (caught.value.uncertain, call.sent)
    return caught.value.reason


# names


def test_the_vetted_address_itself_is_dialled_whatever_the_name_means_a_moment_later(world: World) -> None:
    world.answers = [[PUBLIC], ["127.0.0.1"]]

    assert 200 == Door().call().http.request("POST", "http://crm.example/", json={}).status
    assert (["crm.example"], [PUBLIC]) == (world.asked, world.dialled)


def test_a_name_that_has_moved_inside_is_refused_when_a_new_connection_is_needed(world: World, inbox: Inbox) -> None:
    world.answers = [[PUBLIC], ["169.254.169.254"]]
    now_s = [0.0]
    door = Door(clock=lambda: now_s[0])
    door.call().http.request("POST", "http://crm.example/", json={})
    now_s[0] += 1000  # the kept connection is too old

    assert "address 169.254.169.254 is refused (cloud metadata)" in refused("http://crm.example/", door)
    assert ([PUBLIC], 1) == (world.dialled, len(inbox.rows()))


def test_a_kept_connection_goes_on_to_where_it_was_vetted(world: World) -> None:
    world.answers = [[PUBLIC], ["127.0.0.1"]]
    door = Door()

    for _ in range(3):
        door.call().http.request("POST", "http://crm.example/", json={})

    assert (["crm.example"], [PUBLIC]) == (world.asked, world.dialled)


@pytest.mark.parametrize("answer", [[PUBLIC, "10.0.0.1"], ["10.0.0.1", PUBLIC], [OTHER, PUBLIC, "::ffff:10.0.0.1"]])
def test_a_name_with_one_address_inside_is_refused_whole(world: World, answer: list[str]) -> None:
    world.answers = [answer]

    assert "10.0.0.1 is refused (private)" in refused("http://crm.example/")
    assert [] == world.dialled


@pytest.mark.parametrize(
    ("address", "why"), [row for row in REFUSED if row[1] != "no IP address" and "%" not in row[0]]
)
def test_a_name_that_leads_to_a_refused_address_is_not_followed(world: World, address: str, why: str) -> None:
    world.answers = [[address]]

    assert f"is refused ({why})" in refused("https://crm.example/")
    assert [] == world.dialled


def test_a_name_with_a_zone_in_its_answer_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = (socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("fe80::1%eth0", 80, 0, 2))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [entry])

    assert "is refused (link-local)" in refused("http://crm.example/")


@pytest.mark.parametrize("address", [PUBLIC, OTHER])
def test_a_public_address_of_either_kind_is_dialled(world: World, address: str) -> None:
    world.answers = [[address]]

    with pytest.raises(CallFailed) if ":" in address else nullcontext():  # no IPv6 socket reaches the fake's server
        Door().call().http.request("POST", "http://crm.example/", json={})

    assert [address] == world.dialled


# redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("to", ["{inside}", "http://169.254.169.254/latest/meta-data/", "//127.0.0.1/", "http://10.1/"])
def test_no_redirect_is_followed_to_the_inside(world: World, inbox: Inbox, status: int, to: str) -> None:
    world.answers = [[PUBLIC]]
    inbox.add_fault(status=status, headers={"Location": to.format(inside=inbox.url)})

    answer = Door().call().http.request("POST", "http://crm.example/", json={})

    assert (status, 1) == (answer.status, len(inbox.rows()))
    assert (["crm.example"], [PUBLIC]) == (world.asked, world.dialled)


# spellings of a host


def part(value: int) -> st.SearchStrategy[str]:
    """A number as C's inet_aton reads it: decimal, octal, hexadecimal, with zeros before it."""
    return st.sampled_from(
        [str(value), f"0{value:o}", f"000{value:o}", f"0x{value:x}", f"0X{value:X}", f"0x00{value:x}"]
    )


@st.composite
def hosts(draw: st.DrawFn, addresses: st.SearchStrategy[IPv4Address]) -> tuple[str, str]:
    """An address, and a host of a URL that means it: one to four numbers, the last one for all bytes that are left."""
    address = draw(addresses)
    data, parts = address.packed, draw(st.integers(1, 4))
    numbers = [*data[: parts - 1], int.from_bytes(data[parts - 1 :], "big")]
    return str(address), ".".join(draw(part(number)) for number in numbers)


INSIDE = st.sampled_from([address for address, why in REFUSED if why != "no IP address" and ":" not in address]).map(
    IPv4Address
) | st.ip_addresses(v=4).filter(lambda address: bool(refusal(str(address))))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hosts(INSIDE))
def test_an_address_is_refused_however_it_is_spelled(world: World, host: tuple[str, str]) -> None:
    address, spelled = host

    assert f"address {address} is refused ({refusal(address)})" in refused(f"http://{spelled}/")
    assert [] == world.dialled


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hosts(st.just(IPv4Address(PUBLIC))))
def test_a_public_address_is_dialled_however_it_is_spelled(world: World, host: tuple[str, str]) -> None:
    world.dialled.clear()

    assert 200 == Door().call().http.request("POST", f"http://{host[1]}/", json={}).status
    assert [PUBLIC] == world.dialled


@pytest.mark.parametrize(
    "url",
    [
        "http://１２７.０.０.１/", "http://127。0。0。1/", "http://①②⑦.0.0.1/", "http://127.0.0.1%00/", "http://127.0.0.1%20/",
        "http://127.0.0.1\t/", "http://127.0.0.1,8.8.8.8/", "http://ｌocalhost/", "http://loca\u00adlhost/",
        "http://[127.0.0.1]/", "http://[::1/", "http://::1/", "http://[::1]./", "http://[::ffff:127.1]/",
        "http://[v1.1]/", "http://[::1%25lo]/", "http://[fe80::1%lo]/", "http://me@127.0.0.1/",
        f"http://{PUBLIC}@127.0.0.1/", f"http://{PUBLIC}:80@127.0.0.1/", f"http://127.0.0.1:80@{PUBLIC}/",
        f"http://{PUBLIC}&@127.0.0.1#@{PUBLIC}/", "http://127.0.0.1:0/", "http://127.0.0.1:+80/", "file:///etc/passwd",
        "gopher://127.0.0.1/", "http:/127.0.0.1/", "http:///127.0.0.1/", "//127.0.0.1/",
    ],
)  # fmt: skip
def test_a_url_that_others_may_read_otherwise_leads_nowhere(world: World, url: str) -> None:
    assert refused(url).startswith("url: ")
    assert ([], []) == (world.asked, world.dialled)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (f"http://127.0.0.1\\@{PUBLIC}/", "loopback"),
        (f"http://127.0.0.1#@{PUBLIC}/", "loopback"),
        (f"http://127.0.0.1?@{PUBLIC}/", "loopback"),
        (f"http://127.0.0.1/..//@{PUBLIC}/", "loopback"),
        ("http://%31%32%37.0.0.1/", "loopback"),
        ("http://0/", "unspecified"),
        ("http://[::]/", "unspecified"),
        ("http://[0:0::0:1]/", "loopback"),
        ("http://[::FFFF:7F00:1]/", "loopback"),
        ("http://[0:0:0:0:0:ffff:127.0.0.1]/", "loopback"),
        ("http://[::127.0.0.1]/", "reserved"),
        ("http://[64:ff9b::a9fe:a9fe]/", "cloud metadata"),
        ("http://[2002:7f00:1::]/", "a 6to4 tunnel"),
        ("http://[2606:4700::5efe:127.0.0.1]/", "an ISATAP tunnel"),
        ("http://[FD00:EC2::254]/", "cloud metadata"),
    ],
)
def test_a_url_is_judged_by_where_it_leads(world: World, url: str, why: str) -> None:
    assert f"is refused ({why})" in refused(url)
    assert [] == world.dialled


@pytest.mark.parametrize("host", ["127.0.0.1.", "127.1.", "0x7f.1.", "localhost.", "a.localhost", "localhost%2e"])
def test_a_dot_at_the_end_opens_nothing(world: World, host: str) -> None:
    reason = refused(f"http://{host}/")  # resolvers differ in what they make of it

    assert "is refused (loopback)" in reason or reason.startswith("dns: ")
    assert [] == world.dialled
