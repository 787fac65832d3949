"""Versions and modules of an Asterisk."""

from pathlib import Path

import pytest

from hotline.errors import ConfigurationError
from telephony.asterisk.installation import REQUIRED_MODULES, AsteriskInstallation, parse_version


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("Asterisk 22.10.1+dfsg+~cs6.17.60671434-1\n", (22, 10, 1)),
        ("Asterisk 20.6.0~dfsg+~cs6.13.40431414-2build5", (20, 6, 0)),
        ("Asterisk certified/18.9-cert5", (18, 9, 0)),
        ("Asterisk certified-20.7-cert2", (20, 7, 0)),
    ],
)
def test_versions(text: str, version: tuple[int, int, int]) -> None:
    assert parse_version(text) == version


def test_no_version_is_an_error() -> None:
    with pytest.raises(ConfigurationError):
        parse_version("command not found")


def test_missing_modules_are_named(tmp_path: Path) -> None:
    for name in REQUIRED_MODULES[1:]:
        (tmp_path / f"{name}.so").touch()
    (tmp_path / "codec_gsm.so").touch()
    installation = AsteriskInstallation(
        command=("asterisk",), modules=tmp_path, data=tmp_path, version=(22, 0, 0), fetched=False
    )
    assert installation.missing_modules() == (REQUIRED_MODULES[0],)
    assert "codec_gsm" in installation.loadable_modules()
    assert "format_gsm" not in installation.loadable_modules()
    assert installation.music is None
