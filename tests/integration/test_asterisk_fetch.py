"""When no Asterisk can be had: the errors an operator sees. (The system tests stand on the fetch that succeeds.)"""

import shutil
import threading
from pathlib import Path

import pytest

from hotline.errors import ConfigurationError
from telephony.asterisk import ensure_asterisk, locate_asterisk
from telephony.asterisk.apt_sources import Source
from telephony.asterisk.fetch import fetch_asterisk, machine_sources

needs_apt = pytest.mark.skipif(shutil.which("apt-get") is None, reason="no apt on this machine")


def _distribution() -> str:
    release = Path("/etc/os-release").read_text()
    return next((line.partition("=")[2] for line in release.splitlines() if line.startswith("VERSION_CODENAME")), "")


@needs_apt
def test_a_mirror_without_asterisk_says_what_to_do_next(tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    source = Source(f"file:{mirror}", (_distribution(),), ("main",))
    with pytest.raises(ConfigurationError, match=r"asterisk\.binary") as failure:
        fetch_asterisk(tmp_path / "asterisk", [source])
    assert "下一步" in failure.value.zh
    assert "forky" in failure.value.en or "universe" in failure.value.en or "Release" in failure.value.en
    assert not (tmp_path / "asterisk").exists()


def test_no_archive_in_the_sources(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"apt|dpkg"):
        fetch_asterisk(tmp_path / "asterisk", [Source("https://extras.example/apt", ("stable",), ("docker",))])


def test_no_apt_on_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="apt-get"):
        fetch_asterisk(tmp_path / "asterisk", [])


def test_sources_of_both_kinds_are_read(tmp_path: Path) -> None:
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (tmp_path / "sources.list").write_text("deb http://one.example/debian bookworm main\n")
    (parts / "two.list").write_text("deb http://two.example/debian bookworm main\n")
    (parts / "three.sources").write_text(
        "Types: deb\nURIs: http://three.example/debian\nSuites: bookworm\nComponents: main\n"
    )
    (parts / "four.sources.disabled").write_text("Types: deb\nURIs: http://four.example\nSuites: x\nComponents: main\n")
    assert [source.uri.split("//")[1][:3] for source in machine_sources(tmp_path)] == ["one", "two", "thr"]


@pytest.mark.parametrize("content", [None, "#!/bin/sh\necho Asterisk 16.2.1\n", "#!/bin/sh\nexit 3\n"])
def test_a_named_asterisk_that_does_not_serve_is_an_error(tmp_path: Path, content: str | None) -> None:
    binary = tmp_path / "sbin/asterisk"
    binary.parent.mkdir()
    if content:
        binary.write_text(content)
        binary.chmod(0o755)
        (tmp_path / "lib/asterisk/modules").mkdir(parents=True)
        (tmp_path / "share/asterisk/documentation").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match=str(binary)):
        locate_asterisk(tmp_path / "asterisk", str(binary))


def test_an_incomplete_tree_is_said_to_be_so(tmp_path: Path) -> None:
    program = tmp_path / "asterisk/usr/sbin/asterisk"
    program.parent.mkdir(parents=True)
    program.touch()
    with pytest.raises(ConfigurationError, match="delete it"):
        ensure_asterisk(tmp_path, binary=str(tmp_path / "asterisk"))


def test_two_first_starts_share_one_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both end with the same answer; neither sees the other's half-made tree."""
    monkeypatch.setenv("PATH", str(tmp_path))
    answers: list[BaseException] = []

    def start() -> None:
        try:
            ensure_asterisk(tmp_path / "var", binary="auto")
        except ConfigurationError as failure:
            answers.append(failure)

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(answers) in (0, 2), "0 where the machine has an Asterisk of its own"
