"""Every special-purpose network of IANA's two registries, in every spelling of its addresses, is refused; no other."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.addresses import refusal

# All networks of https://www.iana.org/assignments/iana-ipv4-special-registry; multicast; where clouds keep credentials.
_IPV4 = """
0.0.0.0/8 0.0.0.0/32 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.0.0/29
192.0.0.8/32 192.0.0.9/32 192.0.0.10/32 192.0.0.170/32 192.0.0.171/32 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24
192.88.99.0/24 192.88.99.2/32 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24
240.0.0.0/4 255.255.255.255/32 224.0.0.0/4 169.254.169.254/32 100.100.100.200/32 168.63.129.16/32
"""

# https://www.iana.org/assignments/iana-ipv6-special-registry, without ::ffff:0:0/96 and 64:ff9b::/96, which are judged
# by the IPv4 address in them; then what RFC 4291 and its followers set apart.
_IPV6 = """
::1/128 ::/128 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23 2001::/32 2001:1::1/128 2001:1::2/128 2001:1::3/128
2001:2::/48 2001:3::/32 2001:4:112::/48 2001:10::/28 2001:20::/28 2001:30::/28 2001:db8::/32 2002::/16
2620:4f:8000::/48 3fff::/20 5f00::/16 fc00::/7 fe80::/10 ::/96 ::ffff:0:0:0/96 fec0::/10 ff00::/8 fd00:ec2::254/128
fd20:ce::254/128 4000::/2 8000::/2 c000::/3 e000::/4
"""

IPV4 = [IPv4Network(network) for network in _IPV4.split()]
IPV6 = [IPv6Network(network) for network in _IPV6.split()]
PUBLIC_PREFIXES = st.sampled_from(["2606:4700::", "2a00:1450:4001:81b::", "2620:4f:7fff::"])


def inside(network: IPv4Network | IPv6Network) -> st.SearchStrategy[Any]:
    return st.ip_addresses(network=network) | st.sampled_from([network[0], network[-1]])


SPECIAL = st.sampled_from([*IPV4, *IPV6]).flatmap(inside)
SPECIAL_V4 = st.sampled_from(IPV4).flatmap(inside)
ANY_V4 = st.ip_addresses(v=4)


def spellings(address: IPv4Address | IPv6Address) -> set[str]:
    """How an address may be written, as far as it stands for itself."""
    whole = address.exploded
    found = {str(address), whole, whole.upper(), str(address).upper()}
    if isinstance(address, IPv6Address):
        head, last = whole[:30], int(address) & 0xFFFFFFFF
        found |= {head + str(IPv4Address(last)), ":".join(part.lstrip("0") or "0" for part in whole.split(":"))}
    return found


def carried(v4: IPv4Address) -> dict[str, str]:
    """The IPv6 addresses through which an IPv4 one may be reached, by the way."""
    high, low = int(v4) >> 16, int(v4) & 0xFFFF
    flipped = int(v4) ^ 0xFFFFFFFF
    return {
        "mapped": f"::ffff:{v4}",
        "NAT64": f"64:ff9b::{v4}",
        "local NAT64": f"64:ff9b:1::{v4}",
        "compatible": f"::{v4}",
        "translated": f"::ffff:0:{v4}",
        "6to4": f"2002:{high:x}:{low:x}::1",
        "Teredo server": f"2001:0:{high:x}:{low:x}::1",
        "Teredo client": f"2001:0:808:808:8000:0:{flipped >> 16:x}:{flipped & 0xFFFF:x}",
        "ISATAP": f"2606:4700::5efe:{v4}",
        "public ISATAP": f"2606:4700::200:5efe:{v4}",
    }


@given(SPECIAL)
def test_every_special_address_is_refused_in_every_spelling(address: Any) -> None:
    assert len({refusal(text) for text in spellings(address)}) == 1
    assert all(map(refusal, spellings(address)))


@pytest.mark.parametrize("network", [*IPV4, *IPV6], ids=str)
def test_every_special_network_is_refused_from_its_first_address_to_its_last(network: Any) -> None:
    assert refusal(str(network[0]))
    assert refusal(str(network[-1]))


@given(SPECIAL_V4)
def test_an_ipv4_address_is_refused_in_whatever_ipv6_address_it_hides(address: IPv4Address) -> None:
    for text in carried(address).values():
        assert all(map(refusal, spellings(ip_address(text)))), text


@given(ANY_V4)
def test_what_is_mapped_or_translated_is_judged_by_the_address_in_it(address: IPv4Address) -> None:
    ways = carried(address)

    assert refusal(str(address)) == refusal(ways.pop("mapped")) == refusal(ways.pop("NAT64"))
    assert all(map(refusal, ways.values()))


@given(ANY_V4)
def test_no_other_ipv4_address_is_refused(address: IPv4Address) -> None:
    special = any(address in network for network in IPV4)

    assert special is bool(refusal(str(address)))


@given(PUBLIC_PREFIXES, st.integers(0, 2**48 - 1))
def test_a_public_ipv6_address_is_accepted_unless_it_is_a_tunnel(prefix: str, rest: int) -> None:
    address = IPv6Address(int(IPv6Address(prefix)) | rest)
    tunnel = address.exploded[20:29] in ("0000:5efe", "0200:5efe")

    assert all(("an ISATAP tunnel" if tunnel else None) == refusal(text) for text in spellings(address))


@given(st.ip_addresses())
def test_whatever_the_standard_library_knows_as_not_public_is_refused(address: Any) -> None:
    plain = getattr(address, "ipv4_mapped", None) or address
    if not plain.is_global or plain.is_multicast:
        assert refusal(str(address))


@given(st.text(max_size=20))
def test_what_is_no_address_is_refused(text: str) -> None:
    try:
        ip_address(text)
    except ValueError:
        assert "no IP address" == refusal(text)


@given(st.ip_addresses(v=6), st.sampled_from(["lo", "eth0", "1"]))
def test_an_address_with_a_zone_is_refused(address: IPv6Address, zone: str) -> None:
    assert "link-local" == refusal(f"{address}%{zone}")
