"""Finding a model, refusing what is none, and fetching one from a server on loopback that breaks off or lies."""

import hashlib
import io
import shutil
import threading
import wave
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from asr.commands import model_command
from asr.fetch import PublishedModel, WrongFile, fetch_model
from asr.models import TEST_MODEL, check_model, find_model, voice_rate
from asr.recogniser import VoskRecogniser
from asr.workers import Workers
from hotline.errors import ConfigurationError, Unavailable

SPEECH = Path(__file__).resolve().parents[1] / "speech"
NAME = "vosk-model-small-cn-9.9"
PARTS = {
    "am/final.mdl": b"x" * 5000,
    "conf/mfcc.conf": b"--sample-frequency=16000\n",
    "graph/HCLr.fst": b"y" * 3000,
    "graph/words.txt": b"z",
}


def make_model(folder: Path, parts: dict[str, bytes] = PARTS) -> Path:
    for name, content in parts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def eight_kilohertz(folder: Path) -> Path:
    return make_model(folder, PARTS | {"conf/mfcc.conf": b"--sample-frequency=8000\n"})


def test_the_shipped_model_is_the_last_resort(tmp_path: Path) -> None:
    found = find_model("auto", tmp_path, environment={}, usual=[tmp_path / "usual"])
    assert (found.folder, found.is_test_model) == (TEST_MODEL, True)


def test_the_places_are_searched_in_order(tmp_path: Path) -> None:
    usual, own = tmp_path / "usual", tmp_path / "var" / "models"
    big = eight_kilohertz(usual / "vosk-model-cn-0.22")
    eight_kilohertz(usual / "vosk-model-small-cn-0.22")
    eight_kilohertz(usual / "vosk-model-en-us")
    assert find_model("auto", tmp_path / "var", environment={}, usual=[usual]).folder == big
    mine = eight_kilohertz(own / "vosk-model-small-cn-0.22")
    assert find_model("auto", tmp_path / "var", environment={}, usual=[usual]).folder == mine
    for named in (big, usual):  # a model, or a folder of models as vosk has it
        found = find_model("auto", tmp_path / "var", environment={"VOSK_MODEL_PATH": str(named)}, usual=[])
        assert (found.folder, found.found_by) == (big, "VOSK_MODEL_PATH")
    assert find_model("tiny", tmp_path / "var", environment={"VOSK_MODEL_PATH": str(big)}).folder == TEST_MODEL


def test_a_wrong_path_is_refused_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"语音模型目录 .*nowhere 不存在"):
        find_model(str(tmp_path / "nowhere"), tmp_path)
    with pytest.raises(ConfigurationError, match="nowhere is not a folder"):
        find_model("auto", tmp_path, environment={"VOSK_MODEL_PATH": str(tmp_path / "nowhere")})


def test_half_a_model_is_named_by_what_it_lacks(tmp_path: Path) -> None:
    folder = eight_kilohertz(tmp_path / "model")
    (folder / "graph/HCLr.fst").unlink()
    with pytest.raises(ConfigurationError, match=r"graph/HCLG\.fst or HCLG\.fst or graph/HCLr\.fst"):
        check_model(folder)


def test_a_model_of_another_rate_is_told(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model")
    (folder / "conf/mfcc.conf").write_text("--sample-frequency=22050\n")
    with pytest.raises(ConfigurationError, match="--allow-upsample=true"):
        check_model(folder)


async def test_a_16_khz_model_hears_the_telephone(tmp_path: Path) -> None:
    """The tiny model with features of 16 kHz over the same band: a model that takes no 8 kHz, and the same ears."""
    folder = Path(shutil.copytree(TEST_MODEL, tmp_path / "wide"))
    conf = folder / "conf/mfcc.conf"
    text = conf.read_text().replace("frequency=8000", "frequency=16000").replace("high-freq=-100", "high-freq=-4100")
    conf.write_text(text)
    workers = Workers(1)
    recogniser = await VoskRecogniser.load(folder, workers)
    assert recogniser.rate == 16000
    said = {
        "48_menu": "非常满意",
        "54_menu": "没有解决",
        "38_digits": "零三六四",
    }
    for name, words in said.items():
        with wave.open(str(SPEECH / f"{name}.wav")) as file:
            audio = file.readframes(file.getnframes())
        voice = recogniser.open_voice()
        heard = [one for at in range(0, len(audio), 3200) for one in await voice.hear(audio[at : at + 3200])]
        last = await voice.settle()
        assert "".join(one.text for one in [*heard, last] if one.settled) == words
        assert (last.words or heard[-1].words)[-1].end < len(audio) / 16000 + 0.1, "times are the line's seconds"
    workers.close()


async def test_what_vosk_cannot_read_is_a_configuration_error(tmp_path: Path) -> None:
    workers = Workers(1)
    with pytest.raises(ConfigurationError, match="cannot load"):
        await VoskRecogniser.load(eight_kilohertz(tmp_path / "model"), workers)
    workers.close()


class Publisher(BaseHTTPRequestHandler):
    """A publisher's server: knows ranges, and breaks off as often as it is told."""

    content = b""
    breaks = 0
    ranged = True
    ranges: list[str | None]

    def do_GET(self) -> None:
        cls, asked = type(self), self.headers["Range"]
        cls.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and cls.ranged else 0
        if start >= len(cls.content):
            self.send_error(416)
            return
        body = cls.content[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(cls.content) - 1}/{len(cls.content)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if cls.breaks > 0:
            cls.breaks -= 1
            body = body[: len(body) // 2]
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Quiet."""


def zipped(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def server() -> Iterator[tuple[type[Publisher], str]]:
    handler = type("ThisPublisher", (Publisher,), {"ranges": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield handler, f"http://127.0.0.1:{running.server_address[1]}/model.zip"
        running.shutdown()
        thread.join()


def publish(handler: type[Publisher], url: str, content: bytes) -> PublishedModel:
    handler.content = content
    return PublishedModel(NAME, url, hashlib.sha256(content).hexdigest())


def fetch(model: PublishedModel, folder: Path, seen: list[int] | None = None) -> Path:
    with httpx.Client(timeout=5, trust_env=False) as client:
        progress = seen if seen is not None else []
        return fetch_model(model, folder, client, lambda have, _: progress.append(have), pause=lambda _: None)


def test_an_interrupted_download_goes_on_where_it_was(server: tuple[type[Publisher], str], tmp_path: Path) -> None:
    handler, url = server
    model = publish(handler, url, zipped({f"{NAME}/{name}": content for name, content in PARTS.items()}))
    handler.breaks = 2
    seen: list[int] = []
    path = fetch(model, tmp_path, seen)
    assert path == tmp_path / NAME
    assert (path / "am/final.mdl").read_bytes() == PARTS["am/final.mdl"]
    assert voice_rate(path) == 16000
    half = len(handler.content) // 2
    assert handler.ranges[:2] == [None, f"bytes={half}-"]
    assert (seen == sorted(seen), seen[-1]) == (True, len(handler.content))
    assert [entry.name for entry in tmp_path.iterdir()] == [NAME]
    fetch(model, tmp_path)
    assert len(handler.ranges) == 3  # it is there: not asked for again


def test_a_server_without_ranges_starts_afresh(server: tuple[type[Publisher], str], tmp_path: Path) -> None:
    handler, url = server
    model = publish(handler, url, zipped({f"{NAME}/{name}": content for name, content in PARTS.items()}))
    handler.breaks, handler.ranged = 1, False
    assert fetch(model, tmp_path).is_dir()


def test_what_came_is_kept_for_the_next_run(server: tuple[type[Publisher], str], tmp_path: Path) -> None:
    handler, url = server
    model = publish(handler, url, zipped({f"{NAME}/{name}": content for name, content in PARTS.items()}))
    handler.breaks = 5
    with pytest.raises(Unavailable, match="what came is kept"):
        fetch(model, tmp_path)
    assert fetch(model, tmp_path).is_dir()
    assert handler.ranges[5] is not None


def test_a_wrong_hash_leaves_nothing(server: tuple[type[Publisher], str], tmp_path: Path) -> None:
    handler, url = server
    model = publish(handler, url, zipped({f"{NAME}/am/final.mdl": b"x"}))
    handler.content = handler.content[:-1] + b"?"
    with pytest.raises(WrongFile, match="sha256"):
        fetch(model, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["../evil", f"{NAME}/../../evil", "/evil", f"{NAME}/..\\evil"])
def test_paths_that_lead_out_are_refused(server: tuple[type[Publisher], str], tmp_path: Path, path: str) -> None:
    handler, url = server
    model = publish(handler, url, zipped({path: b"x"}))
    with pytest.raises(WrongFile, match="path"):
        fetch(model, tmp_path / "models")
    assert not (tmp_path / NAME).exists()
    assert not any(found.name == "evil" for found in tmp_path.rglob("*"))


def test_a_missing_file_is_said(server: tuple[type[Publisher], str], tmp_path: Path) -> None:
    _, url = server
    with pytest.raises(Unavailable, match="answered 416"):  # the publisher has nothing
        fetch(PublishedModel(NAME, url, ""), tmp_path)


def test_the_commands_say_what_is_so(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        "lines: [{number: '12345', group: g}]\ngroups: [{id: g, name: g}]\nseats: [{id: '1001', groups: [g]}]\n"
        "asr: {model: tiny}\n"
    )
    run = CliRunner().invoke
    where = run(model_command, ["where", "--config", str(config)])
    assert (where.exit_code, "vosk-model-tiny-zh-12345" in where.output) == (0, True)
    assert "it fails on people" in where.output
    assert run(model_command, ["check", "--config", str(config)]).exit_code == 0
    wrong = run(model_command, ["check", str(tmp_path / "nowhere")])
    assert (wrong.exit_code, "is not a folder" in wrong.output) == (1, True)
