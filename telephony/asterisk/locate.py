"""Find an Asterisk on this machine: its own, or the tree that we fetched.

A fetched tree is an unpacked set of distribution packages. It runs through its own dynamic loader with its own
libraries, so it needs neither root nor chroot and does not care how old the machine's libc is.
"""

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from hotline.errors import ConfigurationError
from telephony.asterisk.installation import OLDEST_MAJOR, AsteriskInstallation, parse_version

_SBIN = ("/usr/sbin", "/usr/local/sbin", "/opt/asterisk/sbin")
_MODULES = ("lib/{triplet}/asterisk/modules", "lib64/asterisk/modules", "lib/asterisk/modules")
_DATA = ("/usr/share/asterisk", "/var/lib/asterisk", "/usr/local/share/asterisk", "/usr/local/var/lib/asterisk")
_LOADERS = {
    "x86_64": ("x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
    "aarch64": ("aarch64-linux-gnu", "ld-linux-aarch64.so.1"),
}
_SECONDS_TO_ANSWER = 20


def machine_triplet() -> tuple[str, str]:
    """Debian's name of this machine's architecture and its loader's file name. Raises ConfigurationError on others."""
    machine = platform.machine()
    if machine not in _LOADERS:
        raise ConfigurationError(
            f"本机架构 {machine} 没有可自动获取的 Asterisk, 请自行安装并在 asterisk.binary 中写明路径",
            f"no Asterisk can be fetched for {machine}; install one (≥ {OLDEST_MAJOR}) and name it in asterisk.binary",
        )
    return _LOADERS[machine]


def inspect_tree(tree: Path) -> AsteriskInstallation:
    """The Asterisk in a fetched tree, checked by running it. Raises ConfigurationError when it does not run."""
    triplet, loader_name = machine_triplet()
    loaders = [
        tree / folder / loader_name
        for folder in (f"usr/lib/{triplet}", f"lib/{triplet}", "usr/lib64", "lib64", "usr/lib", "lib")
    ]
    loader = next((path for path in loaders if path.exists()), None)
    if loader is None:
        raise ConfigurationError(
            f"{tree} 不完整, 请删除后重试", f"{tree} is not a complete tree (no {loader_name}); delete it and try again"
        )
    libraries = ":".join(str(tree / folder) for folder in (f"usr/lib/{triplet}", f"lib/{triplet}"))
    command = (str(loader), "--library-path", libraries, str(tree / "usr/sbin/asterisk"))
    environment = (
        ("GCONV_PATH", str(tree / f"usr/lib/{triplet}/gconv")),
        ("OPENSSL_MODULES", str(tree / f"usr/lib/{triplet}/ossl-modules")),
    )
    installation = AsteriskInstallation(
        command=command,
        modules=tree / f"usr/lib/{triplet}/asterisk/modules",
        data=tree / "usr/share/asterisk",
        version=_ask_version(command),
        fetched=True,
        environment=environment,
    )
    return _require_usable(installation)


def inspect_binary(binary: Path) -> AsteriskInstallation:
    """An Asterisk installed on the machine. Raises ConfigurationError when it is too old or lacks modules."""
    triplet = _LOADERS.get(platform.machine(), ("", ""))[0]
    prefix = binary.resolve().parent.parent
    modules = _first_folder(prefix / pattern.format(triplet=triplet) for pattern in _MODULES)
    data = _first_folder(Path(folder) / "documentation" for folder in (str(prefix / "share/asterisk"), *_DATA))
    if modules is None or data is None:
        raise ConfigurationError(
            f"{binary} 的模块或数据目录找不到", f"the modules or data of {binary} are not where they usually are"
        )
    command = (str(binary),)
    return _require_usable(
        AsteriskInstallation(
            command=command, modules=modules, data=data.parent, version=_ask_version(command), fetched=False
        )
    )


def locate_asterisk(tree: Path, binary: str = "auto") -> AsteriskInstallation | None:
    """The Asterisk to use, None when one must be fetched into ``tree``.

    ``binary``: ``auto``, the path of an asterisk program, or the folder of a tree fetched elsewhere. A named one that
    does not serve raises ConfigurationError; with ``auto``, unfit ones on the machine are passed over.
    """
    if binary != "auto":
        return _inspect_named(Path(binary))
    for candidate in _candidates():
        try:
            return inspect_binary(candidate)
        except ConfigurationError:
            continue
    return inspect_tree(tree) if (tree / "usr/sbin/asterisk").exists() else None


def _inspect_named(path: Path) -> AsteriskInstallation:
    if (path / "usr/sbin/asterisk").exists():
        return inspect_tree(path)
    if path.is_file() and os.access(path, os.X_OK):
        return inspect_binary(path)
    raise ConfigurationError(
        f"asterisk.binary: {path} 不是可执行的 Asterisk", f"asterisk.binary: {path} is no Asterisk that can be run"
    )


def _candidates() -> Iterator[Path]:
    on_path = shutil.which("asterisk")
    if on_path:
        yield Path(on_path)
    for folder in _SBIN:
        path = Path(folder) / "asterisk"
        if str(path) != on_path and os.access(path, os.X_OK):
            yield path


def _first_folder(folders: Iterator[Path]) -> Path | None:
    return next((folder for folder in folders if folder.is_dir()), None)


def _ask_version(command: tuple[str, ...]) -> tuple[int, int, int]:
    try:
        answer = subprocess.run(
            [*command, "-V"], capture_output=True, text=True, timeout=_SECONDS_TO_ANSWER, check=True
        )
    except (OSError, subprocess.SubprocessError) as failure:
        raise ConfigurationError(
            f"{command[-1]} 无法运行: {failure}", f"{command[-1]} does not run: {failure}"
        ) from failure
    return parse_version(answer.stdout)


def _require_usable(installation: AsteriskInstallation) -> AsteriskInstallation:
    name, version = installation.command[-1], ".".join(map(str, installation.version))
    if installation.version[0] < OLDEST_MAJOR:
        raise ConfigurationError(
            f"{name} 版本为 {version}, 需要 {OLDEST_MAJOR} 或更高",
            f"{name} is Asterisk {version}; {OLDEST_MAJOR} or newer is needed",
        )
    if missing := installation.missing_modules():
        listed = ", ".join(missing)
        raise ConfigurationError(f"{name} 缺少模块: {listed}", f"{name} lacks the modules {listed}")
    return installation
