"""Which mirror the machine uses, read from its own apt sources."""

from telephony.asterisk.apt_sources import Source, main_archives, read_classic, read_deb822, write_deb822

CLASSIC = """\
# deb http://commented.example/debian bookworm main
deb http://mirror.example/debian bookworm main contrib # ours
deb-src http://mirror.example/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/k.gpg trusted=yes] https://two.example/debian/ bookworm main
deb http://mirror.example/debian-security bookworm-security main
deb https://extras.example/apt stable docker
deb cdrom:[Debian]/ bookworm main
nonsense
"""

DEB822 = """\
Types: deb deb-src
# a comment
URIs: http://mirror.example/debian http://second.example/debian
Suites: trixie trixie-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
Enabled: no
URIs: http://off.example/debian
Suites: trixie
Components: main

Types: deb
URIs: http://key.example/debian
Suites: trixie
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abcd
 -----END PGP PUBLIC KEY BLOCK-----
"""


def test_classic_entries() -> None:
    sources = list(read_classic(CLASSIC))
    assert sources[0] == Source("http://mirror.example/debian", ("bookworm",), ("main", "contrib"))
    assert sources[1] == Source(
        "https://two.example/debian/", ("bookworm",), ("main",), "/usr/share/keyrings/k.gpg", trusted=True
    )
    assert "commented" not in str(sources)


def test_deb822_entries() -> None:
    sources = list(read_deb822(DEB822))
    assert [source.uri for source in sources] == [
        "http://mirror.example/debian",
        "http://second.example/debian",
        "http://key.example/debian",
    ]
    assert sources[0].suites == ("trixie", "trixie-updates")
    assert "abcd" in sources[2].signed_by


def test_the_distribution_s_own_archives_come_first_and_once() -> None:
    found = main_archives([*read_classic(CLASSIC), *read_deb822(DEB822)], "bookworm")
    assert [source.uri for source in found] == ["http://mirror.example/debian", "https://two.example/debian/"]


def test_a_machine_on_testing_is_understood() -> None:
    source = Source("http://mirror.example/debian", ("testing",), ("main",))
    assert main_archives([source], "forky") == [source]


def test_an_inline_key_survives_the_way() -> None:
    source = list(read_deb822(DEB822))[2]
    text = write_deb822(source, "forky", ["main"])
    assert next(iter(read_deb822(text))).signed_by == source.signed_by
    assert "Suites: forky\n" in text


def test_trust_given_by_the_owner_is_kept() -> None:
    assert "Trusted: yes\n" in write_deb822(list(read_classic(CLASSIC))[1], "forky", ["main"])
