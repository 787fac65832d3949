"""Names, and where it may installs, the system packages that the tests need and the product does not.

Run by ``make test`` (and by ``make system-packages``): with root or a sudo that asks nothing it calls apt-get;
else it prints the one command to run and ends with 1.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NEEDED = {
    "chromium": "chromium",
    "sipp": "sip-tester",
    "espeak-ng": "espeak-ng",
    "ffmpeg": "ffmpeg",
    "initdb": "postgresql",
}
"""The program that must be found, and the Debian package that brings it."""

QUIETLY = {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
"""No questions, and no service is started: the tests run a PostgreSQL of their own."""


def find(program: str) -> str | None:
    """Where a program is: on the path, or where Debian hides PostgreSQL's, the newest version first."""
    hidden = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=_version, reverse=True)
    return str(hidden[0]) if hidden else shutil.which(program)


def _version(path: Path) -> float:
    try:
        return float(path.parts[-3])
    except ValueError:
        return 0.0


def missing(needed: dict[str, str]) -> list[str]:
    """The packages whose programs are not on this machine."""
    return [package for program, package in needed.items() if find(program) is None]


def rights() -> list[str] | None:
    """What to put before apt-get: nothing for root, sudo where it asks for no password, None where neither is so."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return ["sudo", "-n", "env"]
    return None


def main(needed: dict[str, str]) -> int:
    """0 when everything is there at the end."""
    packages = missing(needed)
    if not packages:
        return 0
    by_hand = f"sudo apt-get update && sudo apt-get install --no-install-recommends {' '.join(packages)}"
    before = rights() if shutil.which("apt-get") else None
    if before is None:
        print(f"missing for the tests: {', '.join(packages)}\ninstall them with:\n  {by_hand}", file=sys.stderr)
        return 1
    print(f"installing for the tests: {', '.join(packages)} …", flush=True)
    quiet = [*before, *(f"{name}={value}" for name, value in QUIETLY.items())] if before else []
    environment = dict(os.environ) | QUIETLY
    for words in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", *packages]):
        code = subprocess.run([*quiet, "apt-get", *words], env=environment, check=False).returncode
        if code:
            print(f"apt-get {words[0]} ended with {code}; try it by hand:\n  {by_hand}", file=sys.stderr)
            return 1
    return 1 if missing(needed) else 0


if __name__ == "__main__":
    sys.exit(main(NEEDED))
