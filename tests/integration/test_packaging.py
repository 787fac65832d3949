"""The package as others get it: built through the sdist, complete, and its script runs from anywhere."""

import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"][
    "packages"
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel made from it; the build back end is the locked one."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


def names_in_wheel(built: Path) -> set[str]:
    """Every file in the wheel."""
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_every_package_of_the_tree_is_named() -> None:
    there = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"bench", "tests"}
    assert set(PACKAGES) == there


def test_the_wheel_holds_every_source_and_data_file(built: Path) -> None:
    names = names_in_wheel(built)
    tracked = subprocess.run(["git", "ls-files", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode:
        pytest.skip("not a git clone")
    wanted = {
        name
        for name in tracked.stdout.splitlines()
        if not name.startswith(("agent_desk/web/", "asr/recipe/")) and (ROOT / name).is_file()
    }
    assert wanted - names == set()
    if (ROOT / "agent_desk/static/index.html").is_file():
        assert "agent_desk/static/index.html" in names


def test_nothing_else_slips_in(built: Path) -> None:
    tops = {name.split("/")[0] for name in names_in_wheel(built)}
    assert {top for top in tops if not top.endswith(".dist-info")} <= set(PACKAGES)
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        inside = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert not [name for name in inside if name.startswith(("var/", ".venv/", "tests/")) or "node_modules" in name]


def test_the_installed_script_runs_from_the_root_folder(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    target = tmp_path / "installed"
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(target),
        str(wheel),
    ]
    installed = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert installed.returncode == 0, installed.stderr
    environment = {"PATH": os.defpath, "PYTHONPATH": str(target), "LANG": "C.UTF-8"}
    told = subprocess.run(
        [sys.executable, str(target / "bin" / "hotline"), "--help"],
        cwd="/",
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert "12345" in told.stdout
    where = [sys.executable, "-c", "import hotline; print(hotline.__file__)"]
    file = subprocess.run(where, cwd="/", env=environment, capture_output=True, text=True, check=True).stdout
    assert Path(file.strip()).is_relative_to(target)
