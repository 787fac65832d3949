"""The ports of a private site: free, such that settings accept them, and nobody else's."""

import json
import socket
import subprocess
import sys
from typing import Any

import pytest

from hotline.demo import site
from hotline.demo.site import free_ports

FEW = range(64000, 64024)
FEW_OTHERS = range(64100, 64124)
PICK = f"""
import json, sys
from hotline.demo import site
site._ABOVE_EPHEMERAL = {FEW_OTHERS!r}
print(json.dumps(site.free_ports()), flush=True)
sys.stdin.read()
"""


def numbers(ports: dict[str, Any]) -> list[int]:
    return [*(ports[name] for name in ports if name.endswith("_port")), ports["trunk"]["port"]]


@pytest.fixture(autouse=True)
def few_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few that two of seven would meet, were they picked each for itself."""
    monkeypatch.setattr(site, "_ABOVE_EPHEMERAL", FEW)


def test_no_number_twice() -> None:
    """Settings refuse one number for two keys, whatever its protocol."""
    for _ in range(20):
        ports = free_ports()
        assert len(set(numbers(ports))) == len(numbers(ports)) == 7
        assert 12000 <= ports["rtp_first"] < ports["rtp_last"] < 32768, "the kernel gives ports from there to anybody"


def test_a_port_that_only_udp_uses_is_not_free() -> None:
    """Telephony speaks UDP and TCP; whoever takes the number for one must not meet the other."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 64010))
        for _ in range(20):
            assert 64010 not in numbers(free_ports())


def test_what_one_process_picked_another_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens there yet: it is only promised."""
    monkeypatch.setattr(site, "_ABOVE_EPHEMERAL", FEW_OTHERS)
    with subprocess.Popen(
        [sys.executable, "-c", PICK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        theirs = set(numbers(json.loads(other.stdout.readline())))
        for _ in range(20):
            assert not theirs & set(numbers(free_ports()))
        other.communicate("")
