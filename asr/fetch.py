"""Gets a speech model from its publisher: resumable, checked against its sha256, unpacked safely, put in place whole.

A broken line costs only what was not received yet; a wrong hash leaves nothing behind; the model's folder appears
in one step, so that nobody ever loads half of one.
"""

import hashlib
import shutil
import stat
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile, ZipInfo

import httpx

from asr.models import check_model, features_file, rate_for
from hotline.errors import Unavailable

Progress = Callable[[int, int | None], None]
"""Told the bytes received so far and of how many, if known."""

_ATTEMPTS = 5
_LARGEST = 8 << 30
"""Bytes that a model may unpack to at most."""


@dataclass(frozen=True, slots=True)
class PublishedModel:
    """A model as its publisher offers it: a zip with one folder named ``name``."""

    name: str
    url: str
    sha256: str


SMALL_CHINESE = PublishedModel(
    "vosk-model-small-cn-0.22",
    "https://alphacephei.com/vosk/models/vosk-model-small-cn-0.22.zip",
    "3af8b0e7e0f835ae9d414ce5df580237a3cfb08d586c9fbbb0f7ff29ad5b14ba",
)
"""42 MB, Apache-2.0, made from people's voices by the authors of Vosk."""


class WrongFile(Unavailable):
    """What was downloaded is not what was published."""

    code = "wrong_file"


def fetch_model(
    model: PublishedModel,
    folder: Path,
    client: httpx.Client,
    progress: Progress,
    *,
    pause: Callable[[float], None] = time.sleep,
) -> Path:
    """The model's folder inside ``folder``, downloaded if it is not there. Raises Unavailable."""
    target = folder / model.name
    if target.is_dir():
        check_model(target)
        return target
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{model.name}.zip.part"
    _download(model, part, client, progress, pause)
    _verify(model, part)
    _unpack(model, part, target)
    part.unlink()
    return target


def _download(
    model: PublishedModel, part: Path, client: httpx.Client, progress: Progress, pause: Callable[[float], None]
) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            _receive(model.url, part, client, progress)
            return
        except httpx.HTTPStatusError as failure:
            status = failure.response.status_code
            if status < 500:
                raise Unavailable(f"下载地址返回 {status}:{model.url}", f"{model.url} answered {status}") from failure
            reason: Exception = failure
        except httpx.TransportError as failure:
            reason = failure
        if attempt + 1 < _ATTEMPTS:
            pause(2.0**attempt)
    raise Unavailable(
        f"无法下载 {model.url};已下载的部分会保留,请稍后重试,或手工下载并解压后用 asr.model 指定",
        f"cannot download {model.url}: {reason}; what came is kept: try again, or unpack it by hand and set asr.model",
    ) from reason


def _receive(url: str, part: Path, client: httpx.Client, progress: Progress) -> None:
    have = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with client.stream("GET", url, headers=headers) as response:
        if have and response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # it is all here, or it is wrong: the hash tells
        response.raise_for_status()
        resumed = _continues(response, have)
        have = have if resumed else 0
        length = response.headers.get("Content-Length")
        total = have + int(length) if length else None
        with part.open("ab" if resumed else "wb") as file:
            for block in response.iter_raw():  # as it comes: a broken line costs nothing that arrived
                file.write(block)
                have += len(block)
                progress(have, total)
    if total is not None and have < total:
        raise httpx.ReadError(f"{have} of {total} bytes came")


def _continues(response: httpx.Response, have: int) -> bool:
    given = response.headers.get("Content-Range", "")
    return response.status_code == httpx.codes.PARTIAL_CONTENT and given.startswith(f"bytes {have}-")


def _verify(model: PublishedModel, part: Path) -> None:
    with part.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != model.sha256:
        part.unlink()
        raise WrongFile(
            "下载的文件与公布的 sha256 不符,已删除,请重新下载",
            f"sha256 is {found}, not {model.sha256}; deleted: fetch it again",
        )


def _unpack(model: PublishedModel, archive: Path, target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=target.parent) as place:
        try:
            with ZipFile(archive) as file:
                _check_members(model, file.infolist())
                file.extractall(place)
        except BadZipFile as failure:
            raise WrongFile("下载的文件不是 zip", f"what came is not a zip file: {failure}") from failure
        folder = Path(place) / model.name
        _allow_line_rate(folder)
        check_model(folder)
        shutil.move(folder, target)  # same file system: one rename


def _check_members(model: PublishedModel, members: list[ZipInfo]) -> None:
    for member in members:
        parts = member.filename.split("/")
        if (
            parts[0] != model.name
            or ".." in parts
            or "\\" in member.filename
            or stat.S_ISLNK(member.external_attr >> 16)
        ):
            raise WrongFile(
                "压缩包中有不允许的路径", f"the archive holds a path that it should not: {member.filename!r}"
            )
    if sum(member.file_size for member in members) > _LARGEST:
        raise WrongFile("压缩包解开后过大", "the archive unpacks to more than 8 GiB")


def _allow_line_rate(folder: Path) -> None:
    """Models of other rates than 8 and 16 kHz take 8 kHz voice once they are told to (Kaldi resamples)."""
    conf = features_file(folder)
    if conf.is_file() and rate_for(text := conf.read_text(encoding="utf-8")) is None:
        conf.write_text(f"{text.rstrip()}\n--allow-upsample=true\n", encoding="utf-8")
