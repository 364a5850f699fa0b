"""Addresses: which IP addresses a target may not have, unless its operator says so. Pure: the one door out resolves a
name and asks here about every address before it connects.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address

from bridge.errors import CallFailed


def refusal(address: str) -> str | None:
    """Why this address is no public host, in a word or two; None where it is one.

    An IPv6 address that carries an IPv4 one (mapped, NAT64) is judged by that.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return "no IP address"
    if isinstance(ip, IPv4Address):
        return next((why for network, why in _IPV4 if ip in network), None)
    if ip.scope_id is not None:
        return "link-local"  # a zone id names a link of this machine
    if any(ip in network for network in _IPV4_INSIDE):
        return refusal(str(IPv4Address(int(ip) & 0xFFFFFFFF)))
    if int(ip) >> 32 & 0xFDFFFFFF == _ISATAP:
        return "an ISATAP tunnel"
    return next((why for network, why in _IPV6 if ip in network), None if ip in _IPV6_GLOBAL else "reserved")


def vet(addresses: Iterable[str]) -> None:
    """Raises CallFailed where one of a name's addresses is no public host."""
    for address in addresses:
        if why := refusal(address):
            advice = "set allow_private_addresses: true if the target is meant to be there"
            raise CallFailed(f"address {address} is refused ({why}): {advice}")


# https://www.iana.org/assignments/iana-ipv4-special-registry; the first network that holds it decides. Three of them
# are reachable (AS112, AMT), but any network may answer for them itself.
# Metadata services answer with the machine's credentials: AWS, GCP, Azure .254; Azure 168.63.129.16; Alibaba
# 100.100.100.200; Oracle 192.0.0.192.
_IPV4 = [
    (IPv4Network(network), why)
    for network, why in (
        ("169.254.169.254/32", "cloud metadata"),
        ("168.63.129.16/32", "cloud metadata"),
        ("100.100.100.200/32", "cloud metadata"),
        ("192.0.0.192/32", "cloud metadata"),
        ("0.0.0.0/32", "unspecified"),
        ("0.0.0.0/8", "reserved"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "reserved"),
        ("192.31.196.0/24", "reserved"),
        ("192.52.193.0/24", "reserved"),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "reserved"),
        ("198.18.0.0/15", "reserved"),
        ("198.51.100.0/24", "reserved"),
        ("203.0.113.0/24", "reserved"),
        ("224.0.0.0/4", "multicast"),
        ("255.255.255.255/32", "broadcast"),
        ("240.0.0.0/4", "reserved"),
    )
]

# RFC 4291 §2.5.5.2 (mapped) and RFC 6052 §2.1 (NAT64): the last 32 bits are the IPv4 address that is reached.
_IPV4_INSIDE = [IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96")]

# RFC 5214 §6.1: under any prefix, 0000:5efe or 0200:5efe before an IPv4 address, to which the packet is tunnelled.
_ISATAP = 0x5EFE

# https://www.iana.org/assignments/iana-ipv6-special-registry. 6to4 and Teredo reach an IPv4 address of
# the sender's choice through somebody's relay; no API lives there.
_IPV6 = [
    (IPv6Network(network), why)
    for network, why in (
        ("fd00:ec2::254/128", "cloud metadata"),  # AWS
        ("fd20:ce::254/128", "cloud metadata"),  # GCP
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
        ("2001::/32", "a Teredo tunnel"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "reserved"),
        ("2002::/16", "a 6to4 tunnel"),
        ("2620:4f:8000::/48", "reserved"),
        ("3fff::/20", "reserved"),
    )
]
_IPV6_GLOBAL = IPv6Network("2000::/3")  # all that IANA has given out as global unicast
