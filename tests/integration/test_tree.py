"""The tree as others see it: nothing of one machine, no registry's host, nothing of third parties, nothing dead."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

MACHINE_PATH = re.compile(r"(?<![\w.<{$\])/-])/(?:root|work|home/[a-z]\w*|Users/\w+)(?:/|\b)")
"""A place that exists on somebody's machine only."""
REGISTRY = re.compile(
    r"(?:pypi|npmjs|pythonhosted|npmmirror|yarnpkg|huaweicloud|aliyun|tsinghua|ustc)\.(?:org|com|cn|edu)", re.I
)
"""A host of a package registry or a mirror."""
MIRROR = re.compile(r"https?://(?:deb|ftp|mirrors?|archive|security)\.(?![\w.-]*\bexample\b)[\w.-]+", re.I)
VENDORED = re.compile(
    r"(?:^|/)(?:node_modules|vendor|third_party|site-packages)/|\.min\.(?:js|css)$|\.(?:whl|jar|so|dll|exe)$"
)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def tracked() -> list[Path]:
    """What git keeps and the disk still has."""
    result = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode:
        pytest.skip("not a git clone")
    return [path for name in result.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def text_of(path: Path) -> str:
    """The file's text; empty for what is no text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def found(pattern: re.Pattern[str], *, but: frozenset[str] = frozenset()) -> list[str]:
    """Every line of the tree in which the pattern is."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in tracked()
        if path != Path(__file__) and str(path.relative_to(ROOT)) not in but
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_path_of_one_machine() -> None:
    assert found(MACHINE_PATH, but=frozenset({"requirements.lock"})) == []


def test_no_host_of_a_registry_or_mirror() -> None:
    assert found(REGISTRY) + found(MIRROR) == []


def test_nothing_third_party_is_committed() -> None:
    assert [str(path) for path in tracked() if VENDORED.search(str(path.relative_to(ROOT)))] == []


def test_nothing_is_big() -> None:
    assert [str(path) for path in tracked() if path.stat().st_size > 6_000_000] == []


def test_every_link_between_documents_leads_somewhere() -> None:
    documents = [path for path in tracked() if path.suffix == ".md"]
    dead = [
        f"{path.relative_to(ROOT)} → {target}"
        for path in documents
        for target in LINK.findall(text_of(path))
        if not (path.parent / target).exists()
    ]
    assert dead == []


def test_every_make_target_named_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for path in tracked():
        if path.suffix == ".md":
            for named in re.findall(r"`make ([a-z-]+)", text_of(path)):
                assert named in targets, f"{path.name}: make {named}"
