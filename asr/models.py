"""Which speech model is used, and is it one? Looks in the places that an operator would expect, in a fixed order.

``auto``: VOSK_MODEL_PATH, the site's own ``models`` folder (where ``hotline model fetch`` puts it), vosk's usual
folders, and last the tiny model that ships for tests and the demo. A folder named in the configuration is used or
refused, never silently replaced.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hotline.errors import ConfigurationError

TEST_MODEL = Path(__file__).parent / "models" / "vosk-model-tiny-zh-12345"
"""Ships with the package; heard only a synthesiser and fails on people."""
USUAL_FOLDERS = (Path("/usr/share/vosk"), Path.home() / ".cache" / "vosk")
_LINE_RATE, _WIDE_RATE = 8000, 16000


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model folder that passed ``check_model``, and why this one."""

    folder: Path
    found_by: str

    @property
    def is_test_model(self) -> bool:
        """Whether it is the synthetic one: not for people."""
        return self.folder == TEST_MODEL


def find_model(
    configured: str,
    storage: Path,
    *,
    environment: Mapping[str, str] = os.environ,
    usual: Iterable[Path] = USUAL_FOLDERS,
) -> FoundModel:
    """The model to use. ``configured`` is ``auto``, ``tiny`` or a folder. Raises ConfigurationError."""
    match configured:
        case "auto":
            return _find_by_itself(storage, environment, usual)
        case "tiny":
            return _checked(TEST_MODEL, "asr.model")
        case _:
            return _checked(Path(configured).expanduser(), "asr.model")


def check_model(folder: Path) -> None:
    """Refuse what Vosk could not use on a telephone line. Raises ConfigurationError that says what is missing."""
    if not folder.is_dir():
        raise ConfigurationError(
            f"语音模型目录 {folder} 不存在;请执行 hotline model fetch 或修改 asr.model",
            f"the speech model {folder} is not a folder; run hotline model fetch, or correct asr.model",
        )
    missing = [" or ".join(names) for names in _PARTS if not any((folder / name).is_file() for name in names)]
    if missing:
        raise ConfigurationError(
            f"{folder} 不是完整的 Vosk 模型,缺少 {'、'.join(missing)};请执行 hotline model fetch",
            f"{folder} is not a whole Vosk model: it lacks {', '.join(missing)}; run hotline model fetch",
        )
    voice_rate(folder)


def features_file(folder: Path) -> Path:
    """Where the model says which sampling rate it wants."""
    return next((path for path in (folder / name for name in _FEATURES) if path.is_file()), folder / _FEATURES[0])


_FEATURES = ("conf/mfcc.conf", "mfcc.conf")
_PARTS = (
    ("am/final.mdl", "final.mdl"),
    _FEATURES,
    ("graph/HCLG.fst", "HCLG.fst", "graph/HCLr.fst", "HCLr.fst"),
    ("graph/words.txt", "words.txt", "graph/Gr.fst", "Gr.fst"),
)
"""Vosk's two layouts: folders, and the flat one of its first mobile models."""


def rate_for(conf: str) -> int | None:
    """At which rate voice is given to features configured so: 8000, 16000; None when telephone voice does not fit."""
    options = dict(line.strip().removeprefix("--").partition("=")[::2] for line in conf.splitlines() if "=" in line)
    rate = float(options.get("sample-frequency", "16000"))
    if rate <= _LINE_RATE or options.get("allow-upsample") == "true":
        return _LINE_RATE
    return _WIDE_RATE if rate == _WIDE_RATE else None


def voice_rate(folder: Path) -> int:
    """At which rate this model is given voice: 8 kHz as it comes, or doubled. Raises ConfigurationError."""
    path = features_file(folder)
    try:
        rate = rate_for(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as failure:
        raise ConfigurationError(f"无法读取 {path}", f"cannot read {path}: {failure}") from failure
    if rate is None:
        raise ConfigurationError(
            f"该模型的采样率不是 8 或 16 kHz;请在 {path} 中加入一行 --allow-upsample=true",
            f"this model wants another rate than 8 or 16 kHz; add the line --allow-upsample=true to {path}",
        )
    return rate


def _find_by_itself(storage: Path, environment: Mapping[str, str], usual: Iterable[Path]) -> FoundModel:
    if named := environment.get("VOSK_MODEL_PATH"):
        folder = Path(named).expanduser()
        return next(_models_in(folder, "VOSK_MODEL_PATH"), None) or _checked(folder, "VOSK_MODEL_PATH")
    for place in (storage / "models", *usual):
        for found in _models_in(place, str(place)):
            return found
    return _checked(TEST_MODEL, "shipped")


def _models_in(place: Path, found_by: str) -> Iterator[FoundModel]:
    """Chinese models in a folder of models; the ones that are not small come first."""
    folders = [path for path in place.glob("vosk-model*") if path.is_dir() and {"cn", "zh"} & set(path.name.split("-"))]
    for folder in sorted(folders, key=lambda path: ("small" in path.name or "tiny" in path.name, path.name)):
        yield _checked(folder, found_by)


def _checked(folder: Path, found_by: str) -> FoundModel:
    check_model(folder)
    return FoundModel(folder, found_by)
