"""Summaries by a language model, against a server that behaves well, slowly, badly or not at all."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from hotline.errors import RuleBroken, Unavailable
from hotline.settings import Llm
from tickets.summaries import MARK, Summaries, masked

SAID = [
    ("agent", "请讲"),
    ("citizen", "罗家庄村路灯不亮三天了我电话幺三八零零零零零零零一"),
    ("citizen", "身份证371302199001011234"),
]


def completion(text: object) -> bytes:
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()


@asynccontextmanager
async def model(answer: bytes | None, status: str = "200 OK") -> AsyncIterator[tuple[str, list[bytes]]]:
    """An HTTP server with one answer; None: it never answers. And what it was asked."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.lower().splitlines() if b"content-length" in line)
        asked.append(head + await reader.readexactly(length))
        if answer is not None:
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(answer)}\r\n\r\n".encode() + answer)
        with suppress(OSError):
            await reader.read()  # until the client has gone
            writer.close()
            await writer.wait_closed()
        gone.set()

    gone = asyncio.Event()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", asked
        async with asyncio.timeout(10):
            await gone.wait()


def summaries(url: str, seconds: float = 5.0) -> Summaries:
    made = Summaries.of(Llm(url=url, model="tiny", seconds=seconds))
    assert made is not None
    return made


async def test_a_summary_is_marked_and_no_number_leaves_the_house(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_LLM_KEY", "secret-key")
    async with model(completion("<think>想一想</think>诉求人反映罗家庄村\n路灯不亮。")) as (url, asked):
        made = await summaries(url).summarise(SAID)
    assert (made.text, made.model) == (f"{MARK}诉求人反映罗家庄村 路灯不亮。", "tiny")
    assert asked[0].startswith(b"POST /v1/chat/completions ")
    assert b"secret-key" in asked[0]
    body = asked[0].partition(b"\r\n\r\n")[2]
    talk = json.loads(body)["messages"][1]["content"]
    assert "市民:罗家庄村路灯不亮三天了我电话***" in talk
    assert not set("0123456789幺八") & set(talk)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>oops</html>", b"{}", b"[1]", b'{"choices": []}', b'{"choices": [{"message": null}]}',
        completion(""), completion(None), completion("<think>and never an end"), b"\xff\xfe\x00", b"[" * 60_000,
        completion("x" * 200_000),
    ],
)  # fmt: skip
async def test_nonsense_is_no_summary(body: bytes) -> None:
    async with model(body) as (url, _):
        with pytest.raises(Unavailable, match="no summary"):
            await summaries(url).summarise(SAID)


async def test_a_long_story_is_cut() -> None:
    async with model(completion("长" * 5000)) as (url, _):
        assert len((await summaries(url).summarise(SAID)).text) == 600 + len(MARK)


async def test_an_error_a_closed_port_and_silence_are_said_in_time() -> None:
    async with model(b"busy", "503 Service Unavailable") as (url, _):
        with pytest.raises(Unavailable):
            await summaries(url).summarise(SAID)
    with pytest.raises(Unavailable):
        await summaries(url).summarise(SAID)  # nobody listens there any more
    async with model(None) as (url, asked):
        began = asyncio.get_running_loop().time()
        with pytest.raises(Unavailable, match="Timeout"):
            await summaries(url, seconds=0.2).summarise(SAID)
        assert asyncio.get_running_loop().time() - began < 5
        assert asked


async def test_a_site_without_a_model_has_none_and_nothing_said_is_nothing_to_sum_up() -> None:
    assert Summaries.of(Llm()) is None
    with pytest.raises(RuleBroken):
        await summaries("http://127.0.0.1:9/v1").summarise([("citizen", " ")])


def test_only_long_numbers_are_masked() -> None:
    assert masked("三号楼二单元停水五天电话13800000001") == "三号楼二单元停水五天电话***********"
