"""Read the machine's own apt sources, to learn which mirror of its distribution it uses. Pure: text in, entries out.

No mirror's name stands in this project: the machine already knows one that it can reach and trusts.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_CLASSIC = re.compile(r"^deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<components>[^#]+)")
_FETCHABLE = ("http://", "https://", "file:", "copy:", "mirror+", "ftp://", "tor+")


@dataclass(frozen=True, slots=True)
class Source:
    """One archive that the machine installs packages from."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""
    """Path of the keyring (or the key itself) that signs it; empty: apt's default."""
    trusted: bool = False
    """Whether the machine's owner switched the check of signatures off for it."""


def read_classic(text: str) -> Iterator[Source]:
    """Entries of a ``sources.list``."""
    for line in text.splitlines():
        found = _CLASSIC.match(line.strip())
        if found is None:
            continue
        options = dict(option.partition("=")[::2] for option in (found["options"] or "").split())
        yield Source(
            uri=found["uri"],
            suites=(found["suite"],),
            components=tuple(found["components"].split()),
            signed_by=options.get("signed-by", ""),
            trusted=options.get("trusted", "no") == "yes",
        )


def read_deb822(text: str) -> Iterator[Source]:
    """Entries of a ``*.sources`` file."""
    for paragraph in re.split(r"\n\s*\n", text):
        fields = _read_fields(paragraph)
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        for uri in fields.get("uris", "").split():
            yield Source(
                uri=uri,
                suites=tuple(fields.get("suites", "").split()),
                components=tuple(fields.get("components", "").split()),
                signed_by=fields.get("signed-by", ""),
                trusted=fields.get("trusted", "no").lower() in ("yes", "true", "1"),
            )


def main_archives(sources: Iterable[Source], codename: str) -> list[Source]:
    """Those that hold the distribution itself, not its updates or somebody's extras; likeliest first, no doubles."""
    aliases = {codename, "stable", "testing", "oldstable", "sid", "unstable"}
    fitting: dict[str, Source] = {}
    for source in sources:
        if source.uri.startswith(_FETCHABLE) and "main" in source.components and aliases & set(source.suites):
            fitting.setdefault(source.uri.rstrip("/"), source)
    return sorted(fitting.values(), key=lambda source: codename not in source.suites)


def write_deb822(source: Source, suite: str, components: Iterable[str]) -> str:
    """The same archive, another suite, as a ``.sources`` file."""
    lines = ["Types: deb", f"URIs: {source.uri}", f"Suites: {suite}", f"Components: {' '.join(components)}"]
    if source.signed_by:
        lines.append(f"Signed-By: {source.signed_by}")
    if source.trusted:
        lines.append("Trusted: yes")
    return "\n".join(lines) + "\n"


def _read_fields(paragraph: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in paragraph.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if line[0] in " \t" and name:
            fields[name] += "\n" + line.rstrip()
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields
