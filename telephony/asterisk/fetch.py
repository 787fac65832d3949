"""Fetch an Asterisk where the machine has none: distribution packages, unpacked into a folder, nothing installed.

apt does the choosing, the verifying and the downloading, with the machine's own proxies, certificates and mirror but
with a state of its own, so no root is needed and nothing on the machine changes. Interrupted, it goes on where it was:
downloads stay, and the tree gets its name only when it is complete and has run.
"""

import fcntl
import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hotline.errors import ConfigurationError
from telephony.asterisk.apt_sources import Source, main_archives, read_classic, read_deb822, write_deb822
from telephony.asterisk.installation import AsteriskInstallation
from telephony.asterisk.locate import inspect_tree, locate_asterisk, machine_triplet
from telephony.asterisk.progress import ShowProgress, show_nothing

_PACKAGES = ("asterisk", "asterisk-moh-opsound-wav")
_BYTES_NEEDED = 450_000_000
_DOWNLOAD_STATUS = re.compile(r"dlstatus:[^:]*:(?P<percent>[0-9.]+):")
_APT_CONFIGURATION = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
Dir::State "{folder}/state";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Etc::sourcelist "{folder}/asterisk.sources";
Dir::Etc::sourceparts "{folder}/none";
Dir::Etc::preferences "{folder}/none/preferences";
Dir::Etc::preferencesparts "{folder}/none";
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Sandbox::User "root";
APT::Get::List-Cleanup "false";
APT::Keep-Downloaded-Packages "true";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
Debug::NoLocking "true";
"""


def ensure_asterisk(
    folder: Path, progress: ShowProgress = show_nothing, *, binary: str = "auto"
) -> AsteriskInstallation:
    """The machine's Asterisk, or ours in ``folder/asterisk``, fetched now if need be (about 20 s, 300 MB). Blocking.

    ``folder`` and ``binary`` are ``storage.folder`` and ``asterisk.binary`` of the settings. Raises ConfigurationError
    with the next step when there is none and none can be fetched.
    """
    tree = (folder / "asterisk").resolve()
    if found := locate_asterisk(tree, binary):
        return found
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / "asterisk.lock"):
        return locate_asterisk(tree, binary) or fetch_asterisk(tree, machine_sources(), progress)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Two first starts at once share one download: the second waits and finds the tree."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def fetch_asterisk(tree: Path, sources: list[Source], progress: ShowProgress = show_nothing) -> AsteriskInstallation:
    """Download by the machine's ``sources`` and unpack into ``tree``, which appears only when it is whole and runs."""
    machine_triplet()
    _require_tools_and_space(tree.parent)
    download = tree.with_name("asterisk.download")
    packages = _download(download, sources, progress)
    unpacked = _unpack(packages, tree.parent, progress)
    inspect_tree(unpacked)
    unpacked.rename(tree)
    shutil.rmtree(download, ignore_errors=True)
    return inspect_tree(tree)


def _require_tools_and_space(folder: Path) -> None:
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise _give_up(f"本机没有 {tool}", f"this machine has no {tool}")
    if shutil.disk_usage(folder).free < _BYTES_NEEDED:
        raise _give_up(f"{folder} 所在磁盘不足 450 MB", f"less than 450 MB are free under {folder}")


def machine_sources(apt: Path = Path("/etc/apt")) -> list[Source]:
    """Every enabled entry of this machine's apt sources, classic and deb822."""
    classic = [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*.list"))]
    sources = [entry for path in classic if path.is_file() for entry in read_classic(path.read_text(errors="replace"))]
    for path in sorted((apt / "sources.list.d").glob("*.sources")):
        sources.extend(read_deb822(path.read_text(errors="replace")))
    return sources


def _wanted_suites() -> tuple[str, list[str], list[str]]:
    """The machine's codename, and the suites and components in which Asterisk is found for its distribution."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    codename = release.get("VERSION_CODENAME", "")
    if "ubuntu" in (release.get("ID", ""), *release.get("ID_LIKE", "").split()):
        return (
            release.get("UBUNTU_CODENAME", codename),
            [release.get("UBUNTU_CODENAME", codename)],
            ["main", "universe"],
        )
    return codename, ["forky", "sid"], ["main"]  # Debian 12 and 13 carry no Asterisk


def _download(folder: Path, sources: list[Source], progress: ShowProgress) -> list[Path]:
    codename, suites, components = _wanted_suites()
    archives = main_archives(sources, codename)
    if not archives:
        raise _give_up(
            "本机的 apt 软件源里没有发行版主仓库", "the machine's apt sources name no main archive of its distribution"
        )
    _prepare(folder)
    complaints = []
    for source, suite in ((source, suite) for suite in suites for source in archives):
        (folder / "asterisk.sources").write_text(write_deb822(source, suite, components))
        try:
            _run_apt(folder, ["update"], "读取软件目录", "reading the package lists", progress)
            # What an interrupted run left may have been replaced on the mirror since; two versions must not mix.
            _run_apt(folder, ["autoclean"], "整理已下载的文件", "checking earlier downloads", progress)
            install = ["--yes", "--download-only", "install", *_PACKAGES]
            _run_apt(folder, install, "下载 Asterisk", "downloading Asterisk", progress)
        except subprocess.CalledProcessError as failure:
            complaints.append(f"[{suite}] {failure.output}")
            continue
        return sorted((folder / "cache/archives").glob("*.deb"))
    raise _give_up(
        "无法从本机的软件源下载 Asterisk", "no Asterisk came from the machine's mirror:\n" + "\n".join(complaints)
    )


def _prepare(folder: Path) -> None:
    for name in ("state/lists/partial", "cache/archives/partial", "none"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    if '"' in str(folder):
        raise _give_up("storage.folder 的路径含有引号", "there is a quotation mark in the path of storage.folder")
    (folder / "apt.conf").write_text(_APT_CONFIGURATION.format(folder=folder))


def _run_apt(folder: Path, arguments: list[str], zh: str, en: str, progress: ShowProgress) -> None:
    """One apt-get with our state. Raises CalledProcessError whose output is apt's last complaints."""
    progress(zh, en, 0.0)
    reading, writing = os.pipe()
    command = ["apt-get", "-c", str(folder / "apt.conf"), "-q", "-o", f"APT::Status-Fd={writing}", *arguments]
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    with tempfile.TemporaryFile("w+", errors="replace") as output, os.fdopen(reading) as status:
        try:
            apt = subprocess.Popen(
                command, pass_fds=(writing,), stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment
            )
        finally:
            os.close(writing)
        for line in status:
            if found := _DOWNLOAD_STATUS.match(line):
                progress(zh, en, float(found["percent"]) / 100)
        code = apt.wait()
        output.seek(0)
        said = output.read().splitlines()
    # A mirror that has not the suite is only a warning to "update"; then the install finds no package.
    if code != 0 or (arguments == ["update"] and any(line.startswith(("E:", "Err:")) for line in said)):
        complaints = [line for line in said if line.startswith(("E:", "W:", "Err:"))] or said[-3:]
        raise subprocess.CalledProcessError(code or 100, "apt-get", output="\n".join(complaints[-6:]))
    progress(zh, en, 1.0)


def _unpack(packages: list[Path], parent: Path, progress: ShowProgress) -> Path:
    unpacked = parent / "asterisk.unpacking"
    shutil.rmtree(unpacked, ignore_errors=True)  # of a run that was interrupted; we hold the lock
    unpacked.mkdir()
    for index, package in enumerate(packages):
        progress("解包", "unpacking", index / len(packages))
        subprocess.run(["dpkg-deb", "-x", str(package), str(unpacked)], check=True, capture_output=True)
    progress("解包", "unpacking", 1.0)
    return unpacked


def _give_up(zh: str, en: str) -> ConfigurationError:
    return ConfigurationError(
        f"{zh}。下一步: 用系统的软件包安装 Asterisk ≥ 18 (含 PJSIP), 或在 config.yaml 的 asterisk.binary 写明其路径",
        f"{en}. Next step: install Asterisk ≥ 18 with PJSIP by the system's packages,"
        " or name one in asterisk.binary of config.yaml",
    )
