"""A FastAGI server in a few lines, in a process of its own so that a test can kill it with -9 like an engine.

It answers every caller's AGI by ``SET MUSIC ON`` and then says nothing, which is how the waiting room waits.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_SERVER = """
import asyncio, sys
async def serve(reader, writer):
    while (await reader.readline()).strip():
        pass
    for command in sys.argv[2:]:
        writer.write(command.encode() + b"\\n")
        await reader.readline()
    if sys.argv[-1].endswith("over"):
        writer.close()
    await asyncio.sleep(3600)
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]))
    print("listening", flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


@contextmanager
def agi_process(port: int, *commands: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server that sends these commands to every caller and then waits; a last command ``NOOP over`` ends the AGI."""
    command = [sys.executable, "-c", _SERVER, str(port), *commands]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
