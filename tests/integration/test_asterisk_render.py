"""The folder that Asterisk starts from."""

import wave
from pathlib import Path

import pytest

from hotline.settings import Secrets, Settings, check_settings
from telephony.asterisk import AsteriskInstallation, render


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return check_settings(
        {
            "storage": {"folder": "var"},
            "lines": [{"number": "12345", "group": "general"}],
            "groups": [{"id": "general", "name": "综合"}],
            "seats": [{"id": "1001", "groups": ["general"]}],
        },
        base=tmp_path,
    )


@pytest.fixture
def installation(tmp_path: Path) -> AsteriskInstallation:
    """Only looked at, not run."""
    return AsteriskInstallation(
        command=("asterisk",), modules=tmp_path / "modules", data=tmp_path / "data", version=(22, 0, 0), fetched=False
    )


def _prompt(path: Path, length: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8000, length, "NONE", ""))
        sound.writeframes(bytes(2 * length))


def test_rendering_twice_changes_nothing(
    tmp_path: Path, settings: Settings, installation: AsteriskInstallation
) -> None:
    folder, secrets = tmp_path / "var", Secrets(tmp_path / "var")
    files = render(settings, secrets, installation, folder)
    first = {path.name: path.read_bytes() for path in files.configuration.parent.iterdir()}
    render(settings, secrets, installation, folder)
    assert {path.name: path.read_bytes() for path in files.configuration.parent.iterdir()} == first
    assert files.configuration.name in first


def test_files_hold_passwords_and_are_ours_alone(
    tmp_path: Path, settings: Settings, installation: AsteriskInstallation
) -> None:
    secrets = Secrets(tmp_path / "var")
    files = render(settings, secrets, installation, tmp_path / "var")
    pjsip = files.configuration.with_name("pjsip.conf")
    assert secrets.seat_password("1001") in pjsip.read_text()
    assert pjsip.stat().st_mode & 0o077 == 0


def test_a_site_s_own_prompt_stays(tmp_path: Path, settings: Settings, installation: AsteriskInstallation) -> None:
    prompts, sounds = tmp_path / "prompts", tmp_path / "var/sounds/zh/hotline"
    _prompt(prompts / "zh/hotline/welcome.wav", 100)
    _prompt(prompts / "zh/hotline/beep.wav", 100)
    _prompt(sounds / "welcome.wav", 300)
    for _ in range(2):
        render(settings, Secrets(tmp_path / "var"), installation, tmp_path / "var", prompts=prompts)
    assert not (sounds / "welcome.wav").is_symlink()
    assert (sounds / "beep.wav").resolve() == (prompts / "zh/hotline/beep.wav").resolve()
    assert (tmp_path / "var/share/sounds/zh/hotline/beep.wav").exists(), "where Asterisk looks"
