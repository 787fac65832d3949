"""Recognition on other machines: real ``hotline asr --listen`` processes, killed, stopped and lied to in mid-call."""

import asyncio
import os
import re
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from asr import wire
from asr.audiosocket import AudioSocketServer
from asr.encryption import host_context, write_certificate
from asr.fakes import ScriptedRecogniser
from asr.host import HostFigures, open_host
from asr.models import TEST_MODEL
from asr.pool import Pool, open_pool
from asr.recogniser import VoskRecogniser
from asr.recognition import Recognition
from asr.remote import RemoteHost
from asr.service import Transcription
from asr.workers import Workers
from hotline.clock import SystemClock
from hotline.database import Database
from hotline.errors import ConfigurationError, Unavailable
from hotline.settings import AsrTls
from tests.integration.asr_spies import FakeSpies, read_wav
from tests.integration.test_asr_endurance import ASR, SPEECH, TEXTS, database, missing, spoken
from tests.integration.test_asr_service import connected

__all__ = ["database"]
SECRET = "the secret of this test"
NAMES = ("18_held", "12_held", "00_held")
TINY = {
    "storage": {"folder": "var"},
    "lines": [{"number": "12345", "group": "general"}],
    "groups": [{"id": "general", "name": "综合"}],
    "seats": [{"id": "1001", "groups": ["general"]}],
}


def _write_config(folder: Path, tls: AsrTls | None) -> Path:
    folder.mkdir()
    config = folder / "config.yaml"
    asr = {"model": "tiny", "workers": 1, "tls": tls.model_dump(mode="json") if tls else None}
    config.write_text(yaml.safe_dump(TINY | {"asr": asr}, allow_unicode=True), encoding="utf-8")
    return config


def throwaway(folder: Path) -> AsrTls:
    """A fresh certificate for this machine, which its own engine trusts."""
    certificate, key = write_certificate(["127.0.0.1"], folder, datetime.now(UTC))
    return AsrTls(certificate=certificate, key=key, trust=str(certificate))


@asynccontextmanager
async def listening(folder: Path, tls: AsrTls | None = None) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A recognition host of its own process, and its address."""
    config = await asyncio.to_thread(_write_config, folder, tls)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hotline.cli", "asr", "--listen", "127.0.0.1:0", "--config", str(config),
        stderr=asyncio.subprocess.PIPE, env=os.environ | {"HOTLINE_ASR_SECRET": SECRET},
    )  # fmt: skip
    assert process.stderr is not None
    told = b""
    async with asyncio.timeout(60):
        while not (port := re.search(rb"127\.0\.0\.1:(\d+)", told)):
            line = await process.stderr.readline()
            assert line, told.decode()
            told += line
    try:
        yield process, f"127.0.0.1:{int(port[1])}"
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        await process.wait()


@asynccontextmanager
async def in_process(
    *lines: str, secret: str = SECRET, streams: int = 4, tls: AsrTls | None = None
) -> AsyncIterator[str]:
    """A host that says what it is told."""
    figures = HostFigures("scripted", streams)
    recogniser = ScriptedRecogniser(*lines)
    async with open_host("127.0.0.1", 0, recogniser, figures, secret, tls=host_context(tls)) as (_, port):
        yield f"127.0.0.1:{port}"


async def reached(pool: Pool, count: int = 1) -> None:
    """Until so many hosts are up."""
    async with asyncio.timeout(20):
        while sum(view.up for view in pool.views) < count:  # noqa: ASYNC110 (screens poll it too)
            await asyncio.sleep(0.05)


async def busy_host(pool: Pool) -> str:
    """The host that follows a voice now."""
    async with asyncio.timeout(20):
        while not (busy := [view.address for view in pool.views if view.voices]):  # noqa: ASYNC110 (as above)
            await asyncio.sleep(0.05)
    return busy[0]


@pytest.mark.parametrize("blow", [signal.SIGKILL, pytest.param(signal.SIGSTOP, marks=pytest.mark.long)])
async def test_a_host_lost_in_mid_sentence_loses_no_word(
    database: Database, tmp_path: Path, blow: signal.Signals
) -> None:
    voice, middle = spoken()
    tls = throwaway(tmp_path)
    async with (
        listening(tmp_path / "one", tls) as (first, one),
        listening(tmp_path / "two", tls) as (second, two),
        open_pool([one, two], SECRET, own=None, own_streams=0, tls=tls) as pool,
        AudioSocketServer(0, SystemClock()) as door,
    ):
        await reached(pool, 2)
        spies = FakeSpies(door.port, {"c1": voice})
        service = Transcription(
            database, spying=spies, door=door, recogniser=pool, state=Recognition(True), settings=ASR,
            clock=SystemClock(), pool=pool,
        )  # fmt: skip
        service.follow(connected(agent=""))
        await asyncio.sleep(middle)
        struck = await busy_host(pool)
        assert struck in (one, two)
        (first if struck == one else second).send_signal(blow)
        await spies.played("c1")
        service.end("call_1")
        async with asyncio.timeout(30):
            await service.idle()
        said = await service.transcript("call_1")
        assert pool.moved >= 1
        assert [view.up for view in pool.views if view.address == struck] == [False]
    wanted = "".join(TEXTS[name] for name in NAMES)
    assert missing("".join(one.text for one in said), wanted) <= 1, [one.text for one in said]
    assert not any(one.repaired for one in said), "nothing was left to the second pass"
    spans = [(one.started_at, one.seconds) for one in said]
    assert spans == sorted(spans)
    assert all(0 <= word.start <= one.seconds for one in said for word in one.words)


async def test_both_legs_of_a_call_go_to_one_host_and_calls_are_spread() -> None:
    async with (
        in_process() as one,
        in_process() as two,
        open_pool([one, two], SECRET, own=None, own_streams=0) as pool,
    ):
        await reached(pool, 2)
        assert pool.streams == 8
        for call_id in ("call_1", "call_1", "call_2", "call_2"):
            await pool.open_voice(call_id=call_id).hear(bytes(3200))
        assert sorted(view.voices for view in pool.views) == [2, 2]


async def test_without_any_host_the_engine_decodes_by_itself_and_a_host_that_comes_back_is_used() -> None:
    own = ScriptedRecogniser("自己")
    async with open_pool(["127.0.0.1:9"], SECRET, own=own, own_streams=3) as pool:
        assert pool.streams == 3
        voice = pool.open_voice(call_id="call_1")
        await voice.hear(bytes(3200))
        assert (await voice.settle()).text == "自己"
    async with in_process("他机") as address, open_pool([address], SECRET, own=own, own_streams=3) as pool:
        await reached(pool)
        voice = pool.open_voice(call_id="call_1")
        await voice.hear(bytes(3200))
        assert (await voice.settle()).text == "他机"
        voice.close()


async def test_who_does_not_know_the_secret_gets_nothing_from_either_side() -> None:
    async with (
        in_process("秘密", secret="another secret, long enough") as address,
        open_pool([address], SECRET, own=None, own_streams=0) as pool,
    ):
        assert not pool.streams
        for rubbish in (b"\x00" * 40, "{}", "[" * 5000, '{"version": 1, "nonce": "' + "0" * 32 + '"}'):
            async with connect(f"ws://{address}/", proxy=None) as stranger:
                await stranger.send(rubbish)
                with pytest.raises(ConnectionClosed):
                    for _ in range(3):
                        await stranger.recv()
                        await stranger.send('{"proof": "0", "wish": "voice"}')
    with pytest.raises(ConfigurationError, match="16"):
        async with open_host("127.0.0.1", 0, ScriptedRecogniser(), HostFigures("scripted", 1), "short"):
            pass


async def heard_by(pool: Pool) -> str:
    """What a host makes of a voice."""
    voice = pool.open_voice()
    await voice.hear(bytes(3200))
    try:
        return (await voice.settle()).text
    finally:
        voice.close()


async def test_voices_travel_encrypted_to_hosts_that_are_trusted(tmp_path: Path) -> None:
    ours, others = throwaway(tmp_path / "ours"), throwaway(tmp_path / "others")
    async with in_process("加密", tls=ours) as address:
        async with open_pool([address], SECRET, own=None, own_streams=0, tls=ours) as pool:
            assert await heard_by(pool) == "加密"
        for tls in (others, None):  # somebody else's certificate is wanted; encryption is not even tried
            host = RemoteHost(address, SECRET, tls)
            with pytest.raises((ssl.SSLError, WebSocketException, OSError)):
                await host.open(wire.WATCH)
            assert not host.streams
    async with in_process("明文") as address:  # a host that does not encrypt is told nothing
        with pytest.raises((ssl.SSLError, OSError)):
            await RemoteHost(address, SECRET, ours).open(wire.WATCH)


async def test_a_certificate_that_comes_late_needs_no_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asr.pool._FIRST_ANSWER_SECONDS", 0.1)
    ours = throwaway(tmp_path / "ours")
    late = AsrTls(trust=str(tmp_path / "late.pem"))
    async with (
        in_process("迟到", tls=ours) as address,
        open_pool([address], SECRET, own=None, own_streams=0, tls=late) as pool,
    ):
        assert not pool.streams
        assert ours.certificate is not None
        (tmp_path / "late.pem").write_bytes(ours.certificate.read_bytes())
        assert await heard_by(pool) == "迟到"


async def test_an_open_door_must_be_wanted(tmp_path: Path) -> None:
    figures = HostFigures("scripted", 1)
    with pytest.raises(ConfigurationError, match="unencrypted"):
        async with open_host("0.0.0.0", 0, ScriptedRecogniser(), figures, SECRET):
            pass
    async with open_host("0.0.0.0", 0, ScriptedRecogniser(), figures, SECRET, unencrypted=True):
        pass
    for tls in (AsrTls(certificate=tmp_path / "no", key=tmp_path / "no"), throwaway(tmp_path)):
        (tmp_path / "asr.key").write_text("no key")
        with pytest.raises(ConfigurationError, match="cannot be used"):
            host_context(tls)


async def test_a_host_whose_thread_sticks_gives_its_voice_away(tmp_path: Path) -> None:
    workers = Workers(1)
    engine = await VoskRecogniser.load(TEST_MODEL, workers)
    async with (
        open_host("127.0.0.1", 0, ScriptedRecogniser(failures=1), HostFigures("bad", 100), SECRET) as (_, bad),
        open_host("127.0.0.1", 0, engine, HostFigures("tiny", 1), SECRET) as (_, good),
        open_pool([f"127.0.0.1:{bad}", f"127.0.0.1:{good}"], SECRET, own=None, own_streams=0) as pool,
    ):
        await reached(pool, 2)
        voice = pool.open_voice(call_id="call_1")
        sound = read_wav(SPEECH / f"{NAMES[0]}.wav")
        for at in range(0, len(sound), 3200):
            await voice.hear(sound[at : at + 3200])
        heard = await voice.settle()
        assert pool.moved == 1
        assert missing(heard.text, TEXTS[NAMES[0]]) <= 1
        assert heard.words[0].start < len(sound) / 16000
        voice.close()
    workers.close()


async def test_no_host_and_no_model_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asr.pool._PATIENCE", 0.1)
    async with open_pool(["127.0.0.1:9"], SECRET, own=None, own_streams=0) as pool:
        with pytest.raises(Unavailable, match="no recognition host"):
            await pool.open_voice().hear(bytes(320))
