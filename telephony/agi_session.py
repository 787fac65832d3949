"""One citizen's leg in our hands: the FastAGI verbs over one socket."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

import structlog

from telephony.agi_wire import BadDialogue, Reply, read_reply, split_script, write_command
from telephony.port import CallerGone, Recorded

_log = structlog.get_logger()
_ANSWER_SECONDS = 5.0
"""For a command that only sets or reads something."""
_PROMPT_SECONDS = 120.0
"""For a command that plays; the longest prompt a site may have."""
_RATE = 8000
"""Samples a second in what Asterisk tells of a recording."""


class AgiSession:
    """One citizen's leg in our hands; fills ``port.CallerSession``. One verb at a time."""

    def __init__(
        self, environment: Mapping[str, str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.environment = environment
        self.path, query = split_script(environment)
        self.query: Mapping[str, str] = dict(parse_qsl(query))
        self._reader = reader
        self._writer = writer
        self._gone = asyncio.Event()
        self._expected: deque[asyncio.Future[Reply]] = deque()
        """One per command sent; a verb that was cancelled leaves its own here, for the reply still comes."""
        self._in_usage_text = False

    @property
    def channel(self) -> str:
        """The leg's channel name."""
        return self.environment.get("agi_channel", "")

    @property
    def uniqueid(self) -> str:
        """The leg's Uniqueid."""
        return self.environment.get("agi_uniqueid", "")

    async def answer(self) -> None:
        """Pick up."""
        await self._do("ANSWER")

    async def play(self, prompt: str, escape_digits: str = "") -> str | None:
        """Play a prompt; the key of ``escape_digits`` that cut it short, or None. One that is missing is logged."""
        reply = await self._command("STREAM FILE", prompt, escape_digits, seconds=_PROMPT_SECONDS)
        if reply.result != "-1":
            return reply.key
        await self._do("CHANNEL STATUS")  # -1 for a missing file as for a hang-up: this tells them apart
        _log.error("prompt not played", prompt=prompt, uniqueid=self.uniqueid)
        return None

    async def play_many(self, prompts: Sequence[str], escape_digits: str = "") -> str | None:
        """Play prompts one after the other until a key cuts them short."""
        for prompt in prompts:
            key = await self.play(prompt, escape_digits)
            if key is not None:
                return key
        return None

    async def wait_key(self, seconds: float) -> str | None:
        """The next key pressed within ``seconds``, or None."""
        return (await self._do("WAIT FOR DIGIT", str(int(seconds * 1000)), seconds=seconds + _ANSWER_SECONDS)).key

    async def rest(self, seconds: float, keys: str = "") -> str | None:
        """Let music play for ``seconds``, or until a key of ``keys``. Without keys nothing is sent."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while keys and (left := deadline - loop.time()) > 0:
            key = await self.wait_key(left)  # Asterisk watches the socket meanwhile: an engine that dies is noticed
            if key is not None and key in keys:
                return key
        try:
            async with asyncio.timeout_at(deadline):
                await self._gone.wait()
        except TimeoutError:
            return None
        raise CallerGone

    async def record(self, file: str, *, seconds: float, silence: float, key: str) -> Recorded:
        """Record into ``file`` (absolute, without ``.wav``) until ``key``, silence, or time is up."""
        limit = str(int(seconds * 1000))
        options = ("wav", key, limit, "0", f"s={max(1, round(silence))}")
        reply = await self._do("RECORD FILE", file, *options, seconds=seconds + _PROMPT_SECONDS)
        return Recorded(reply.end / _RATE, reply.key)

    async def set_music(self, on: bool) -> None:
        """Start or stop the music on hold. It plays while we send nothing."""
        await self._do("SET MUSIC", "on" if on else "off")

    async def set_variable(self, name: str, value: str) -> None:
        """Set a channel variable."""
        await self._do("SET VARIABLE", name, value)

    async def get_variable(self, name: str) -> str | None:
        """A channel variable; None when it is not set."""
        reply = await self._do("GET VARIABLE", name)
        return reply.value if reply.result == "1" else None

    async def hang_up(self) -> None:
        """Hang the caller up."""
        await self._do("HANGUP")

    async def release(self) -> None:
        """Give the leg back to the dialplan (close the socket); at once after ``Telephony.bridge`` took it."""
        self.end()

    async def until_gone(self) -> None:
        """Return when the caller has hung up or the session was released."""
        await self._gone.wait()

    def end(self) -> None:
        """Close the socket; a verb that is under way raises CallerGone."""
        self._gone.set()
        while self._expected:
            reply = self._expected.popleft()
            if not reply.done():
                reply.set_exception(CallerGone())
        self._writer.close()

    async def read(self) -> None:
        """Read replies until the socket closes; run by the server beside the handler."""
        try:
            while line := await self._reader.readline():
                self._take(line.decode("utf-8", "replace").rstrip("\r\n"))
        except (BadDialogue, ValueError) as failure:  # ValueError: a line that is too long
            _log.warning("agi session refused", uniqueid=self.uniqueid, why=str(failure))
        except OSError:
            pass  # a reset is a close
        finally:
            self.end()

    def _take(self, line: str) -> None:
        if line == "HANGUP":
            self._gone.set()
            return
        if line.startswith("520-"):  # a usage text follows, up to the line "520 End of proper usage."
            self._in_usage_text = True
        if self._in_usage_text and not line.startswith("520 "):
            return
        self._in_usage_text = False
        reply = read_reply(line)
        if reply.code == 100:  # Trying…: the reply proper follows
            return
        if not self._expected:
            if self._gone.is_set():  # released while Asterisk was still answering
                return
            raise BadDialogue("a reply that nobody asked for")
        expected = self._expected.popleft()
        if not expected.done():
            expected.set_result(reply)

    async def _do(self, *words: str, seconds: float = _ANSWER_SECONDS) -> Reply:
        """A command whose result -1 means that the caller hung up."""
        reply = await self._command(*words, seconds=seconds)
        if reply.result == "-1":
            raise CallerGone
        return reply

    async def _command(self, *words: str, seconds: float) -> Reply:
        if self._gone.is_set() or self._writer.is_closing():
            raise CallerGone
        command = write_command(*words)
        expected: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._expected.append(expected)
        self._writer.write(command.encode())
        try:
            async with asyncio.timeout(seconds):
                reply = await expected
        except TimeoutError:
            _log.warning("agi command unanswered", command=words[0], uniqueid=self.uniqueid)
            self.end()
            raise CallerGone from None
        if reply.code == 511:  # not permitted on a dead channel
            raise CallerGone
        if reply.code != 200:
            _log.error("agi command refused", command=words[0], code=reply.code)
            raise BadDialogue(f"{words[0]} answered by {reply.code}")
        return reply
