"""Reading mountinfo and the routing table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.environment.mounts import Mount, parse_mountinfo, telling
from mcpconf.environment.network import Bridge, bridges, default_gateway

HEADER = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"


def test_a_line_gives_root_point_type_and_source_without_its_escapes() -> None:
    line = r"36 35 98:0 /a\040b /mnt/c\134d rw,noatime master:1 shared:2 - ext3 /dev/the\040disk rw"

    assert parse_mountinfo(line) == (Mount(root="/a b", point="/mnt/c\\d", fstype="ext3", source="/dev/the disk"),)


def test_an_escaped_backslash_does_not_make_another_escape() -> None:
    (mount,) = parse_mountinfo(r"36 35 98:0 / /x\134040y rw - tmpfs none rw")

    assert mount.point == r"/x\040y"


def test_lines_that_are_no_mounts_are_left_out() -> None:
    assert parse_mountinfo("\nrubbish\n1 2 3 - ext4\n1 2 0:1 / /x rw - proc\n1 2 / /x - proc proc rw\n") == ()


def test_the_last_of_stacked_mounts_counts() -> None:
    text = "1 1 0:1 / / rw - rootfs rootfs rw\n2 1 8:1 / / rw - ext4 /dev/sda1 rw\n"

    root = telling(parse_mountinfo(text)).root

    assert root is not None
    assert root.fstype == "ext4"


@given(st.text())
def test_any_text_is_a_mount_table(text: str) -> None:
    assert isinstance(telling(parse_mountinfo(text)).lxcfs, bool)


def test_the_default_route_with_the_least_metric_gives_the_gateway() -> None:
    text = (
        HEADER + "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
        "eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
        "eth0\t0000000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n"
    )

    assert default_gateway(text) == "10.0.0.1"


def test_a_route_that_is_down_or_without_gateway_is_none() -> None:
    text = (
        HEADER + "tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n"
        "eth0\t00000000\t0100000A\t0002\t0\t0\t0\t00000000\t0\t0\t0\n"
        "eth0\t00000000\tFFFFFFFFFF\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
        "eth0\tshort\n"
    )

    assert default_gateway(text) is None
    assert default_gateway("") is None


@given(st.text(alphabet="0123456789ABCDEF\t\n x"))
def test_any_text_is_a_routing_table(text: str) -> None:
    gateway = default_gateway(HEADER + text)

    assert gateway is None or gateway.count(".") == 3


ROUTES = (
    HEADER + "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
    "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
    "br-1\t000013AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
    "eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n"
)
FIB = """Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 172.17.0.0
        /16 link UNICAST
     |-- 172.17.0.1
        /32 host LOCAL
     |-- 172.17.255.255
        /32 link BROADCAST
     |-- 172.19.0.254
        /32 host LOCAL
     |-- 192.168.1.7
        /32 host LOCAL
Local:
     |-- 172.17.0.1
        /32 host LOCAL
"""


def test_a_bridges_address_is_this_machines_own_in_its_network() -> None:
    assert bridges(["br-1", "docker0", "virbr0"], ROUTES, FIB) == (
        Bridge("br-1", "172.19.0.254"),
        Bridge("docker0", "172.17.0.1"),
    )
    assert bridges(["docker0"], ROUTES, "") == ()
    assert bridges(["docker0"], "", FIB) == ()
    assert bridges([], ROUTES, FIB) == ()


@pytest.mark.parametrize("address", ["172.17.1", "172.17.0.0.1", "172.17.0.x", "172.17.0.300", "fe80::1"])
def test_what_is_no_address_is_nobodys(address: str) -> None:
    assert bridges(["docker0"], ROUTES, f"|-- {address}\n   /32 host LOCAL\n") == ()


@given(st.text(alphabet="|-. /0123456789 hostLOCA\n"))
def test_any_text_is_a_table_of_addresses(text: str) -> None:
    assert all(one.name == "docker0" for one in bridges(["docker0"], ROUTES, text))
