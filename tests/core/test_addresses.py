"""Which addresses may be reached."""

from __future__ import annotations

import ipaddress
import socket

import pytest

from glance_shim import addresses

PUBLIC = [
    "8.8.8.8",
    "192.0.1.1",
    "168.63.129.17",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]

NOT_PUBLIC = {
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "::1": "loopback",
    "0.0.0.0": "unspecified",
    "::": "unspecified",
    "0.1.2.3": "this network",
    "169.254.169.254": "link-local, metadata of most clouds",
    "169.254.170.2": "link-local, credentials of containers",
    "fe80::1": "link-local",
    "fe80::1%lo": "link-local with its interface",
    "10.0.0.1": "private",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.168.0.1": "private",
    "fc00::1": "unique local",
    "fd00:ec2::254": "unique local, metadata of a cloud",
    "fec0::1": "site-local",
    "100.64.0.1": "shared between a provider and its customers",
    "100.100.100.200": "metadata of a cloud",
    "168.63.129.16": "metadata of a cloud",
    "192.0.0.192": "metadata of a cloud",
    "192.0.0.9": "protocol assignment",
    "198.18.0.1": "benchmarks",
    "192.0.2.1": "documentation",
    "198.51.100.1": "documentation",
    "203.0.113.1": "documentation",
    "2001:db8::1": "documentation",
    "3fff::1": "documentation",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "ff02::1": "multicast",
    "ff0e::1": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "broadcast",
    "100::1": "discarded",
    "5f00::1": "segment identifier",
    "4000::1": "not given out",
    "::ffff:127.0.0.1": "IPv4-mapped loopback",
    "::ffff:7f00:1": "IPv4-mapped loopback",
    "::ffff:10.0.0.1": "IPv4-mapped private",
    "::ffff:168.63.129.16": "IPv4-mapped metadata",
    "::127.0.0.1": "IPv4-compatible loopback",
    "::a9fe:a9fe": "IPv4-compatible link-local",
    "::ffff:0:127.0.0.1": "IPv4-translated loopback",
    "64:ff9b::7f00:1": "NAT64 of loopback",
    "64:ff9b::a00:1": "NAT64 of private",
    "64:ff9b:1::808:808": "NAT64 of one's own",
    "2002:7f00:1::": "6to4 of loopback",
    "2002:a9fe:a9fe::1": "6to4 of link-local",
    "2001:0:7f00:1::": "Teredo with a server on loopback",
    "2001:0:808:808::80ff:fffe": "Teredo of loopback",
}

CLOSED_UPSTREAM = [
    "127.0.0.1",
    "::1",
    "169.254.169.254",
    "fe80::1",
    "0.0.0.0",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_what_everybody_can_reach_may_be_reached(address: str) -> None:
    assert addresses.may_be_reached(address)


@pytest.mark.parametrize("address", NOT_PUBLIC, ids=lambda a: f"{a} {NOT_PUBLIC[a]}")
def test_what_is_not_for_everybody_may_not_be_reached(address: str) -> None:
    assert not addresses.may_be_reached(address)


@pytest.mark.parametrize("address", NOT_PUBLIC, ids=lambda a: f"{a} {NOT_PUBLIC[a]}")
def test_an_operator_can_open_any_address(address: str) -> None:
    assert addresses.may_be_reached(address, [address.partition("%")[0]])


@pytest.mark.parametrize(
    "address, network, reached",
    [
        ("10.1.2.3", "10.0.0.0/8", True),
        ("::ffff:10.1.2.3", "10.0.0.0/8", True),
        ("64:ff9b::a01:203", "10.0.0.0/8", True),
        ("2002:a01:203::1", "10.0.0.0/8", True),
        ("11.0.0.1", "10.0.0.0/8", True),
        ("192.168.0.1", "10.0.0.0/8", False),
        ("::ffff:192.168.0.1", "10.0.0.0/8", False),
        ("fd00::1", "10.0.0.0/8", False),
        ("fd00::1", "fd00::/8", True),
        ("127.0.0.1", "10.0.0.0/8", False),
        ("2001:0:a00:1::80ff:fffe", "10.0.0.0/8", False),
    ],
)
def test_an_opened_network_opens_what_lies_in_it(
    address: str, network: str, reached: bool
) -> None:
    assert addresses.may_be_reached(address, [network]) is reached


@pytest.mark.parametrize("address", CLOSED_UPSTREAM)
def test_loopback_and_link_local_stay_closed_with_private_networks_open(address: str) -> None:
    assert not addresses.may_be_reached(address, refuse_private=False)


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.0.1", "fd00::1", "192.0.2.1"])
def test_private_networks_can_be_opened_as_a_whole(address: str) -> None:
    assert addresses.may_be_reached(address, refuse_private=False)


@pytest.fixture
def own() -> str:
    """An address of this machine other than loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("8.8.8.8", 9))
        except OSError:
            pytest.skip("this machine has no network")
        return str(probe.getsockname()[0])


@pytest.fixture(params=["binds only to its own addresses", "binds to any address"])
def _binding(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "binds to any address":
        # As with ip_nonlocal_bind, binding to what should be nobody's address works.
        monkeypatch.setattr(addresses, "NOBODYS", {4: "127.0.0.9", 6: "::1"})


@pytest.mark.usefixtures("_binding")
def test_the_addresses_of_this_machine_are_known(own: str) -> None:
    assert addresses.is_own(ipaddress.ip_address(own))
    assert not addresses.is_public(ipaddress.ip_address(own))
    assert addresses.is_own(ipaddress.ip_address("127.0.0.1"))


@pytest.mark.usefixtures("_binding")
@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "240.0.0.1"])
def test_other_addresses_are_not_those_of_this_machine(address: str) -> None:
    assert not addresses.is_own(ipaddress.ip_address(address))
