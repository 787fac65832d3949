"""AMI events per second through our link beside plain panoramisk: same transcript, same socket kind, same run.

``ami_call.txt`` is what a real Asterisk 22.10.1 said about one call (arrival, music, bridge, hang-up; 17 events). A
process of its own plays it back thousands of times as fast as it is read. Both sides hand every event that the hotline
reads to a plain function; rounds alternate and the median counts. Ours goes the whole way: link, shape check, stream.
"""

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import panoramisk

from bench.registry import Tell
from bench.rows import Row
from telephony.ami import AmiAddress, AmiLink, Patience
from telephony.messages import AmiMessage

TRANSCRIPT = Path(__file__).with_name("ami_call.txt")
COMMAND = "make bench ONLY=ami.intake"
CALLS = 3000
ROUNDS = 5
_SERVER = """
import asyncio, re, sys
call = open(sys.argv[1], "rb").read()
end = b"Event: UserEvent\\r\\nPrivilege: user,all\\r\\nUserEvent: PlayedBack\\r\\n\\r\\n"
async def serve(reader, writer):
    writer.write(b"Asterisk Call Manager/11.0.0\\r\\n")
    login = await reader.readuntil(b"\\r\\n\\r\\n")
    number = re.search(rb"ActionID: ([^\\r]+)", login)[1]
    writer.write(b"Response: Success\\r\\nActionID: " + number + b"\\r\\nMessage: Authentication accepted\\r\\n\\r\\n")
    writer.write(b"Event: FullyBooted\\r\\nPrivilege: system,all\\r\\nStatus: Fully Booted\\r\\n\\r\\n")
    await reader.read(1)  # the reader is ready
    for _ in range(int(sys.argv[2]) // 10):
        writer.write(call * 10)
        await writer.drain()
    writer.write(end)
    await writer.drain()
    await reader.read()
    writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


async def run(tell: Tell) -> list[Row]:
    """Measure; a few seconds."""
    events = (TRANSCRIPT.read_bytes().count(b"\r\n\r\n")) * CALLS
    command = [sys.executable, "-c", _SERVER, str(TRANSCRIPT), str(CALLS)]
    server = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        port = int(await server.stdout.readline())
        ours, peer = [], []
        for number in range(1, ROUNDS + 1):
            tell(f"round {number} of {ROUNDS}, {events} events each")
            ours.append(events / await _bounded(_time_ours, port))
            peer.append(events / await _bounded(_time_panoramisk, port))
    finally:
        server.kill()
        await server.wait()
    mine, theirs = statistics.median(ours), statistics.median(peer)
    return [Row("ami.intake", "events/s", round(mine), round(theirs), "panoramisk 1.4", COMMAND)]


async def _bounded(measure: Callable[[int], Awaitable[float]], port: int) -> float:
    async with asyncio.timeout(60):
        return await measure(port)


async def _time_ours(port: int) -> float:
    link = AmiLink(AmiAddress("127.0.0.1", port, "hotline", "x"), patience=Patience(ping_every=3600))
    await link.connect()
    await _press_start(link)
    began = time.perf_counter()
    async for item in link.stream():
        if isinstance(item, AmiMessage) and item.get("UserEvent") == "PlayedBack":
            break
    seconds = time.perf_counter() - began
    if link.counts["overruns"]:
        raise RuntimeError("events were lost: the figure would be too good")
    await link.close()
    return seconds


async def _press_start(link: AmiLink) -> None:
    """Any byte starts the playback; a ping is what a link may send."""
    sent = asyncio.create_task(link.action("Ping", timeout=3600))
    await asyncio.sleep(0)
    sent.cancel()


async def _time_panoramisk(port: int) -> float:
    manager = panoramisk.Manager(host="127.0.0.1", port=port, username="hotline", secret="x", ping_delay=3600)
    done = asyncio.get_running_loop().create_future()

    def take(_: object, event: panoramisk.Message) -> None:
        if event.userevent == "PlayedBack":
            done.set_result(time.perf_counter())

    for name in ("Newchannel", "Newstate", "Hangup", "BridgeEnter", "BridgeLeave", "UserEvent"):
        manager.register_event(name, take)
    await manager.connect()
    await manager.authenticated_future
    manager.protocol.transport.write(b"\r\n\r\n")
    began = time.perf_counter()
    ended: float = await done
    manager.connection_lost = lambda error: None  # it would reconnect for ever
    manager.close()
    return ended - began
