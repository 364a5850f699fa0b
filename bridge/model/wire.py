"""Wire: what HTTP lets through: where a URL leads, which headers can be sent. Pure; for the connectors' settings, which
are checked before the start, and for the door out, which checks again. No text made here holds a URL or a value.
"""

import re
from functools import lru_cache
from ipaddress import IPv4Address, ip_address
from socket import inet_aton
from typing import NamedTuple

RESERVED = ("content-length", "transfer-encoding")  # headers that say how a body is sent: the door's own

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 §5.6.2
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # RFC 9110 §5.5: a value may hold a tab, none of these
_HOST = re.compile(r"[A-Za-z0-9._-]+")
_PORTS = {"http": 80, "https": 443}


class Address(NamedTuple):
    """Where a URL leads; `host` without brackets, `path` with the query, all as they go over the wire."""

    url: str
    scheme: str
    host: str
    port: int
    path: str


@lru_cache(maxsize=256)
def address_of(url: str) -> Address:
    """Where this URL leads; raises ValueError with what it must be."""
    from urllib3.exceptions import LocationParseError  # here: it costs 40 ms, and who has no URL to judge none of them
    from urllib3.util import parse_url

    try:
        parts = parse_url(url.strip())
    except LocationParseError:
        raise ValueError("is not a usable address: it must look like https://host/path") from None
    if parts.scheme not in _PORTS or not parts.host:
        raise ValueError("must begin with https:// or http:// and name a host: such as https://host/path")
    if parts.auth is not None:
        raise ValueError("has credentials in it: move them to `auth`")
    if parts.port == 0 or not _can_be_host(parts.host):
        raise ValueError("is not a usable address: it must look like https://host/path")
    port = parts.port or _PORTS[parts.scheme]
    return Address(parts._replace(fragment=None).url, parts.scheme, parts.host.strip("[]"), port, parts.request_uri)


def is_inside(host: str) -> bool:
    """Whether the host, as it is written, is this machine or lies in a private network. Names are not looked up.

    The door judges what a name resolves to, and refuses more; whatever is inside by this, it refuses too.
    """
    host = host.rstrip(".")
    if host.lower().split(".")[-1] == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        try:
            address = IPv4Address(inet_aton(host))  # 127.1, 0x7f.1 and 2130706433 are addresses, too
        except OSError:
            return False
    return not (getattr(address, "ipv4_mapped", None) or address).is_global


def vet_name(name: str) -> None:
    """Raises ValueError unless a request can carry a header of this name."""
    if not _TOKEN.fullmatch(name):
        raise ValueError("has characters that no header name may have: use letters, digits and -")
    if name.lower() in RESERVED:
        raise ValueError("is the bridge's to set: remove it")


def vet_value(value: str) -> None:
    """Raises ValueError unless a header can have this value."""
    if _CONTROL.search(value):
        raise ValueError("has a line break, a NUL or another control character in it: was a file's line end copied?")
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError("has characters outside Latin-1: write it without them") from None


def _can_be_host(host: str) -> bool:
    if host.startswith("["):
        return "%" not in host  # a zone id: no request could carry it, and none of the libraries agrees on it
    try:
        host.encode("idna")  # as the resolver does: no empty label, none longer than 63 characters
    except UnicodeError:
        return False
    return _HOST.fullmatch(host) is not None
