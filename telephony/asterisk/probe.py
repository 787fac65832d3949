"""Ask a running Asterisk whether it is really up: a few lines of AMI, without the engine's link.

Its own small client, because the answer is needed before the engine's link exists, and for an Asterisk that we found.
"""

import asyncio

from hotline.errors import ConfigurationError, Unavailable

_SECONDS_BETWEEN_TRIES = 0.05


async def await_fully_booted(port: int, password: str, *, seconds: float) -> None:
    """Return when Asterisk has loaded everything (its FullyBooted event).

    Raises Unavailable after ``seconds``, ConfigurationError when it is there and refuses our password.
    """
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await _connect(port)
            try:
                await _log_in(reader, writer, port, password)
                while b"Event: FullyBooted" not in await reader.readuntil(b"\r\n\r\n"):
                    pass
            finally:
                writer.close()
    except TimeoutError as failure:
        raise Unavailable(
            f"Asterisk 在 {seconds:.0f} 秒内没有就绪 (AMI 端口 {port})",
            f"Asterisk was not ready within {seconds:.0f} s (AMI port {port})",
        ) from failure
    except (OSError, asyncio.IncompleteReadError) as failure:
        raise Unavailable(
            f"AMI 端口 {port} 连接中断", f"the AMI connection on port {port} broke off: {failure}"
        ) from failure


async def reload_configuration(port: int, password: str, *, seconds: float = 15.0) -> None:
    """Have an Asterisk that runs already read its files again; calls go on. Raises as ``await_fully_booted``."""
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await _connect(port)
            try:
                await _log_in(reader, writer, port, password)
                writer.write(b"Action: Reload\r\nActionID: reload\r\n\r\n")
                while b"ActionID: reload" not in await reader.readuntil(b"\r\n\r\n"):
                    pass
            finally:
                writer.close()
    except (TimeoutError, OSError, asyncio.IncompleteReadError) as failure:
        raise Unavailable(
            f"Asterisk 没有重新加载配置 (AMI 端口 {port})", f"Asterisk did not reload (AMI port {port})"
        ) from failure


async def _connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect as soon as somebody listens; a listener cannot be awaited otherwise than by asking."""
    while True:
        try:
            return await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        except ConnectionRefusedError:
            await asyncio.sleep(_SECONDS_BETWEEN_TRIES)


async def _log_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, password: str) -> None:
    await reader.readline()  # "Asterisk Call Manager/…"
    writer.write(f"Action: Login\r\nUsername: hotline\r\nSecret: {password}\r\nActionID: login\r\n\r\n".encode())
    while b"ActionID: login" not in (message := await reader.readuntil(b"\r\n\r\n")):
        pass
    if b"Response: Success" not in message:
        raise ConfigurationError(
            f"AMI 端口 {port} 上的 Asterisk 拒绝了我们的密码: 可能不是本系统启动的 (asterisk.ami_port)",
            f"the Asterisk on AMI port {port} refuses our password: probably not ours (asterisk.ami_port)",
        )
