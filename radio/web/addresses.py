"""Which addresses the station may ask: those of the public internet, and no machine of its own network."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

from radio.errors import RadioError

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_PROTOCOLS = ipaddress.ip_network("192.0.0.0/24")
"""For the network itself; the library lets some of it pass. Source: RFC 6890 §2.2.2."""


class OutsideError(RadioError):
    """Another server did not give what was asked; `code` says what happened, `later`: another time it may.

    `after_s`: how many seconds the server asks us to wait; 0: it does not say.
    """

    def __init__(self, code: str, detail: str = "", *, later: bool = False, after_s: int = 0) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code, self.detail, self.later, self.after_s = code, detail, later, after_s


@dataclass(frozen=True, slots=True)
class Place:
    """An address taken apart; `target` is what stands in the request line."""

    url: str
    host: str
    port: int
    tls: bool
    target: str


def may_be_asked(address: str) -> bool:
    """Whether an IP address is one of the public internet, whatever it is wrapped in."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None and not may_be_asked(str(inner)):
            return False
        if found.ipv4_mapped:
            return True
    if found in _PROTOCOLS:
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved and not found.is_unspecified


def place(url: str) -> Place:
    """An address taken apart.

    Raises:
        OutsideError: not-an-address, when it is not one that we could ask.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port or (443 if parts.scheme == "https" else 80)
        host = (
            (parts.hostname or "").encode("idna").decode("ascii") if ":" not in (parts.hostname or "") else parts.hostname or ""
        )
    except ValueError:  # UnicodeError is one
        raise OutsideError("not-an-address") from None
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None or len(url) > 4000:
        raise OutsideError("not-an-address")
    if port < 1024 and port not in {80, 443}:
        raise OutsideError("not-an-address")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    target = path + ("?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?") if parts.query else "")
    return Place(urlunsplit((parts.scheme, parts.netloc, path, parts.query, "")), host, port, parts.scheme == "https", target)
