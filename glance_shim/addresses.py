"""Which addresses this service may connect to on behalf of others.

The default is closed: only what is there for everybody on the internet may be
reached. An address that merely carries another one is judged by that. An
operator opens networks by name.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# IPv6 networks whose last 32 bits are the IPv4 address that is reached. ipaddress knows
# three more kinds by itself: IPv4-mapped, 6to4 and Teredo.
CARRIERS = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "::/96",  # IPv4-compatible
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b::/96",  # NAT64
    )
)

# All that has been given out of IPv6 for hosts on the internet. Python takes the rest for
# global: site-local addresses, NAT64 prefixes of one's own, segment identifiers.
GIVEN_OUT = ipaddress.IPv6Network("2000::/3")

# Python takes these for global, or did in some release.
REFUSED: tuple[Network, ...] = (
    ipaddress.IPv4Network("168.63.129.16"),  # Azure answers its machines here,
    ipaddress.IPv4Network("192.0.0.0/24"),  # Oracle's cloud here (192.0.0.192),
    ipaddress.IPv4Network("100.100.100.200"),  # and Alibaba's here.
    ipaddress.IPv6Network("3fff::/20"),  # Documentation.
)

# Addresses that no machine has.
NOBODYS = {4: "240.0.0.1", 6: "100::1"}
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}


def may_be_reached(
    address: str, opened: Iterable[Network | str] = (), refuse_private: bool = True
) -> bool:
    """May a connection be made to ``address``?

    What lies in one of the networks ``opened`` may be reached, whatever it is.
    Without ``refuse_private`` only loopback, link-local and unspecified
    addresses are refused.
    """
    outer = ipaddress.ip_address(address)
    networks = [ipaddress.ip_network(network) for network in opened]
    closed = [
        each
        for each in carried(outer) or (outer,)
        if not any(outer in network or each in network for network in networks)
    ]
    if any(each.is_loopback or each.is_link_local or each.is_unspecified for each in closed):
        return False
    return not refuse_private or all(is_public(each) for each in closed)


def carried(address: Address) -> tuple[ipaddress.IPv4Address, ...]:
    """The IPv4 addresses that an IPv6 address leads to, if it is of such a kind."""
    if isinstance(address, ipaddress.IPv4Address):
        return ()
    if address.teredo is not None:
        return address.teredo
    known = address.ipv4_mapped or address.sixtofour
    if known is not None:
        return (known,)
    # The first two addresses of ::/96 are the unspecified one and loopback.
    if int(address) > 1 and any(address in network for network in CARRIERS):
        return (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF),)
    return ()


def is_public(address: Address) -> bool:
    """Is this one host on the internet, and not this machine?"""
    if isinstance(address, ipaddress.IPv6Address) and address not in GIVEN_OUT:
        return False
    return (
        address.is_global
        and not address.is_multicast
        and not any(address in network for network in REFUSED)
        and not is_own(address)
    )


def is_own(address: Address) -> bool:
    """Does this machine have the address? It can bind to its own, and to no other."""
    if not _binds(address.version, NOBODYS[address.version]):
        return _binds(address.version, str(address))
    # With the kernel's ip_nonlocal_bind, which failover needs, it can bind to any. What
    # is known then is from where it would talk to the address.
    return _source(address) == str(address)


def _binds(version: int, address: str) -> bool:
    try:
        with socket.socket(FAMILY[version], socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True


def _source(address: Address) -> str | None:
    try:
        with socket.socket(FAMILY[address.version], socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), 9))  # Sends nothing.
            return str(probe.getsockname()[0])
    except OSError:
        return None
