"""Find out before Asterisk starts whether its ports are free: it would start without them, and be deaf."""

import socket

from hotline.errors import ConfigurationError
from hotline.settings import Asterisk


def require_free_ports(asterisk: Asterisk) -> None:
    """Raise ConfigurationError naming the port and its key in config.yaml when somebody else has it."""
    wanted = (
        ("sip_port", asterisk.host, asterisk.sip_port, socket.SOCK_DGRAM),
        ("http_port", asterisk.host, asterisk.http_port, socket.SOCK_STREAM),
        ("ami_port", "127.0.0.1", asterisk.ami_port, socket.SOCK_STREAM),
    )
    for key, host, port, kind in wanted:
        try:
            _bind_for_a_moment(host, port, kind)
        except OSError as failure:
            raise ConfigurationError(
                f"端口 {host}:{port} 无法使用, 请修改 asterisk.{key} 或停止占用它的程序",
                f"port {host}:{port} cannot be used ({failure.strerror});"
                f" change asterisk.{key} or stop the program that has it",
            ) from failure


def _bind_for_a_moment(host: str, port: int, kind: socket.SocketKind) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Asterisk does: TIME_WAIT is no obstacle
        probe.bind((host, port))
