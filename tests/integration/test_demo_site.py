"""The ports of a private site: free, and such that settings accept them."""

import socket

from hotline.demo.site import free_ports


def test_no_number_twice() -> None:
    """Settings refuse one number for two keys, whatever its protocol: 7 random ones of 4500 would meet now and then."""
    for _ in range(300):
        ports = free_ports()
        numbers = [*(ports[name] for name in ports if name.endswith("_port")), ports["trunk"]["port"]]
        assert len(set(numbers)) == len(numbers) == 7
        assert ports["rtp_last"] < 32768 < min(numbers), "the kernel gives ports from there to anybody"


def test_a_port_that_only_udp_uses_is_not_free() -> None:
    """Telephony speaks UDP and TCP; whoever takes the number for one must not meet the other."""
    numbers = range(61000, 65500)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        for number in numbers:
            try:
                other.bind(("127.0.0.1", number))
                break
            except OSError:
                continue
        for _ in range(300):
            ports = free_ports()
            assert other.getsockname()[1] not in [ports[name] for name in ports if name.endswith("_port")]
