"""Find out before Asterisk starts whether its ports are free: it would start without them, and be deaf."""

import socket

from hotline.errors import ConfigurationError
from hotline.settings import Asterisk


def require_free_ports(asterisk: Asterisk) -> None:
    """Raise ConfigurationError naming the port and its key in config.yaml when somebody else has one of Asterisk's."""
    require_free_port("asterisk.sip_port", asterisk.host, asterisk.sip_port, socket.SOCK_DGRAM)
    require_free_port("asterisk.http_port", asterisk.host, asterisk.http_port)
    require_free_port("asterisk.ami_port", "127.0.0.1", asterisk.ami_port)


def require_free_port(key: str, host: str, port: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> None:
    """Raise ConfigurationError naming the port and ``key``, its path in config.yaml, when somebody else has it."""
    try:
        _bind_for_a_moment(host, port, kind)
    except OSError as failure:
        raise ConfigurationError(
            f"端口 {host}:{port} 无法使用, 请修改 {key} 或停止占用它的程序",
            f"port {host}:{port} cannot be used ({failure.strerror}); change {key} or stop the program that has it",
        ) from failure


def _bind_for_a_moment(host: str, port: int, kind: socket.SocketKind) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Asterisk does: TIME_WAIT is no obstacle
        probe.bind((host, port))
