"""A call as a script sees it: dial, wait, speak, listen, press, hang up. Every wait is an event, with a time limit."""

import asyncio
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hotline.errors import RuleBroken, Unavailable
from telephony.phone.hearing import Heard
from telephony.phone.line import Line
from telephony.phone.mulaw import Samples
from telephony.phone.repairs import Audio, Call
from telephony.phone.tones import RATE, make_tone


class CallRefused(Unavailable):
    """The other side did not take the call. ``status``: SIP status (486 busy, 603 declined, 404 unknown …)."""

    code = "call_refused"

    def __init__(self, status: int) -> None:
        super().__init__(f"呼叫未接通（SIP {status}）", f"the call was not taken (SIP {status})")
        self.status = status


class CallOver(RuleBroken):
    """Something was asked of a call that has ended."""

    code = "call_over"

    def __init__(self) -> None:
        super().__init__("通话已结束", "the call has ended")


@dataclass(frozen=True)
class Ending:
    """How a call ended. ``status``: 200 for a hang-up, otherwise the SIP status that refused it."""

    by_us: bool
    status: int


class PhoneCall:
    """One call of a scripted phone, outgoing or answered."""

    def __init__(self, number: str) -> None:
        self.number = number
        self.heard = Heard()
        self.keys = ""
        self.ending: Ending | None = None
        self._line: Line | None = None
        self._call: Call | None = None
        self._ringing, self._answered, self._ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._key_pressed = asyncio.Event()
        self._was_taken = False

    def attach(self, line: Line, call: Call) -> None:
        """Bind to the dialogue that this call drives; done once by whoever makes or takes the call."""
        self._line, self._call = line, call

    @property
    def is_up(self) -> bool:
        """Answered and not ended."""
        return self._was_taken and self.ending is None

    @property
    def sip_call_id(self) -> str:
        """The SIP Call-ID, as Asterisk logs it."""
        return str(self._dialogue().request.call_id)

    async def wait_ringing(self, timeout: float = 5.0) -> None:
        """Until the far end rings or answers. Raises ``CallRefused`` or ``TimeoutError``."""
        await self._wait(self._ringing, timeout)

    async def wait_answered(self, timeout: float = 10.0) -> None:
        """Until the far end answers. Raises ``CallRefused`` or ``TimeoutError`` (the call goes on ringing)."""
        await self._wait(self._answered, timeout)

    async def wait_ended(self, timeout: float = 10.0) -> Ending:
        """Until the call is over, however it came. Raises ``TimeoutError``."""
        async with asyncio.timeout(timeout):
            await self._ended.wait()
        assert self.ending is not None
        return self.ending

    async def say(self, sound: Path | str | bytes | Samples) -> bool:
        """Speak a wav (8 kHz, mono, 16-bit), PCM of that form, or samples, in real time. False if cut off."""
        return await self._spoken(self._audio().send(read_sound(sound)))

    async def say_tone(self, hz: float, seconds: float) -> bool:
        """A sine of ``seconds``, in real time. False if the call ended before."""
        return await self._spoken(self._audio().send(make_tone(hz, seconds)))

    async def press(self, keys: str) -> bool:
        """Press keys one after another (RFC 2833), 240 ms each. False if the call ended before."""
        marks = [self._audio().send_key(key) for key in keys]
        return not marks or await self._spoken(marks[-1])

    async def next_key(self, timeout: float = 5.0) -> str:
        """The next key that the other side presses and nobody has taken yet (``keys`` shows those waiting)."""
        async with asyncio.timeout(timeout):
            while not self.keys:
                self._key_pressed.clear()
                await self._key_pressed.wait()
        key, self.keys = self.keys[0], self.keys[1:]
        return key

    async def hears_tone(self, hz: float, timeout: float = 5.0, since: float | None = None) -> float:
        """Seconds until ``hz`` is heard, from ``since`` (loop clock; default now). Raises ``TimeoutError``."""
        return await self.heard.tone(hz, timeout, since)

    async def hears_sound(self, timeout: float = 5.0, since: float | None = None) -> float:
        """Seconds until any sound is heard. Raises ``TimeoutError``."""
        return await self.heard.sound(timeout, since)

    async def hears_silence(self, seconds: float = 1.0, timeout: float = 30.0) -> None:
        """Until nothing was heard for ``seconds``. Raises ``TimeoutError``."""
        await self.heard.silence(seconds, timeout)

    def record_to(self, path: Path | str) -> None:
        """Keep what is heard from now on in a wav; it is closed with the call."""
        self.heard.record_to(Path(path))

    async def hang_up(self, timeout: float = 5.0) -> Ending:
        """End the call in whatever state it is (BYE, CANCEL, 603). Nothing happens if it has ended already."""
        if self.ending is None and self._line is not None:
            self._line.hang_up(self._dialogue())
            try:
                return await self.wait_ended(timeout)
            except TimeoutError:
                self._line.abandon(self._dialogue())
        return await self.wait_ended(timeout)

    def on_ringing(self) -> None:
        self._ringing.set()

    def on_answered(self) -> None:
        self._was_taken = True
        self._ringing.set()
        self._answered.set()

    def on_ended(self, by_us: bool, status: int) -> None:
        self.ending = Ending(by_us, status)
        self.heard.stop_recording()
        for event in (self._ended, self._ringing, self._answered):
            event.set()

    def on_audio(self, samples: Samples) -> None:
        self.heard.add(samples)

    def on_key(self, key: str) -> None:
        self.keys += key
        self._key_pressed.set()

    async def _wait(self, event: asyncio.Event, timeout: float) -> None:
        async with asyncio.timeout(timeout):
            await event.wait()
        if self.ending is not None and not self._was_taken:
            raise CallRefused(self.ending.status)

    async def _spoken(self, mark: "asyncio.Future[None]") -> bool:
        try:
            await asyncio.shield(mark)
        except asyncio.CancelledError:
            if not mark.cancelled():
                raise  # it is the script that was cancelled, not the sentence
            return False
        return True

    def _dialogue(self) -> Call:
        assert self._call is not None, "attach() comes first"
        return self._call

    def _audio(self) -> Audio:
        audio = self._dialogue().audio
        if audio is None or self.ending is not None:
            raise CallOver
        return audio


class IncomingCall(PhoneCall):
    """A call that rings here. ``number`` is the caller's, ``dialled`` the number that was called."""

    def __init__(self, number: str, dialled: str) -> None:
        super().__init__(number)
        self.dialled = dialled

    async def answer(self) -> PhoneCall:
        """Take the call; from now on both hear each other. Raises ``CallOver`` if they gave up before."""
        if self.ending is not None or self._line is None:
            raise CallOver
        self._line.answer(self._dialogue())
        return self

    def reject(self, status: int = 486) -> None:
        """Turn it away: 486 busy, 603 declined, 480 unavailable."""
        if self._line is not None:
            self._line.refuse(self._dialogue(), status)

    def ignore(self) -> None:
        """Let it ring. (Nothing to do: it rings until the caller gives up; ``wait_ended`` says when.)"""


def read_sound(sound: Path | str | bytes | Samples) -> Samples:
    """A wav file, raw 16-bit PCM or samples → samples at 8 kHz. Raises ``ValueError`` on another form, ``OSError``."""
    if isinstance(sound, np.ndarray):
        return sound.astype(np.int16)
    if isinstance(sound, bytes):
        return np.frombuffer(sound[: len(sound) // 2 * 2], "<i2").astype(np.int16)
    try:
        with wave.open(str(sound), "rb") as file:
            form = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            frames = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError(f"{sound}: not a wav file ({error})") from error
    if form != (RATE, 1, 2):
        found = f"{form[0]} Hz, {form[1]} channel(s), {form[2] * 8} bit"
        raise ValueError(f"{sound}: {found}; wanted 8000 Hz, mono, 16 bit")
    return np.frombuffer(frames, "<i2").astype(np.int16)
