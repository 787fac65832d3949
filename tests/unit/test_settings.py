"""The site's settings are checked whole, and every fault is named with its key's path."""

import copy
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from hotline.errors import ConfigurationError
from hotline.settings import Secrets, check_settings, load_settings

REPOSITORY = Path(__file__).resolve().parents[2]
VALUES: dict[str, Any] = yaml.safe_load((REPOSITORY / "config.yaml").read_text(encoding="utf-8"))


def fault(path: str, value: Any) -> str:
    """The sentence that refuses ``value`` at the dotted ``path``."""
    values = copy.deepcopy(VALUES)
    *parents, last = path.split(".")
    place: Any = values
    for key in parents:
        place = place[int(key)] if isinstance(place, list) else place[key]
    place[int(last) if isinstance(place, list) else last] = value
    with pytest.raises(ConfigurationError) as refusal:
        check_settings(values, base=REPOSITORY)
    return refusal.value.en


def test_the_shipped_file_is_right_and_relative_folders_start_where_it_lies() -> None:
    settings = load_settings(REPOSITORY / "config.yaml")
    assert settings.storage.folder == REPOSITORY / "var"
    assert settings.database_url.endswith("/var/hotline.db")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("web.prot", 8012),
        ("nonsense", {}),
        ("asterisk.sip_port", 99999),
        ("asterisk.host", "not-an-address"),
        ("site.timezone", "Mars/Olympus"),
        ("lines.0.number", "12345; rm -rf"),
        ("seats.0.id", "../1001"),
        ("groups.0.strategy", "whoever"),
        ("callback.ring_seconds", 0),
        ("tickets.deadline_days.一般", 0),
        ("organisation.units.0.level", 9),
        ("asr.vad_aggressiveness", 7),
    ],
)
def test_a_fault_is_named_with_its_path(path: str, value: Any) -> None:
    assert path.replace("-", "_") in fault(path, value)


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("lines.0.group", "nobody", "nobody"),
        ("seats.1.groups", ["ghosts"], "ghosts"),
        ("seats.1.id", "1001", "1001"),
        ("organisation.directory.0.unit", "nowhere", "nowhere"),
        ("organisation.map", {"别处": [0, 0]}, "no such place"),
        ("organisation.map", {"兰山区": [0, 0], "费县": [0, 0]}, "has this tile"),
        ("asterisk.http_port", 5038, "ami_port"),
        ("asterisk.rtp_last", 10010, "100 ports"),
        ("asr.hosts", ["10.0.0.5:9200"], "unencrypted"),
        ("asr.tls", {"certificate": "asr.pem"}, "belong together"),
    ],
)
def test_what_does_not_agree_is_refused(path: str, value: Any, named: str) -> None:
    assert named in fault(path, value)


def test_all_faults_are_told_at_once() -> None:
    values = copy.deepcopy(VALUES)
    values["web"]["prot"] = 1
    values["asterisk"]["sip_port"] = "x"
    with pytest.raises(ConfigurationError) as refusal:
        check_settings(values, base=REPOSITORY)
    assert "web.prot" in refusal.value.en
    assert "asterisk.sip_port" in refusal.value.en
    assert "2" in refusal.value.zh


@pytest.mark.parametrize("text", ["a: [", "- just\n- a list", "", "\x00"])
def test_rubbish_is_a_clear_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError):
        load_settings(path)


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot read"):
        load_settings(tmp_path / "absent.yaml")


def test_secrets_are_made_once_and_only_we_can_read_them(tmp_path: Path) -> None:
    first = Secrets(tmp_path).ami_password
    assert Secrets(tmp_path).ami_password == first
    assert len(first) >= 24
    assert Secrets(tmp_path).seat_password("1001") != Secrets(tmp_path).seat_password("1002")
    assert stat.S_IMODE(os.stat(tmp_path / "secrets.json").st_mode) == 0o600


def test_the_environment_wins_and_is_not_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_AMI_PASSWORD", "from-outside")
    assert Secrets(tmp_path).ami_password == "from-outside"
    assert not (tmp_path / "secrets.json").exists()


def test_a_damaged_secrets_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"secrets\.json"):
        Secrets(tmp_path)
    (tmp_path / "secrets.json").write_text(json.dumps({"ami_password": "known"}), encoding="utf-8")
    assert Secrets(tmp_path).ami_password == "known"
