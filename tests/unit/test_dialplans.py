"""The rendered configuration: deterministic, safe, and closed where it must be."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from dialplans import Gateway, Line, Ports, SeatLogin, SwitchPlan, render_files
from hotline.errors import ConfigurationError

PLAN = SwitchPlan(
    host="127.0.0.1",
    ports=Ports(sip=5060, http=8088, ami=5038, agi=4573, rtp_first=10000, rtp_last=12000),
    trunk=Gateway(host="10.1.2.3", port=5090),
    lines=(Line(number="12345"), Line(number="05391234567")),
    seats=(SeatLogin(id="1001", password="secret-one"), SeatLogin(id="1002", password="secret-two")),
    ami_password="secret-ami",
    fallback_after_seconds=5,
    phone_silence_seconds=7,
    browser_silence_seconds=11,
    parking_seconds=180,
    modules=("chan_pjsip", "pbx_config"),
    modules_folder=Path("/opt/asterisk/modules"),
    etc=Path("/srv/热线 12345/etc"),
    data=Path("/srv/share"),
    spool=Path("/srv/spool"),
    run=Path("/srv/run"),
    log=Path("/srv/log"),
    database=Path("/srv/lib"),
    music=Path("/srv/music"),
)


def test_the_same_plan_gives_the_same_bytes() -> None:
    assert render_files(PLAN) == render_files(replace(PLAN))


def test_every_line_leads_to_the_citizens_way() -> None:
    extensions = render_files(PLAN)["extensions.conf"]
    for number in ("12345", "05391234567"):
        assert f"exten => {number},1,Goto(citizen,s,1)" in extensions


def test_no_pattern_that_takes_line_breaks() -> None:
    patterns = re.findall(r"^exten => (_\S*?),", render_files(PLAN)["extensions.conf"], re.MULTILINE)
    assert not [pattern for pattern in patterns if "." in pattern or "!" in pattern]


def test_no_sip_caller_s_own_words_become_his_caller_id() -> None:
    """Endpoint templates and the trunk all carry a caller id of ours; see tests/system/test_asterisk_forgery.py."""
    sections = re.split(r"^\[", render_files(PLAN)["pjsip.conf"], flags=re.MULTILINE)
    callers = [s for s in sections if "type = endpoint" in s and "](!)" not in s]
    callers += [s for s in sections if re.match(r"\S+\]\((browser|phone)\)", s)]
    assert len(callers) == 1 + 2 * len(PLAN.seats)
    assert all(re.search(r'^callerid = "" <', section, re.MULTILINE) for section in callers)


def test_ami_is_loopback_and_has_no_more_rights_than_needed() -> None:
    manager = render_files(PLAN)["manager.conf"]
    assert "bindaddr = 127.0.0.1" in manager
    rights = set(re.findall(r"^(?:read|write) = (.*)$", manager, re.MULTILINE)[1].split(","))
    assert not rights & {"command", "config", "dialplan", "log", "aoc", "all"}


def test_an_ipv6_address_gets_its_brackets() -> None:
    assert "bind = [::1]:5060" in render_files(replace(PLAN, host="::1"))["pjsip.conf"]


@pytest.mark.parametrize(
    "bad",
    [
        replace(PLAN, ami_password="short"),
        replace(PLAN, ami_password="secret\nwrite = all"),
        replace(PLAN, ami_password="secret;comment"),
        replace(PLAN, lines=(Line(number="_X."),)),
        replace(PLAN, seats=(SeatLogin(id="1001](x", password="secret-one"),)),
        replace(PLAN, seats=(SeatLogin(id="1001", password="${SHELL(id)}"),)),
        replace(PLAN, trunk=Gateway(host="evil\nhost", port=1)),
        replace(PLAN, spool=Path("/srv/a,b")),
        replace(PLAN, spool=Path("relative")),
        replace(PLAN, spool=Path("/srv/a;b")),
        replace(PLAN, modules=("../evil",)),
    ],
)
def test_values_that_would_change_a_file_s_meaning_are_refused(bad: SwitchPlan) -> None:
    with pytest.raises(ConfigurationError):
        render_files(bad)


def test_a_bad_password_is_not_shown() -> None:
    with pytest.raises(ConfigurationError) as failure:
        render_files(replace(PLAN, ami_password="pass\nword-of-ours"))
    assert "word-of-ours" not in str(failure.value)


def test_a_seat_that_leaves_a_bridge_finds_the_next_step() -> None:
    """Moved from bridge to bridge, a leg goes on one step further than behind where it stood; else it is hung up."""
    section = re.split(r"^\[", render_files(PLAN)["extensions.conf"], flags=re.MULTILINE)
    (loop,) = [part for part in section if part.startswith("seat-loop]")]
    steps = [line.split(",", 2 if line.startswith("exten") else 1)[-1] for line in loop.splitlines() if "=>" in line]
    places = [n for n, step in enumerate(steps) if re.match(r"(Wait|Bridge|BridgeAdd|ChanSpy|Echo)\(", step)]
    assert len(places) >= 6
    for place in places:
        assert steps[place + 1] == steps[place + 2], steps[place]
